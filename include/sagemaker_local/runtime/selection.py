"""Which runtime a server has: processes, Docker, or for each image the one that suits it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Protocol

from include.sagemaker_local.deployment import Container
from include.sagemaker_local.errors import ContainerError, HostError
from include.sagemaker_local.objects import ObjectReader
from include.sagemaker_local.runtime.contract import ContainerRuntime, Placement, RunningContainer
from include.sagemaker_local.runtime.docker import engine_has, open_docker
from include.sagemaker_local.runtime.image_map import ImageMap, read_image_map
from include.sagemaker_local.runtime.images import is_framework
from include.sagemaker_local.runtime.kept_environments import environments_in_use
from include.sagemaker_local.runtime.process import ProcessRuntime
from include.sagemaker_local.settings import RuntimeName, Settings

_log = logging.getLogger(__name__)


class Processes(ContainerRuntime, Protocol):
    """The process runtime, as the choice sees it."""

    def check(self, container: Container) -> None:
        """Raises ContainerError when it does not serve the container's image."""

    def mapped(self, container: Container) -> bool:
        """Whether the user has named a command for the container's image."""


class Engine(ContainerRuntime, Protocol):
    """The Docker runtime, as the choice sees it."""

    async def has(self, container: Container) -> bool:
        """Whether the engine has the container's image. Raises HostError when no engine answers."""


class AutoRuntime:
    """Starts each image where it can: a command that the user has mapped, else the real image, else what stands in.

    That is: images.yaml before everything, then Docker when the engine has the image, then the process runtime when it
    serves it. `docker` is None where no engine answered when the server started; `absence` says why.
    """

    def __init__(self, process: Processes, docker: Engine | None, absence: str = "") -> None:
        self._process = process
        self._docker = docker
        self._absence = absence

    async def prepare(self, container: Container, placement: Placement) -> None:
        """As the chosen runtime prepares it. Raises ContainerError for an image that would need the missing engine."""
        await (await self._chosen(container)).prepare(container, placement)

    async def start(self, container: Container, placement: Placement) -> RunningContainer:
        """As the chosen runtime starts it. Raises ContainerError for an image that would need the missing engine."""
        return await (await self._chosen(container)).start(container, placement)

    async def _chosen(self, container: Container) -> ContainerRuntime:
        if self._process.mapped(container):
            return self._process
        if self._docker is not None and await self._docker.has(container):
            return self._docker
        try:
            self._process.check(container)
        except ContainerError as not_served:
            if self._docker is None:
                raise ContainerError(
                    container.name, f"{not_served.reason}; {self._absence}: start Docker, then this server again"
                ) from None
            return self._docker  # which says what to pull
        return self._process


@asynccontextmanager
async def open_runtime(objects: ObjectReader, settings: Settings) -> AsyncIterator[ContainerRuntime]:
    """The runtime that the settings name.

    Raises HostError when it is Docker and no engine answers, and for an images.yaml that cannot be understood.
    """
    process = ProcessRuntime(objects, settings, _image_map(settings))
    async with AsyncExitStack() as opened:
        opened.enter_context(environments_in_use(settings.environments_dir))
        if settings.runtime is RuntimeName.PROCESS:
            yield process
            return
        try:
            docker = await opened.enter_async_context(open_docker(objects, settings))
        except HostError as error:
            if settings.runtime is RuntimeName.DOCKER:
                raise HostError(
                    f"{error}; start Docker, name its socket with --docker-socket, or --runtime process"
                ) from error
            _log.info("%s; only images that run as processes are served", error)
            yield AutoRuntime(process, None, str(error))
            return
        yield docker if settings.runtime is RuntimeName.DOCKER else AutoRuntime(process, docker)


def runs_here(settings: Settings) -> Callable[[str], bool]:
    """Whether a container of an image could be started, asked without starting one; may block for as long as an engine.

    Raises HostError for an images.yaml that cannot be understood.
    """
    mapped = _image_map(settings)

    def runs(image: str) -> bool:
        if settings.runtime is not RuntimeName.PROCESS and asyncio.run(engine_has(settings.docker_socket, image)):
            return True
        return settings.runtime is not RuntimeName.DOCKER and (mapped.find(image) is not None or is_framework(image))

    return runs


def _image_map(settings: Settings) -> ImageMap:
    """The file that the settings name; else the data directory's, if there is one."""
    if settings.images_file is not None:
        return read_image_map(settings.images_file)
    usual = settings.data_dir / "images.yaml"
    return read_image_map(usual) if usual.exists() else ImageMap()
