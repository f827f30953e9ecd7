"""SageMaker's state in SQLite: one schema file, one writer, frozen records in and out."""

from include.sagemaker_local.store.store import Store
from include.sagemaker_local.store.unchanged import UNCHANGED, Unchanged

__all__ = ["UNCHANGED", "Store", "Unchanged"]
