"""SageMaker's operations, one file a resource."""
