"""The one door to what the local SageMaker remembers."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

from include.sagemaker_local.clock import Clock
from include.sagemaker_local.store.async_requests import AsyncRequests
from include.sagemaker_local.store.database import Database
from include.sagemaker_local.store.endpoint_configs import EndpointConfigs
from include.sagemaker_local.store.endpoints import Endpoints
from include.sagemaker_local.store.model_package_groups import ModelPackageGroups
from include.sagemaker_local.store.model_packages import ModelPackages
from include.sagemaker_local.store.models import Models
from include.sagemaker_local.store.recommendation_jobs import RecommendationJobs
from include.sagemaker_local.store.scaling import Scaling
from include.sagemaker_local.store.tags import Tags
from include.sagemaker_local.store.transform_jobs import TransformJobs


class Store(
    ModelPackageGroups,
    ModelPackages,
    Models,
    EndpointConfigs,
    Endpoints,
    AsyncRequests,
    RecommendationJobs,
    TransformJobs,
    Scaling,
    Tags,
):
    """All resources of all regions, in one SQLite file.

    Use it from the thread that opened it. A call that returned has been written; it outlives `kill -9`.
    Raises HostError when the file cannot be used and sqlite3.IntegrityError for a record that contradicts another.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._database = Database(path)
        self._clock = clock

    def close(self) -> None:
        """Close the file. Nothing has to be flushed first."""
        self._database.close()

    def reset(self) -> None:
        """Empty everything."""
        self._database.empty()

    def transaction(self) -> AbstractContextManager[None]:
        """Make the writes inside one: all of them or none. Never wait inside."""
        return self._database.transaction()
