"""Containers as processes of this machine: one process group for each, on a loopback port of its own.

What AWS gives a container and a process does not have: a file system of its own (the model lies at
`$SAGEMAKER_BASE_DIR/model`, not at /opt/ml/model).
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from include.sagemaker_local.deployment import Container
from include.sagemaker_local.errors import ContainerError, HostError
from include.sagemaker_local.objects import ObjectReader
from include.sagemaker_local.runtime.contract import Placement
from include.sagemaker_local.runtime.environment import IMAGE_PATH, Site, container_environment
from include.sagemaker_local.runtime.environments import Environment, Environments, PipFailed
from include.sagemaker_local.runtime.image_environments import provide_environment
from include.sagemaker_local.runtime.image_map import ImageMap, MappedImage
from include.sagemaker_local.runtime.images import FrameworkImage, framework_image
from include.sagemaker_local.runtime.model_directory import SUBMIT_DIRECTORY, code_directory, unpack_model
from include.sagemaker_local.runtime.running import RunningProcess
from include.sagemaker_local.settings import MEBIBYTE, Settings

_log = logging.getLogger(__name__)

_PROJECT_ROOT = Path(__file__).resolve().parents[3]
_SERVING = "include.sagemaker_local.serving"
# The command's PYTHONPATH is its own business, so this project is not on it.
_CONFINED_COMMAND = (
    f"import sys; sys.path.insert(0, {str(_PROJECT_ROOT)!r}); from {_SERVING}.command import main; sys.exit(main())"
)
_HOST = "127.0.0.1"  # containers are reached through the server only, whatever address that one listens on
# Connections wait here while the libraries are imported and when all workers are busy; gunicorn's default.
_BACKLOG = 2048
# Second ports lie below the range from which systems hand out ports by themselves (32768 on Linux, 49152 on macOS).
_SAFE_PORTS_FROM = 20_000
_SAFE_PORTS_EACH = 10
_SAFE_PORT_RANGES = 1_200
_GIBIBYTE = 1024**3
# The most that a transform job's MaxPayloadInMB can be. AWS's framework containers themselves take bodies of any size.
_MAX_BATCH_BODY_BYTES = 100 * MEBIBYTE


@dataclass(frozen=True, slots=True)
class _Program:
    """What a container runs. A `command` is confined by `arguments`; what serves a framework confines itself."""

    arguments: list[str]
    search_path: str
    listener: socket.socket
    directory: Path
    environment: Mapping[str, str]
    command: tuple[str, ...] = ()
    project_root: Path | None = None


class ProcessRuntime:
    """Starts containers as processes: those of AWS's framework images, and what `images` has a command for.

    `start` has to be called on the server's main thread: on Linux a container ends with the thread that started it.
    """

    def __init__(self, objects: ObjectReader, settings: Settings, images: ImageMap | None = None) -> None:
        self._objects = objects
        self._images = images or ImageMap()
        self._max_body_bytes = settings.max_invoke_body_bytes
        self._environments = Environments(settings.environments_dir)
        self._safe_ranges = itertools.cycle(range(_SAFE_PORT_RANGES))

    async def prepare(self, container: Container, placement: Placement) -> None:
        """Unpack the model below `placement.directory`, and make the container's environment unless it is there.

        Raises ArtifactError for a bad artifact, ContainerError for an image or requirements that cannot be served, and
        HostError when this machine has no room left.
        """
        mapped = self._images.find(container.image)
        image = None if mapped else framework_image(container.image, container=container.name)
        await self._unpacked(container, placement)
        if mapped is not None:
            await self._environment_of_command(mapped, container, placement)
        elif image is not None:
            await self._environment_of_image(image, container, placement)

    async def start(self, container: Container, placement: Placement) -> RunningProcess:
        """Start a container that was prepared; it is not ready yet.

        Raises ContainerError for a setting that cannot be served, and HostError when this machine has no port or
        process left.
        """
        mapped = self._images.find(container.image)
        if mapped is not None:
            program = _command(mapped, container, await self._environment_of_command(mapped, container, placement))
        else:
            image = framework_image(container.image, container=container.name)
            environment = await self._environment_of_image(image, container, placement)
            program = self._serving(image, environment, container, placement)
        return await self._spawn(container, placement, program)

    def check(self, container: Container) -> None:
        """Raises ContainerError, saying what would help, when this runtime has nothing for the container's image."""
        if not self.mapped(container):
            framework_image(container.image, container=container.name)

    def mapped(self, container: Container) -> bool:
        """Whether `images` has a command for the container's image."""
        return self._images.find(container.image) is not None

    async def _unpacked(self, container: Container, placement: Placement) -> None:
        """Unpacks the model. A thread cannot be told to stop: who gives up waits until nothing is written any more."""
        unpacking = asyncio.ensure_future(asyncio.to_thread(unpack_model, self._objects, container, placement))
        try:
            await asyncio.shield(unpacking)
        except asyncio.CancelledError:
            await asyncio.gather(unpacking, return_exceptions=True)
            raise

    async def _environment_of_image(
        self, image: FrameworkImage, container: Container, placement: Placement
    ) -> Environment:
        """That of a framework image, with the container's own requirements when its code lists some."""
        say, code = _teller(placement.log_file), code_directory(container, placement)
        with _told(container, say):
            environment = await provide_environment(self._environments, image, say)
            if (code / "requirements.txt").is_file():
                return await self._environments.layer(environment, code, say)
        return environment

    async def _environment_of_command(
        self, mapped: MappedImage, container: Container, placement: Placement
    ) -> Environment | None:
        """The packages that images.yaml names for a command; None when it names none."""
        if not mapped.requirements:
            return None
        say = _teller(placement.log_file)
        with _told(container, say):
            return await self._environments.provide("mapped", mapped.requirements, say)

    def _serving(
        self, image: FrameworkImage, environment: Environment, container: Container, placement: Placement
    ) -> _Program:
        """What serves a framework image."""
        for note in environment.notes:
            _teller(placement.log_file)(f"WARNING {note}: models may have to be made by what serves")
        limit = _max_body_bytes(container, self._max_body_bytes)
        options = [f"--framework={image.framework}", f"--image-version={image.version}", f"--max-body-bytes={limit}"]
        python, code = environment.python, code_directory(container, placement)
        listener = _listener()
        return _Program(
            [str(python), "-m", _SERVING, *options, f"--listen-fd={listener.fileno()}"],
            f"{python.parent}:{IMAGE_PATH}",
            listener,
            placement.directory,
            {**container.environment, SUBMIT_DIRECTORY: str(code)},
            project_root=_PROJECT_ROOT,
        )

    async def _spawn(self, container: Container, placement: Placement, program: _Program) -> RunningProcess:
        host, port = program.listener.getsockname()[:2]
        cpus = _cpus(placement)
        safe_ports = self._next_safe_ports()
        site = Site(
            container.name, placement.region, placement.directory, program.search_path, port, safe_ports, len(cpus)
        )
        lifeline, held = os.pipe()  # `held` is this process's end: when it closes, however that happens, the child ends
        try:
            with program.listener as listener, placement.log_file.open("ab") as log:
                inherited: tuple[int, ...] = (listener.fileno(), lifeline)
                if program.command:  # it binds the port itself
                    listener.close()
                    inherited = (lifeline,)
                process = await asyncio.create_subprocess_exec(
                    *program.arguments,
                    *_confinement(placement, cpus, lifeline),
                    *(["--", *program.command] if program.command else []),
                    cwd=program.directory,
                    env=container_environment(program.environment, site, program.project_root),
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=inherited,
                    start_new_session=True,
                )
        except BaseException as error:
            os.close(held)
            if isinstance(error, OSError):
                raise HostError(f"cannot start a process for container {container.name!r}: {error}") from error
            raise
        finally:
            os.close(lifeline)
        return RunningProcess(container.name, host, port, process, held, placement.log_file)

    def _next_safe_ports(self) -> tuple[int, int]:
        first = _SAFE_PORTS_FROM + next(self._safe_ranges) * _SAFE_PORTS_EACH
        return first, first + _SAFE_PORTS_EACH - 1


