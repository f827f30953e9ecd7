"""What a container on a real Docker engine sees, may do, and leaves behind."""

from __future__ import annotations

import asyncio
import http.client
import json
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from include.sagemaker_local.deployment import Container
from include.sagemaker_local.errors import ContainerError, HostError
from include.sagemaker_local.runtime.contract import InstanceLimits, RunningContainer
from include.sagemaker_local.runtime.docker import open_docker
from include.sagemaker_local.runtime.docker_engine import DockerEngine
from include.sagemaker_local.settings import RuntimeName, Settings
from tests.fakes.docker_images import LABELLED, UNLABELLED
from tests.fakes.objects import DictObjects
from tests.fakes.runtimes import GOOD_URI, Behaviour, Bench, docker_bench

pytestmark = pytest.mark.slow

PROJECT = Path(__file__).resolve().parents[3]
HALF_A_CPU_TYPE = InstanceLimits("ml.small.test", 1, 0.25)


@pytest.fixture(scope="module")
def bench(docker_socket: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with docker_bench(tmp_path_factory.mktemp("docker"), docker_socket) as opened:
        yield opened


@pytest.fixture(scope="module")
def pair(bench: Bench) -> tuple[RunningContainer, RunningContainer]:
    """Two containers of one instance."""
    environment = {"MINE": "1", "AWS_REGION": "eu-north-1", "SAGEMAKER_BIND_TO_PORT": "1"}
    first = Container("first", LABELLED, GOOD_URI, environment)
    started = bench.start_container(first, bench.placement("first", instance_id="i-pair", limits=HALF_A_CPU_TYPE))
    return bench.ready(started), bench.ready(bench.start("second", Behaviour.SERVES, instance_id="i-pair"))


def do(running: RunningContainer, what: str, **arguments: Any) -> Any:
    connection = http.client.HTTPConnection(running.host, running.port, timeout=30)
    try:
        body = json.dumps({"do": what, "with": arguments})
        connection.request("POST", "/invocations", body, {"Content-Type": "application/json"})
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()


def engine_call(socket: Path, method: str, path: str, query: dict[str, Any] | None = None) -> Any:
    return asyncio.run(DockerEngine(socket).call(method, path, query))


def labelled(socket: Path, label: str) -> list[str]:
    """Names of all containers and networks with the label, running or not."""
    filters = {"filters": json.dumps({"label": [label]})}
    containers = engine_call(socket, "GET", "/containers/json", {"all": "1", **filters})
    networks = engine_call(socket, "GET", "/networks", filters)
    return [name for one in containers for name in one["Names"]] + [one["Name"] for one in networks]


def test_it_runs_serve_with_the_environment_of_the_platform(pair: tuple[RunningContainer, ...]) -> None:
    about = do(pair[0], "about")
    assert about["arguments"] == ["serve"]
    assert about["hostname"] == "first"
    assert set(about["environment"]) - {"LC_CTYPE"} == {
        "PATH", "HOME", "HOSTNAME", "MINE", "AWS_REGION", "SAGEMAKER_REGION", "SAGEMAKER_BIND_TO_PORT",
        "SAGEMAKER_SAFE_PORT_RANGE",
    }  # fmt: skip
    assert about["environment"]["SAGEMAKER_BIND_TO_PORT"] == "8081"  # the platform's word, not the user's
    assert about["environment"]["AWS_REGION"] == "eu-north-1"
    assert about["environment"]["SAGEMAKER_REGION"] == "eu-west-1"


def test_the_model_is_there_and_read_only(pair: tuple[RunningContainer, ...]) -> None:
    assert do(pair[0], "about")["model"] == {"weights.txt": "w"}
    assert do(pair[0], "write", path="/opt/ml/model/mine") == {"refused": "Read-only file system"}
    assert do(pair[0], "write", path="/mine") == {"refused": None}


def test_containers_of_an_instance_find_each_other_by_hostname(
    bench: Bench, pair: tuple[RunningContainer, ...]
) -> None:
    assert do(pair[0], "ask", host="second", port=8081) == {"status": 200}
    assert do(pair[1], "ask", host="first", port=8081) == {"status": 200}
    stranger = bench.ready(bench.start("stranger", Behaviour.SERVES, instance_id="i-other"))
    assert "error" in do(stranger, "ask", host="first", port=8081)


def test_privileges_and_limits(docker_socket: Path, pair: tuple[RunningContainer, ...]) -> None:
    assert do(pair[0], "about")["no_new_privileges"] == "1"
    host = engine_call(docker_socket, "GET", f"/containers/{pair[0].id}/json")["HostConfig"]  # type: ignore[attr-defined]
    assert host["NanoCpus"] == 10**9
    assert host["Memory"] == host["MemorySwap"] == 256 * 1024**2
    if engine_call(docker_socket, "GET", "/info")["NCPU"] > 1:
        assert do(pair[0], "about")["cpus"].isdecimal()  # one number: one CPU


def test_the_port_is_published_on_loopback_only(docker_socket: Path, pair: tuple[RunningContainer, ...]) -> None:
    found = engine_call(docker_socket, "GET", f"/containers/{pair[0].id}/json")  # type: ignore[attr-defined]
    assert found["NetworkSettings"]["Ports"] == {"8081/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(pair[0].port)}]}


def test_both_streams_are_in_the_log_as_they_come(bench: Bench, pair: tuple[RunningContainer, ...]) -> None:
    do(pair[0], "say", line="so it is")
    wanted = {"so it is", "so it is on stderr"}  # in either order: the streams are two pipes to the engine
    bench.until(lambda: set(pair[0].log_tail(2)) == wanted, "the lines are in the log")


def test_an_image_without_the_label_is_for_models_of_one_container(bench: Bench) -> None:
    container = Container("alone", UNLABELLED, None)
    with pytest.raises(ContainerError) as refused:
        bench.start_container(container, bench.placement("alone"))
    assert (
        f"Your Ecr Image {UNLABELLED} does not contain required "
        "com.amazonaws.sagemaker.capabilities.accept-bind-to-port=true Docker label(s)."
    ) in str(refused.value)
    running = bench.ready(bench.start_container(container, bench.placement("alone", alone=True)))
    assert "SAGEMAKER_BIND_TO_PORT" not in do(running, "about")["environment"]
    assert do(running, "about")["model"] == {}


def test_an_image_that_is_not_there_is_to_be_pulled(bench: Bench) -> None:
    with pytest.raises(ContainerError, match=r"does not have; pull or build it first \(docker pull nobody/knows:1\)"):
        bench.start("refused", Behaviour.UNKNOWN_IMAGE)


def test_memory_beyond_the_instance_kills_the_container_and_the_log_says_so(bench: Bench) -> None:
    container = Container("hungry", LABELLED, None)
    running = bench.start_container(container, bench.placement("hungry", limits=HALF_A_CPU_TYPE))
    bench.ready(running)
    with pytest.raises((OSError, http.client.HTTPException)):
        do(running, "fill", mebibytes=400)
    bench.until(lambda: running.exit_code() is not None, "it was killed")
    assert running.exit_code() == 137
    assert running.log_tail(1)[0].startswith("out of memory: ")


def test_a_container_that_dies_is_noticed_and_nothing_of_an_instance_is_left(bench: Bench, docker_socket: Path) -> None:
    running = bench.ready(bench.start("dying", Behaviour.SERVES, instance_id="i-dying"))
    with pytest.raises((OSError, http.client.HTTPException)):
        do(running, "exit")
    bench.until(lambda: running.exit_code() is not None, "it is noticed")
    assert running.exit_code() == 7
    bench.stop(running)
    assert not [name for name in labelled(docker_socket, "sluice.run") if "i-dying" in name]


def test_a_container_ends_although_nobody_waits_for_its_end_any_more(bench: Bench, docker_socket: Path) -> None:
    running = bench.ready(bench.start("given-up", Behaviour.STUBBORN, instance_id="i-given-up"))
    with pytest.raises(TimeoutError):
        bench.within(0.2, running.stop(grace_s=1.0))
    bench.stop(running)
    assert not [name for name in labelled(docker_socket, "sluice.run") if "i-given-up" in name]


def test_somebody_removes_the_container(bench: Bench, docker_socket: Path) -> None:
    running = bench.ready(bench.start("removed", Behaviour.SERVES))
    engine_call(docker_socket, "DELETE", f"/containers/{running.id}", {"force": "1"})  # type: ignore[attr-defined]
    bench.until(lambda: running.exit_code() is not None, "it is noticed")
    bench.stop(running)


_CRASHING = """
import os, signal, sys
from pathlib import Path
from tests.fakes.runtimes import Behaviour, docker_bench
with docker_bench(Path(sys.argv[1]), Path(sys.argv[2])) as bench:
    bench.ready(bench.start("orphan", Behaviour.STUBBORN))
    print(bench.kit.runtime._owner.data_dir, bench.kit.runtime._owner.run, flush=True)
    sys.stdin.read()
"""


def test_kill_9_of_the_server_leaves_nothing(docker_socket: Path, tmp_path: Path) -> None:
    server = subprocess.Popen(
        [sys.executable, "-c", _CRASHING, str(tmp_path), str(docker_socket)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=PROJECT, text=True,
    )  # fmt: skip
    assert server.stdout is not None
    _, run = server.stdout.readline().split()
    assert len(labelled(docker_socket, f"sluice.run={run}")) == 2  # a container and its network
    server.kill()
    server.wait()
    asyncio.run(_gone(docker_socket, f"sluice.run={run}"))


def test_a_start_removes_what_is_left_of_this_directory_and_nothing_else(docker_socket: Path, tmp_path: Path) -> None:
    """Both the server and its watchdog were killed, or the machine was switched off."""
    engine = DockerEngine(docker_socket)
    settings = Settings(data_dir=tmp_path / "mine", runtime=RuntimeName.DOCKER, docker_socket=docker_socket)

    async def left_over(data_dir: str) -> str:
        labels = {"sluice.data-dir": data_dir, "sluice.run": f"old-{uuid.uuid4().hex}"}
        name = f"sluice-test-{uuid.uuid4().hex[:8]}"
        await engine.call("POST", "/networks/create", body={"Name": name, "Labels": labels})
        body = {"Image": LABELLED, "Cmd": ["serve"], "Labels": labels, "HostConfig": {"NetworkMode": name}}
        made = await engine.call("POST", "/containers/create", {"name": name}, body)
        await engine.call("POST", f"/containers/{made['Id']}/start")
        return labels["sluice.run"]

    async def scenario() -> None:
        async with open_docker(DictObjects(), settings) as runtime:
            mine = runtime._owner.data_dir
        runs = [await left_over(mine), await left_over("somebody-else")]
        async with open_docker(DictObjects(), settings):
            assert await _count(engine, f"sluice.run={runs[0]}") == 0
            assert await _count(engine, f"sluice.run={runs[1]}") == 2
        async with open_docker(DictObjects(), replace(settings, data_dir=tmp_path / "other")) as other:
            assert other._owner.data_dir != mine

    try:
        asyncio.run(scenario())
    finally:
        for name in labelled(docker_socket, "sluice.data-dir=somebody-else"):
            kind = "containers" if name.startswith("/") else "networks"
            engine_call(docker_socket, "DELETE", f"/{kind}/{name.strip('/')}", {"force": "1"})


def test_no_engine_is_one_line_that_says_so(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, docker_socket=tmp_path / "none.sock")

    async def opened() -> None:
        async with open_docker(DictObjects(), settings):
            raise AssertionError("there is no engine")

    with pytest.raises(HostError, match=r"no Docker engine answers at .*none\.sock"):
        asyncio.run(opened())


async def _count(engine: DockerEngine, label: str) -> int:
    filters = {"filters": json.dumps({"label": [label]})}
    containers = await engine.call("GET", "/containers/json", {"all": "1", **filters})
    return len(containers) + len(await engine.call("GET", "/networks", filters))


async def _gone(socket: Path, label: str) -> None:
    engine = DockerEngine(socket)
    async with asyncio.timeout(20):
        while await _count(engine, label):  # noqa: ASYNC110 - what the watchdog does has no event here
            await asyncio.sleep(0.1)
