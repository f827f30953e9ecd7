"""Sample pipelines to train, deploy and copy from."""
