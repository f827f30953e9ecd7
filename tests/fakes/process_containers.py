"""Real containers for tests, started through the process runtime and asked over HTTP.

The loop is needed to start and to stop them only, so tests ask with blocking calls in between.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvloop

from include.sagemaker_local.deployment import Container
from include.sagemaker_local.runtime.contract import InstanceLimits, Placement
from include.sagemaker_local.runtime.image_map import ImageMap
from include.sagemaker_local.runtime.process import ProcessRuntime
from include.sagemaker_local.runtime.running import RunningProcess
from include.sagemaker_local.settings import Settings, user_environments_dir
from tests.fakes.archives import tar_gz
from tests.fakes.objects import DictObjects

REGISTRY = "683313688378.dkr.ecr.us-east-1.amazonaws.com"
SKLEARN = f"{REGISTRY}/sagemaker-scikit-learn:1.4-2-cpu-py3"
XGBOOST = f"{REGISTRY}/sagemaker-xgboost:3.0-5"
BOUND_S = 60.0  # importing the libraries takes 2 s on an idle machine

# A model whose answer depends on the body, so that one container shows everything that a test wants to see.
PROBE = b"""
import json, os, resource, signal, subprocess, sys, time

def model_fn(model_dir):
    print("loading", model_dir)
    return model_dir

def transform_fn(model, body, content_type, accept):
    command = json.loads(body)
    return json.dumps(COMMANDS[command["do"]](**command.get("with", {}))), "application/json"

def about():
    cpus = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
    return {"pid": os.getpid(), "environment": dict(os.environ), "cwd": os.getcwd(), "cpus": cpus,
            "data_limit": resource.getrlimit(resource.RLIMIT_DATA)[0],
            "descriptors": descriptors() if sys.platform == "linux" else None}

def descriptors():
    paths = [f"/proc/self/fd/{fd}" for fd in os.listdir("/proc/self/fd") if int(fd) > 2]
    return [os.readlink(path) for path in paths if os.path.lexists(path)]

def busy(seconds):
    start = time.monotonic()
    while time.monotonic() < start + seconds:
        pass
    return {"pid": os.getpid(), "start": start, "end": time.monotonic()}

def spawn():
    # It ignores SIGTERM, and says so once it does.
    stubborn = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
    child = subprocess.Popen([sys.executable, "-c", stubborn], stdout=subprocess.PIPE)
    child.stdout.readline()
    return {"pid": os.getpid(), "child": child.pid}

def fail():
    raise RuntimeError("user code failed on purpose")

COMMANDS = {"about": about, "busy": busy, "spawn": spawn, "fail": fail, "exit": lambda: sys.exit(7),
            "die": lambda: os.kill(os.getpid(), signal.SIGKILL)}
"""


@dataclass(frozen=True)
class Answer:
    status: int
    content_type: str | None
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Fleet:
    """Starts containers below `directory`, and knows how to ask them."""

    def __init__(
        self, runner: asyncio.Runner, directory: Path, environments: Path, images: ImageMap | None, bound_s: float
    ) -> None:
        self._bound_s = bound_s
        self.objects = DictObjects()
        self._runner = runner
        self._directory = directory
        settings = Settings(data_dir=directory, environments_dir=environments)
        self._runtime = ProcessRuntime(self.objects, settings, images)
        self._started: list[RunningProcess] = []

    def start(
        self,
        name: str,
        archive: bytes | Mapping[str, bytes],
        *,
        image: str = SKLEARN,
        environment: Mapping[str, str] | None = None,
        limits: InstanceLimits | None = None,
    ) -> RunningProcess:
        uri = f"s3://models/{name}/model.tar.gz"
        self.objects.objects[uri] = archive if isinstance(archive, bytes) else tar_gz(archive)
        container = Container(name, image, uri, environment or {})
        running = self._runner.run(self._prepared(container, self.placement(name, limits)))
        self._started.append(running)
        return running

    async def _prepared(self, container: Container, placement: Placement) -> RunningProcess:
        await self._runtime.prepare(container, placement)
        return await self._runtime.start(container, placement)

    def start_ready(self, name: str, archive: bytes | Mapping[str, bytes], **options: Any) -> RunningProcess:
        running = self.start(name, archive, **options)
        self._await_ready(running)
        return running

    def ready_by_name(self) -> dict[str, RunningProcess]:
        """Everything that was started, once all of it is ready."""
        for running in self._started:
            self._await_ready(running)
        return {running.name: running for running in self._started}

    def placement(self, name: str, limits: InstanceLimits | None = None) -> Placement:
        directory = self._directory / name
        limits = limits or InstanceLimits("ml.c5.large", 2, 4)
        return Placement("eu-west-1", "endpoint", "AllTraffic", "i-0", limits, directory, directory / "container.log")

    def until(self, condition: Any, what: str, *, bound_s: float | None = None) -> None:
        bound_s = bound_s or self._bound_s
        deadline = time.monotonic() + bound_s
        while not condition():
            assert time.monotonic() < deadline, f"not within {bound_s:g} s: {what}"
            self._runner.run(asyncio.sleep(0.02))  # the loop runs, so that it hears of children that end

    def stop(self, running: RunningProcess, grace_s: float = 10.0) -> None:
        self._runner.run(running.stop(grace_s))

    def stop_all(self) -> None:
        for running in self._started:
            self.stop(running)

    def _await_ready(self, running: RunningProcess) -> None:
        self.until(lambda: ping(running) == 200 or running.exit_code() is not None, f"{running.name} is ready")
        assert running.exit_code() is None, running.log_tail(50)


@contextmanager
def fleet(
    directory: Path, environments: Path | None = None, images: ImageMap | None = None, *, bound_s: float = BOUND_S
) -> Iterator[Fleet]:
    """A fleet on a loop of its own; whatever was started is stopped at the end."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        made = Fleet(runner, directory, environments or user_environments_dir(), images, bound_s)
        try:
            yield made
        finally:
            made.stop_all()


def post(
    running: RunningProcess, body: bytes, content_type: str | None = "application/json", accept: str | None = None
) -> Answer:
    """POST /invocations."""
    headers = {"Content-Type": content_type, "Accept": accept}
    return _ask(running, "POST", "/invocations", body, {name: value for name, value in headers.items() if value})


def get(running: RunningProcess, path: str) -> Answer:
    return _ask(running, "GET", path, None, {})


def ping(running: RunningProcess) -> int | None:
    """The status of /ping; None when nobody answers within 2 s, as SageMaker asks."""
    try:
        return _ask(running, "GET", "/ping", None, {}, timeout_s=2.0).status
    except (OSError, http.client.HTTPException):
        return None


def do(running: RunningProcess, what: str, **arguments: Any) -> Answer:
    """Have a PROBE container do something."""
    return post(running, json.dumps({"do": what, "with": arguments}).encode())


def alive(pid: int) -> bool:
    """Whether the process runs. One that only waits for its parent to collect it does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return not Path("/proc/self/stat").exists()  # no /proc on this system: the signal's word counts


def _ask(
    running: RunningProcess,
    method: str,
    path: str,
    body: bytes | None,
    headers: dict[str, str],
    timeout_s: float = BOUND_S,
) -> Answer:
    connection = http.client.HTTPConnection(running.host, running.port, timeout=timeout_s)
    try:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return Answer(response.status, response.getheader("Content-Type"), response.read())
    finally:
        connection.close()
