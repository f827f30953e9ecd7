"""`kill -9` of a container, and of a process of the gateway: who was being answered sees it, and nobody else."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from tests.e2e.test_killed_server import CODE
from tests.fakes.aws_server import client
from tests.fakes.server_process import ServerProcess, alive, server_process
from tests.fakes.steady_load import SteadyLoad
from tests.never_lost.conftest import make_configs, says, status, wait_until

pytestmark = pytest.mark.never_lost


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    with server_process(tmp_path / "data") as started:
        yield started


def serve(server: ServerProcess, config: str) -> None:
    client("sagemaker", server.url).create_endpoint(EndpointName="e", EndpointConfigName=config)
    wait_until(lambda: status(server.url) == "InService", "the endpoint serves")


def commands(server: ServerProcess, word: str) -> set[tuple[int, str]]:
    """The processes below the server in whose command line that is."""
    return {one for one in server.descendants() if word in _command_line(one[0])}


def test_a_container_comes_back_and_only_its_own_requests_fail(server: ServerProcess, tmp_path: Path) -> None:
    asked = tmp_path / "asked"
    tell = f"open({str(asked)!r}, 'w').close(); __import__('time').sleep(0.5); return data.decode()"
    make_configs(server.url, blue=says("blue", CODE.replace("return data.decode()", tell)))
    before = server.descendants()
    serve(server, "blue")
    containers = server.descendants() - before
    runtime = client("sagemaker-runtime", server.url)
    outcome: list[ClientError] = []

    def ask() -> None:
        with pytest.raises(ClientError) as error:
            runtime.invoke_endpoint(EndpointName="e", Body=b"x", ContentType="text/plain")
        outcome.append(error.value)

    request = threading.Thread(target=ask)
    request.start()
    wait_until(asked.exists, "the container is at it")
    for pid, _ in containers:
        os.kill(pid, signal.SIGKILL)
    request.join()
    (error,) = outcome
    assert error.response["Error"]["Code"] == "ModelError"
    assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 424
    assert error.response["OriginalStatusCode"] == 0

    def answers() -> bool:
        try:
            answer = runtime.invoke_endpoint(EndpointName="e", Body=b"x", ContentType="text/plain")
        except ClientError as refused:
            assert refused.response["Error"]["Code"] == "ModelError"
            return False
        return bool(answer["Body"].read() == b"blue x")

    wait_until(answers, "the container is back")
    assert status(server.url) == "InService"
    assert not alive(containers)


def answering(load: SteadyLoad) -> None:
    """Returns when a hundred more requests were answered."""
    seen = load.answered
    wait_until(lambda: load.answered > seen + 100, "requests are answered")


def test_a_gateway_process_takes_only_what_it_was_answering_with_it(server: ServerProcess) -> None:
    make_configs(server.url, quick=says("quick"))
    serve(server, "quick")
    gateways = commands(server, "sagemaker_local.edge")
    assert len(gateways) == 2
    with SteadyLoad(server.url) as load:
        for gateway in sorted(gateways):
            answering(load)
            os.kill(gateway[0], signal.SIGKILL)
            wait_until(lambda: len(commands(server, "sagemaker_local.edge")) == 2, "another one is there")
        answering(load)
    # A process dies with the connections that it held; on each there was at most one request.
    assert len(load.lost) <= 20
    assert all("connection" in one.lower() or "reset" in one.lower() for one in load.lost), load.lost
    assert not alive(gateways)


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except (FileNotFoundError, ProcessLookupError):
        return ""
