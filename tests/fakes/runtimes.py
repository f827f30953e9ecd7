"""The three container runtimes behind one face, so that one test holds for all of them.

bench.start("predict", Behaviour.SERVES)  # a running container, whatever that is
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from enum import Enum, auto
from pathlib import Path
from typing import Any, Protocol

import uvloop

from include.sagemaker_local.deployment import Container
from include.sagemaker_local.errors import ArtifactError
from include.sagemaker_local.http1.client import HttpClient
from include.sagemaker_local.http1.errors import HttpError
from include.sagemaker_local.http1.messages import Request
from include.sagemaker_local.runtime.contract import ContainerRuntime, InstanceLimits, Placement, RunningContainer
from include.sagemaker_local.runtime.docker import open_docker
from include.sagemaker_local.runtime.process import ProcessRuntime
from include.sagemaker_local.runtime.usage import Usage
from include.sagemaker_local.settings import RuntimeName, Settings
from include.sagemaker_local.supervisor.health import HttpCaller
from tests.fakes.archives import tar_gz
from tests.fakes.docker_images import LABELLED
from tests.fakes.objects import DictObjects
from tests.fakes.process_containers import SKLEARN
from tests.fakes.runtime import FakeRuntime, Script, crash, healthy, refuse, unknown_image

BOUND_S = 60.0
EXIT_STATUS = 3
LAST_WORDS = "no weights"
LIMITS = InstanceLimits("ml.c5.large", 2, 4)


class Behaviour(Enum):
    """What a container of the tests does."""

    SERVES = auto()
    EXITS = auto()  # before it is ready, with EXIT_STATUS, and LAST_WORDS in its log
    STUBBORN = auto()  # serves, and something in it ignores SIGTERM
    UNKNOWN_IMAGE = auto()
    NO_ARTIFACT = auto()
    BAD_ARTIFACT = auto()


class Kit(Protocol):
    """One runtime, and how a container of it is made to behave."""

    runtime: ContainerRuntime
    client: HttpCaller

    def container(self, name: str, behaviour: Behaviour) -> Container:
        """A container that will behave so at its next start."""


class Bench:
    """Starts containers below `directory` and waits for them; stops what it started."""

    def __init__(self, kit: Kit, runner: asyncio.Runner, directory: Path) -> None:
        self.kit = kit
        self._runner = runner
        self._directory = directory
        self._started: list[RunningContainer] = []

    def start(self, name: str, behaviour: Behaviour, *, instance_id: str = "i-0") -> RunningContainer:
        container = self.kit.container(name, behaviour)
        return self.start_container(container, self.placement(name, instance_id=instance_id))

    def start_container(self, container: Container, placement: Placement) -> RunningContainer:
        self._runner.run(self.kit.runtime.prepare(container, placement))
        running = self._runner.run(self.kit.runtime.start(container, placement))
        self._started.append(running)
        return running

    def ready(self, running: RunningContainer) -> RunningContainer:
        self.until(lambda: self.ping(running) == 200 or running.exit_code() is not None, f"{running.name} is ready")
        assert running.exit_code() is None, running.log_tail(50)
        return running

    def ping(self, running: RunningContainer) -> int | None:
        """The status of /ping; None when nobody answers."""
        request = Request(b"GET", b"/ping", [])
        try:
            return self._runner.run(self.kit.client.request(running.host, running.port, request, timeout_s=5)).status
        except HttpError:
            return None

    def within(self, timeout_s: float, work: Coroutine[Any, Any, None]) -> None:
        """Raises TimeoutError, giving up on the work, when it takes longer."""
        self._runner.run(asyncio.wait_for(work, timeout_s))

    def usage(self, running: RunningContainer) -> Usage | None:
        return self._runner.run(running.usage())

    def stop(self, running: RunningContainer, grace_s: float = 10.0) -> None:
        self._runner.run(running.stop(grace_s))

    def stop_all(self) -> None:
        for running in self._started:
            self.stop(running, 0)

    def until(self, condition: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + BOUND_S
        while not condition():
            assert time.monotonic() < deadline, f"not within {BOUND_S:g} s: {what}"
            self._runner.run(asyncio.sleep(0.02))  # the loop runs, so that it hears of containers that end

    def placement(
        self, name: str, *, instance_id: str = "i-0", alone: bool = False, limits: InstanceLimits = LIMITS
    ) -> Placement:
        directory = self._directory / instance_id / name
        directory.mkdir(parents=True, exist_ok=True)
        log_file = directory.with_suffix(".log")
        return Placement("eu-west-1", "endpoint", "AllTraffic", instance_id, limits, directory, log_file, alone)


class FakeKit:
    """The fake that the supervisor's tests use."""

    def __init__(self) -> None:
        self._fake = FakeRuntime()
        self.runtime: ContainerRuntime = self._fake
        self.client: HttpCaller = self._fake

    def container(self, name: str, behaviour: Behaviour) -> Container:
        scripts: dict[Behaviour, Callable[[], Script]] = {
            Behaviour.SERVES: healthy,
            Behaviour.STUBBORN: healthy,
            Behaviour.EXITS: lambda: crash(EXIT_STATUS, f"{LAST_WORDS}\n"),
            Behaviour.UNKNOWN_IMAGE: lambda: refuse(unknown_image(name)),
            Behaviour.NO_ARTIFACT: lambda: refuse(ArtifactError("there is no object")),
            Behaviour.BAD_ARTIFACT: lambda: refuse(ArtifactError("it is not gzip")),
        }
        script = scripts[behaviour]()
        self._fake.scripts[name].append(script)
        return Container(name, "any", None)


