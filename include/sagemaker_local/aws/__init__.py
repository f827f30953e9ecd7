"""Everything that is not SageMaker: moto, mounted on the same URL, with an S3 that survives a crash."""
