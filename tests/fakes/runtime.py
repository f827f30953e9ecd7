"""A container runtime without processes: each container does what its script says, and the test holds the strings."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field

from include.sagemaker_local.deployment import Container
from include.sagemaker_local.errors import ContainerError
from include.sagemaker_local.http1.errors import ConnectionFailed
from include.sagemaker_local.http1.messages import Request, Response
from include.sagemaker_local.runtime.contract import ContainerRuntime, Placement, RunningContainer
from include.sagemaker_local.runtime.images import framework_image
from include.sagemaker_local.runtime.usage import Usage
from include.sagemaker_local.supervisor.health import HttpCaller


@dataclass
class Script:
    """What one start of a container does. `ready`: answers /ping with 200 once it is set, with 503 before."""

    ready: asyncio.Event = field(default_factory=asyncio.Event)
    exit_code: int | None = None
    error: Exception | None = None
    started: asyncio.Event | None = None  # None: starting takes no time
    log: str = ""


def healthy() -> Script:
    """Ready at once."""
    script = Script()
    script.ready.set()
    return script


def mute(log: str = "") -> Script:
    """Runs, and never answers 200."""
    return Script(log=log)


def crash(exit_code: int = 1, log: str = "") -> Script:
    """Ends before it was ready."""
    return Script(exit_code=exit_code, log=log)


def refuse(error: Exception) -> Script:
    """Cannot be started at all."""
    return Script(error=error)


def slow() -> Script:
    """Being started until the test says otherwise; ready then."""
    script = healthy()
    script.started = asyncio.Event()
    return script


class FakeProcess:
    """A started container."""

    def __init__(self, name: str, port: int, script: Script) -> None:
        self.name = name
        self.host = "127.0.0.1"
        self.port = port
        self.script = script
        self.stopped_with: list[float] = []
        self.used: Usage | None = Usage(0.01, 1024**2)

    def exit_code(self) -> int | None:
        return self.script.exit_code

    def log_tail(self, lines: int) -> tuple[str, ...]:
        return tuple(self.script.log.splitlines()[-lines:]) if lines > 0 else ()

    async def usage(self) -> Usage | None:
        return self.used if self.script.exit_code is None else None

    async def stop(self, grace_s: float) -> None:
        self.stopped_with.append(grace_s)
        if self.script.exit_code is None:
            self.script.exit_code = -15


class FakeRuntime:
    """Starts fakes. `scripts[name]` are what the next starts of the container do; without any it is healthy."""

    def __init__(self) -> None:
        self.scripts: defaultdict[str, list[Script]] = defaultdict(list)
        self.prepared: list[str] = []
        self.started: list[FakeProcess] = []
        self.placements: list[Placement] = []

    async def prepare(self, container: Container, placement: Placement) -> None:
        self.prepared.append(container.name)

    async def start(self, container: Container, placement: Placement) -> RunningContainer:
        queue = self.scripts[container.name]
        script = queue.pop(0) if queue else healthy()
        if script.started is not None:
            await script.started.wait()
        if script.error is not None:
            raise script.error
        placement.log_file.parent.mkdir(parents=True, exist_ok=True)
        with placement.log_file.open("a") as log:
            log.write(script.log)
        process = FakeProcess(container.name, 10_000 + len(self.started), script)
        self.started.append(process)
        self.placements.append(placement)
        return process

    async def request(self, host: str, port: int, request: Request, *, timeout_s: float) -> Response:
        """The HTTP client whose only peers are the containers of this runtime."""
        process = self.started[port - 10_000]
        if process.exit_code() is not None:
            raise ConnectionFailed(f"cannot connect to {host}:{port}: Connection refused")
        return Response(200 if process.script.ready.is_set() else 503)

    @property
    def running(self) -> list[FakeProcess]:
        """Those that were started and have not ended."""
        return [process for process in self.started if process.exit_code() is None]


class FrameworkOnlyRuntime(FakeRuntime):
    """Serves the images that the process runtime serves, and those that are `mapped_images`."""

    def __init__(self, *mapped_images: str) -> None:
        super().__init__()
        self._mapped_images = mapped_images

    def mapped(self, container: Container) -> bool:
        return container.image in self._mapped_images

    def check(self, container: Container) -> None:
        if not self.mapped(container):
            framework_image(container.image, container=container.name)


class FakeEngine(FakeRuntime):
    """A Docker runtime whose engine has `images`."""

    def __init__(self, *images: str) -> None:
        super().__init__()
        self._images = images

    async def has(self, container: Container) -> bool:
        return container.image in self._images


def unknown_image(name: str) -> ContainerError:
    """What a runtime raises for an image that it cannot run."""
    return ContainerError(name, "has an image that nobody knows")


# mypy holds the fakes to the protocols that they stand in for.
_runtime: type[ContainerRuntime] = FakeRuntime
_client: type[HttpCaller] = FakeRuntime
_process: type[RunningContainer] = FakeProcess
