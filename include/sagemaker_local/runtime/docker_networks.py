"""One network for each instance: its containers find each other by ContainerHostname, and no others."""

from __future__ import annotations

import asyncio
from collections import defaultdict

from include.sagemaker_local.errors import HostError
from include.sagemaker_local.runtime.docker_engine import DockerEngine, EngineRefused
from include.sagemaker_local.runtime.docker_requests import Ownership

_EXISTS, _MISSING = 409, 404


class InstanceNetworks:
    """Makes an instance's network with its first container and removes it with its last."""

    def __init__(self, engine: DockerEngine, owner: Ownership) -> None:
        self._engine = engine
        self._owner = owner
        self._members: defaultdict[str, int] = defaultdict(int)
        self._one_at_a_time = asyncio.Lock()  # two first containers would both make it

    async def join(self, instance_id: str) -> None:
        """Count one more container, and have the network. Raises HostError."""
        async with self._one_at_a_time:
            if self._members[instance_id] == 0:
                await self._make(self._owner.network(instance_id))
            self._members[instance_id] += 1

    async def leave(self, instance_id: str) -> None:
        """Count one container less. Raises HostError when the network was the engine's to remove and is not gone."""
        async with self._one_at_a_time:
            self._members[instance_id] -= 1
            if self._members[instance_id] > 0:
                return
            del self._members[instance_id]
            await remove_network(self._engine, self._owner.network(instance_id))

    async def _make(self, name: str) -> None:
        body = {"Name": name, "Driver": "bridge", "CheckDuplicate": True, "Labels": self._owner.labels()}
        try:
            await self._engine.call("POST", "/networks/create", body=body)
        except EngineRefused as refusal:
            if refusal.status == _EXISTS:
                return  # it could not be removed when its last container went, and serves as well as a new one
            raise HostError(
                f"Docker made no network for an instance: {refusal.message}; every instance has one of its own, so "
                "delete endpoints that are not needed, or give the engine more addresses (default-address-pools)"
            ) from refusal


async def remove_network(engine: DockerEngine, name: str) -> None:
    """Remove a network, by name or id; one that is gone already is fine. Raises HostError."""
    try:
        await engine.call("DELETE", f"/networks/{name}")
    except EngineRefused as refusal:
        if refusal.status != _MISSING:
            raise