@contextmanager
def _told(container: Container, say: Callable[[str], None]) -> Iterator[None]:
    """What pip said last is in the container's log, and the container's error says that it has no environment."""
    try:
        yield
    except PipFailed as error:
        for line in error.tail:
            say(line)
        raise ContainerError(container.name, f"has no environment: {error}", log_tail=error.tail) from error


def _command(mapped: MappedImage, container: Container, environment: Environment | None) -> _Program:
    """What images.yaml says; it listens by itself, on a port that is free now."""
    path = os.environ.get("PATH", IMAGE_PATH)
    return _Program(
        [sys.executable, "-c", _CONFINED_COMMAND],
        path if environment is None else f"{environment.directory / 'bin'}:{path}",
        _listener(),
        mapped.directory,
        {**mapped.environment, **container.environment},
        command=mapped.command,
    )


def _teller(log_file: Path) -> Callable[[str], None]:
    """Tells the container's log, where the endpoint's owner looks, and the server's."""

    def say(text: str) -> None:
        _log.info("%s", text)
        with log_file.open("a") as log:
            log.write(f"{text}\n")

    return say


def _max_body_bytes(container: Container, realtime_bytes: int) -> int:
    """What a container has to take: InvokeEndpoint's limit, or that of the transform job that it works for."""
    batch = container.environment.get("SAGEMAKER_BATCH") == "true"
    return max(realtime_bytes, _MAX_BATCH_BODY_BYTES) if batch else realtime_bytes


def _listener() -> socket.socket:
    """A listening socket on a port that the system chose. The child inherits it, so nobody can take it between."""
    try:
        return socket.create_server((_HOST, 0), backlog=_BACKLOG)
    except OSError as error:
        raise HostError(f"no free port on {_HOST} for a container: {error}") from error


def _cpus(placement: Placement) -> tuple[int, ...]:
    """The CPUs of the instance, of those that this process may use."""
    usable = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else list(range(os.cpu_count() or 1))
    return tuple(usable[number] for number in placement.cores(len(usable)))


def _confinement(placement: Placement, cpus: tuple[int, ...], lifeline_fd: int) -> list[str]:
    return [
        f"--lifeline-fd={lifeline_fd}",
        f"--server-pid={os.getpid()}",
        f"--cpus={','.join(map(str, cpus))}",
        f"--memory-bytes={int(placement.limits.memory_gib * _GIBIBYTE)}",
    ]
