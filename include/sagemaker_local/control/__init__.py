"""SageMaker's control plane: one function an operation, and the table that finds it."""
