"""Containers on a Docker engine of this machine: any image that follows SageMaker's hosting contract.

Images are not pulled: that takes the user's credentials and minutes, and `docker pull` has both.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import socket as sockets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from include.sagemaker_local.deployment import Container
from include.sagemaker_local.errors import ContainerError, HostError
from include.sagemaker_local.objects import ObjectReader
from include.sagemaker_local.runtime.contract import Placement
from include.sagemaker_local.runtime.docker_container import RunningDockerContainer
from include.sagemaker_local.runtime.docker_engine import DockerEngine, EngineRefused
from include.sagemaker_local.runtime.docker_leftovers import remove_container, remove_labelled
from include.sagemaker_local.runtime.docker_networks import InstanceNetworks
from include.sagemaker_local.runtime.docker_requests import (
    DATA_DIR_LABEL,
    PUBLISHED_ON,
    Ownership,
    check_image,
    container_body,
    data_dir_identity,
    published_port,
)
from include.sagemaker_local.runtime.docker_watchdog import Watchdog
from include.sagemaker_local.runtime.model_directory import unpack_model
from include.sagemaker_local.settings import Settings

_log = logging.getLogger(__name__)

_IMAGE_CHARS = "/:@"  # of a reference: registry/repository:tag@digest
_REMOVAL_ATTEMPTS, _REMOVAL_PAUSE_S = 20, 0.5  # removing a container takes tenths of a second, on a busy disk seconds
_NO_PORT = 0  # of a container that ended before it was asked for; nobody can connect to that


class DockerRuntime:
    """Starts containers on the engine. Made by `open_docker`."""

    def __init__(self, engine: DockerEngine, objects: ObjectReader, owner: Ownership, engine_cpus: int) -> None:
        self._engine = engine
        self._objects = objects
        self._owner = owner
        self._engine_cpus = engine_cpus
        self._networks = InstanceNetworks(engine, owner)
        self._owed: set[str] = set()  # containers that could not be removed because the engine was away

    async def prepare(self, container: Container, placement: Placement) -> None:
        """Nothing: images are not pulled."""

    async def start(self, container: Container, placement: Placement) -> RunningDockerContainer:
        """Unpack the model below `placement.directory` and start the container; it is not ready yet.

        Raises ArtifactError for a bad artifact, ContainerError for an image that is not there, lacks the label or does
        not start, and HostError when no engine answers or it has no addresses left.
        """
        await self._pay_debts()
        image = await self._image(container)
        if image is None:
            raise ContainerError(
                container.name,
                f"uses the image {container.image!r}, which the Docker engine at {self._engine.socket} does not have; "
                f"pull or build it first (docker pull {container.image})",
            )
        check_image(container, placement, image)
        base = await asyncio.to_thread(unpack_model, self._objects, container, placement)
        model = base / "model" if container.model_data_url is not None else None
        await self._networks.join(placement.instance_id)
        try:
            return await self._run(container, placement, model)
        except BaseException:
            await self._forget(self._owner.container(placement.instance_id, container.name), placement.instance_id)
            raise

    async def has(self, container: Container) -> bool:
        """Whether the engine has the container's image. Raises HostError when no engine answers."""
        return await self._image(container) is not None

    async def _image(self, container: Container) -> dict[str, Any] | None:
        """What the engine says of the image; None when it does not have it."""
        return await _look_up(self._engine, container.image)

    async def _run(self, container: Container, placement: Placement, model: Path | None) -> RunningDockerContainer:
        name = self._owner.container(placement.instance_id, container.name)
        body = container_body(container, placement, model, self._owner, self._engine_cpus)
        try:
            await remove_container(self._engine, name)  # of an earlier start that the engine lost
            made = await self._engine.call("POST", "/containers/create", {"name": name}, body)
            await self._engine.call("POST", f"/containers/{made['Id']}/start")
            description = await self._engine.call("GET", f"/containers/{made['Id']}/json")
        except EngineRefused as refusal:
            raise ContainerError(container.name, f"was not started by Docker: {refusal.message}") from refusal

        port = published_port(description, placement)
        if port is None and description["State"]["Running"]:
            raise ContainerError(container.name, "was started by Docker without a port on this machine")

        async def removed(container_id: str) -> None:
            await self._forget(container_id, placement.instance_id)

        address = (PUBLISHED_ON, port or _NO_PORT)
        running = RunningDockerContainer(container.name, address, self._engine, made["Id"], placement.log_file, removed)
        if port is None:
            await running.ended()
        return running

    async def _forget(self, container: str, instance_id: str) -> None:
        """Removes a container and what it was the last to use; what the engine does not do now is owed."""
        try:
            await remove_container(self._engine, container)
        except HostError as error:
            _log.warning("container %s is not removed yet: %s", container, error)
            self._owed.add(container)
        try:
            await self._networks.leave(instance_id)
        except HostError as error:
            _log.warning("the network of %s is not removed yet: %s", instance_id, error)

    async def _pay_debts(self) -> None:
        for container in tuple(self._owed):
            await remove_container(self._engine, container)
            self._owed.discard(container)


async def engine_has(socket: Path, image: str) -> bool:
    """Whether the engine at `socket` has the image; False when no engine answers."""
    try:
        return await _look_up(DockerEngine(socket), image) is not None
    except HostError:
        return False


async def _look_up(engine: DockerEngine, image: str) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = await engine.call("GET", f"/images/{quote(image, safe=_IMAGE_CHARS)}/json")
    except EngineRefused as refusal:
        if refusal.status != 404:
            raise
        return None
    return found


@asynccontextmanager
async def open_docker(objects: ObjectReader, settings: Settings) -> AsyncIterator[DockerRuntime]:
    """The runtime on the engine at `settings.docker_socket`, rid of what an earlier server of this directory left.

    Whatever is left at its end, or at a sudden end of this process, is removed. Raises HostError when there is no
    engine. The caller holds the data directory, so nobody else uses what carries its label.
    """
    engine = DockerEngine(settings.docker_socket)
    owner = Ownership(data_dir_identity(settings.data_dir, sockets.gethostname()), secrets.token_hex(6))
    info = await engine.call("GET", "/info")
    await _remove_leftovers(engine, owner)
    watchdog = await Watchdog.start(engine.socket, owner.run)
    try:
        yield DockerRuntime(engine, objects, owner, int(info["NCPU"]))
    finally:
        await watchdog.close()


async def _remove_leftovers(engine: DockerEngine, owner: Ownership) -> None:
    """The watchdog of a server that has just died may be at the same work, which lets single steps of it fail."""
    for _ in range(_REMOVAL_ATTEMPTS):
        try:
            if count := await remove_labelled(engine, DATA_DIR_LABEL, owner.data_dir):
                _log.warning("removed %d containers and networks that an earlier server left", count)
        except EngineRefused as refusal:
            problem = refusal
            await asyncio.sleep(_REMOVAL_PAUSE_S)
        else:
            return
    raise HostError(f"what an earlier server left on Docker cannot be removed: {problem.message}") from problem
