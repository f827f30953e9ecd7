"""The seam between jobs and whatever starts the containers that they load."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from include.sagemaker_local.deployment import Deployment
from include.sagemaker_local.jobs.outlast import outlast


class Fleets(Protocol):
    """Short-lived fleets: routed like an endpoint's, but in no list of endpoints."""

    async def open(self, region: str, endpoint_name: str, deployment: Deployment) -> None:
        """Start the fleet and route `/endpoints/<endpoint_name>/invocations` to it; return when it answers /ping.

        Raises ArtifactError, ContainerError or HostError when it does not come up; `close` is called then, too.
        """

    async def close(self, region: str, endpoint_name: str) -> None:
        """Take the route away and stop the fleet; return when nothing of it is left.

        A fleet that is half started is ended, and one that was never opened is nothing to complain about.
        """


@asynccontextmanager
async def own_fleet(fleets: Fleets, region: str, name: str, deployment: Deployment) -> AsyncIterator[None]:
    """A job's own fleet for as long as it is needed. Raises as `open` does.

    It is closed whatever happens, and to the end: a container has 30 s to stop, and a job that is stopped meanwhile
    must not leave it half stopped.
    """
    try:
        await fleets.open(region, name, deployment)
        yield
    finally:
        closing = asyncio.create_task(fleets.close(region, name))
        cancelled = await outlast(closing)
        closing.result()
        if cancelled:
            raise asyncio.CancelledError
