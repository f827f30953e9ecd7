"""The seam between jobs and whatever starts the containers that they load."""

from __future__ import annotations

from typing import Protocol

from include.sagemaker_local.deployment import Deployment


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
