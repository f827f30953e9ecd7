"""boto3, service by service: what `SluiceHook` is made of."""
