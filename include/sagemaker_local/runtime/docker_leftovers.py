"""Removes the containers and networks that carry a label, whatever state they are in."""

from __future__ import annotations

import json
from typing import Any

from include.sagemaker_local.runtime.docker_engine import DockerEngine, EngineRefused
from include.sagemaker_local.runtime.docker_networks import remove_network

# Gone already, or somebody else is removing it at this moment.
_GONE = (404, 409)


async def remove_labelled(engine: DockerEngine, label: str, value: str) -> int:
    """Kills and removes containers, then networks, that carry `label` = `value`. Returns how many there were.

    Raises HostError.
    """
    filters = json.dumps({"label": [f"{label}={value}"]})
    containers: list[dict[str, Any]] = await engine.call("GET", "/containers/json", {"all": "1", "filters": filters})
    for container in containers:
        await remove_container(engine, container["Id"])
    networks: list[dict[str, Any]] = await engine.call("GET", "/networks", {"filters": filters})
    for network in networks:
        await remove_network(engine, network["Id"])
    return len(containers) + len(networks)


async def remove_container(engine: DockerEngine, container: str) -> None:
    """Kills a container, by name or id, and removes it with its anonymous volumes. Raises HostError."""
    try:
        await engine.call("DELETE", f"/containers/{container}", {"force": "1", "v": "1"})
    except EngineRefused as refusal:
        if refusal.status not in _GONE:
            raise
