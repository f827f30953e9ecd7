"""`kill -9` of a part while a deployment bakes under load: only its own requests fail, and the deployment goes on."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.aws_server import client
from tests.fakes.server_process import ServerProcess, alive, server_process
from tests.fakes.steady_load import SteadyLoad
from tests.never_lost.conftest import (
    BRISK,
    baking,
    described,
    guardrails,
    make_alarm,
    make_configs,
    says,
    set_alarm,
    status,
    wait_until,
)

pytestmark = pytest.mark.never_lost

# Of a hundredth, by --time-scale: long enough to kill something, and to see it come back.
BAKE_S = 3600


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server whose endpoint `e` serves config `blue` on two instances."""
    with server_process(tmp_path_factory.mktemp("parts") / "data", "--time-scale", "0.01") as started:
        make_configs(started.url, 2, blue=says("blue", BRISK), green=says("green", BRISK))
        make_alarm(started.url)
        client("sagemaker", started.url).create_endpoint(EndpointName="e", EndpointConfigName="blue")
        at_rest(started.url)
        yield started


def at_rest(url: str) -> None:
    wait_until(lambda: status(url) == "InService", "the endpoint serves")


def bake(server: ServerProcess, kind: str, wait_s: int = BAKE_S) -> None:
    """Returns when the deployment of `green` bakes for the first time."""
    client("sagemaker", server.url).update_endpoint(
        EndpointName="e", EndpointConfigName="green", DeploymentConfig=guardrails(kind, wait_s)
    )
    wait_until(lambda: baking(server.url), "it bakes")


def kill(processes: set[tuple[int, str]]) -> None:
    for pid, _ in alive(processes):
        os.kill(pid, signal.SIGKILL)


def answers_again(load: SteadyLoad, *configs: str) -> None:
    """Returns when each of the configs has answered fifty more requests."""
    bodies = [f"{config} x".encode() for config in configs]
    seen = {body: load.answers[body] for body in bodies}
    wait_until(lambda: all(load.answers[body] > seen[body] + 50 for body in bodies), f"{configs} answer")


@pytest.mark.parametrize("of", ["blue", "green"])
@pytest.mark.parametrize("kind", ["CANARY", "ROLLING"])
def test_containers_of_either_fleet(server: ServerProcess, kind: str, of: str) -> None:
    before = server.descendants()
    with SteadyLoad(server.url) as load:
        bake(server, kind)
        answers_again(load, "blue", "green")
        assert load.lost == []
        started = server.descendants() - before
        fleet = started if of == "green" else containers(before)
        kill(fleet)
        answers_again(load, "blue", "green")
        assert baking(server.url)
        set_alarm(server.url, "ALARM")
        at_rest(server.url)
        set_alarm(server.url, "OK")
        answers_again(load, "blue")
    assert described(server.url)["EndpointConfigName"] == "blue"
    # Who asked the dead containers got ModelErrors, and nobody got anything else.
    assert load.lost
    assert all(one.startswith("424") and "server error (0)" in one for one in load.lost), set(load.lost)
    assert not alive(fleet)
    assert not alive(started)


@pytest.mark.parametrize("kind", ["CANARY", "ROLLING"])
def test_a_process_of_the_gateway(server: ServerProcess, kind: str) -> None:
    gateways = {one for one in server.descendants() if "sagemaker_local.edge" in command_line(one)}
    assert len(gateways) == 2
    with SteadyLoad(server.url) as load:
        bake(server, kind)
        answers_again(load, "blue", "green")
        kill(gateways)
        answers_again(load, "blue", "green")
        set_alarm(server.url, "ALARM")
        at_rest(server.url)
        set_alarm(server.url, "OK")
        answers_again(load, "blue")
    assert described(server.url)["EndpointConfigName"] == "blue"
    # Both processes died with the connections that they held; while there is none, connections wait to be taken.
    assert all("424" not in one for one in load.lost), set(load.lost)
    assert not alive(gateways)


def test_the_server_under_load_takes_the_deployment_up_again(tmp_path: Path) -> None:
    with server_process(tmp_path / "data", "--time-scale", "0.01") as first:
        make_configs(first.url, 2, blue=says("blue", BRISK), green=says("green", BRISK))
        make_alarm(first.url)
        client("sagemaker", first.url).create_endpoint(EndpointName="e", EndpointConfigName="blue")
        at_rest(first.url)
        with SteadyLoad(first.url) as load:
            bake(first, "CANARY", 1500)
            answers_again(load, "blue", "green")
            below = first.descendants()
            first.end(kill=True)
        wait_until(lambda: not alive(below), "every process below the server ends with it")
    with server_process(tmp_path / "data", "--time-scale", "0.01") as second, SteadyLoad(second.url) as load:
        wait_until(lambda: baking(second.url), "it bakes again")
        answers_again(load, "blue", "green")
        seen = len(load.lost)
        at_rest(second.url)
        answers_again(load, "green")
        assert described(second.url)["EndpointConfigName"] == "green"
        assert len(load.lost) == seen  # before it served, requests were refused; since then none was lost


def containers(processes: set[tuple[int, str]]) -> set[tuple[int, str]]:
    return {one for one in processes if "sagemaker_local.serving" in command_line(one)}


def command_line(process: tuple[int, str]) -> str:
    try:
        return Path(f"/proc/{process[0]}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except (FileNotFoundError, ProcessLookupError):
        return ""