_SERVES = b"def model_fn(model_dir):\n    return 1\n"
_STUBBORN = b"""
import subprocess, sys

def model_fn(model_dir):
    code = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    return child.stdout.readline()
"""


class ProcessKit:
    """Processes on the scikit-learn contract."""

    def __init__(self, client: HttpCaller, directory: Path) -> None:
        self._objects = DictObjects(_artifacts())
        self.runtime: ContainerRuntime = ProcessRuntime(self._objects, Settings(data_dir=directory))
        self.client = client

    def container(self, name: str, behaviour: Behaviour) -> Container:
        code = {
            Behaviour.EXITS: f"def model_fn(model_dir):\n    raise OSError({LAST_WORDS!r})\n".encode(),
            Behaviour.STUBBORN: _STUBBORN,
        }.get(behaviour, _SERVES)
        uri = f"s3://models/{name}.tar.gz"
        self._objects.objects[uri] = tar_gz({"code/inference.py": code})
        image = "nobody/knows:1" if behaviour is Behaviour.UNKNOWN_IMAGE else SKLEARN
        return Container(name, image, _ARTIFACTS.get(behaviour, uri))


class DockerKit:
    """The test image on a real engine."""

    def __init__(self, runtime: ContainerRuntime, client: HttpCaller) -> None:
        self.runtime = runtime
        self.client = client

    def container(self, name: str, behaviour: Behaviour) -> Container:
        environment = {Behaviour.EXITS: {"BEHAVIOUR": "exit"}, Behaviour.STUBBORN: {"BEHAVIOUR": "stubborn"}}
        image = "nobody/knows:1" if behaviour is Behaviour.UNKNOWN_IMAGE else LABELLED
        return Container(name, image, _ARTIFACTS.get(behaviour, GOOD_URI), environment.get(behaviour, {}))


GOOD_URI = "s3://models/good.tar.gz"
_ARTIFACTS: Mapping[Behaviour, str] = {
    Behaviour.NO_ARTIFACT: "s3://models/none.tar.gz",
    Behaviour.BAD_ARTIFACT: "s3://models/bad.tar.gz",
}


def _artifacts() -> dict[str, bytes]:
    return {GOOD_URI: tar_gz({"weights.txt": b"w"}), "s3://models/bad.tar.gz": b"not gzip"}


@contextmanager
def fake_bench(directory: Path) -> Iterator[Bench]:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        yield Bench(FakeKit(), runner, directory)


@contextmanager
def process_bench(directory: Path) -> Iterator[Bench]:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        bench = Bench(ProcessKit(HttpClient(), directory), runner, directory)
        try:
            yield bench
        finally:
            bench.stop_all()


@contextmanager
def docker_bench(directory: Path, socket: Path) -> Iterator[Bench]:
    settings = Settings(data_dir=directory, runtime=RuntimeName.DOCKER, docker_socket=socket)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        opened = open_docker(DictObjects(_artifacts()), settings)
        bench = Bench(DockerKit(runner.run(opened.__aenter__()), HttpClient()), runner, directory)
        try:
            yield bench
        finally:
            bench.stop_all()
            runner.run(opened.__aexit__(None, None, None))
