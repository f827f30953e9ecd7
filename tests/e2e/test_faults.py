"""Injected faults on a real server with gateway processes and real containers; the examples of docs/faults.md run."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.e2e.test_killed_server import CODE, at_rest, deploy, describe, invoke, wait_until
from tests.fakes.aws_server import client
from tests.fakes.server_process import ServerProcess, alive, server_process

pytestmark = pytest.mark.slow

DOCUMENT = (Path(__file__).resolve().parents[2] / "docs" / "faults.md").read_text(encoding="utf-8")


def call(url: str, method: str, path: str = "", body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{url}/_local/faults{path}", data, method=method)  # noqa: S310 - our own server
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        return json.loads(answer.read() or b"null")


def inject(server: ServerProcess, kind: str, **members: Any) -> str:
    return str(call(server.url, "POST", body={"kind": kind, **members})["id"])


def fired(server: ServerProcess, fault_id: str) -> int:
    return int(call(server.url, "GET", f"/{fault_id}")["fired"])


def refused_message(server: ServerProcess) -> str:
    with pytest.raises(ClientError) as caught:
        invoke(server.url)
    return str(caught.value.response["Error"]["Message"])


def test_faults_strike_where_they_are_injected_and_the_documents_examples_run(tmp_path: Path) -> None:
    with server_process(tmp_path / "data", "--time-scale", "0.01") as server:
        slow = inject(server, "slow_creation", seconds=50)
        deploy(server.url, CODE, "first", "second")
        assert at_rest(server.url)["EndpointStatus"] == "InService"
        assert fired(server, slow) == 1

        _a_crash_kills_the_container(server)
        _a_throttled_invocation(server)
        _a_failed_rollback(server)
        _the_examples(server, tmp_path)

        inject(server, "error", status=500, scope={"endpoint": "e"})
        assert "Received server error (500) from first" in refused_message(server)
        with urllib.request.urlopen(f"{server.url}/_local/reset", data=b""):  # noqa: S310 - our own server
            assert call(server.url, "GET") == {"faults": []}
        with pytest.raises(urllib.error.HTTPError) as caught:
            inject(server, "flood")
        assert caught.value.code == 400


def _a_crash_kills_the_container(server: ServerProcess) -> None:
    before = server.descendants()
    crash = inject(server, "crash", scope={"container": "second"}, count=1)
    assert "from second with message" in refused_message(server)
    assert fired(server, crash) == 1
    assert before - alive(before)

    def answers() -> bool:
        try:
            return invoke(server.url) == b"echo echo hi"
        except ClientError:
            return False

    wait_until(answers, "the container was started again")


def _a_throttled_invocation(server: ServerProcess) -> None:
    throttling = inject(server, "throttling", scope={"operation": "InvokeEndpoint", "endpoint": "e"}, count=1)
    assert describe(server.url)["EndpointStatus"] == "InService"
    assert refused_message(server) == "None"
    assert fired(server, throttling) == 1
    assert invoke(server.url) == b"echo echo hi"


def _a_failed_rollback(server: ServerProcess) -> None:
    inject(server, "failed_ping", scope={"endpoint": "e", "container": "first"}, count=1)
    inject(server, "failed_rollback", scope={"endpoint": "e"})
    client("sagemaker", server.url).update_endpoint(EndpointName="e", EndpointConfigName="c")
    wait_until(lambda: describe(server.url)["EndpointStatus"] == "UpdateRollbackFailed", "the rollback failed")
    assert invoke(server.url) == b"echo echo hi"
    call(server.url, "DELETE")


def _the_examples(server: ServerProcess, directory: Path) -> None:
    shell, python = (re.findall(rf"```{kind}\n(.*?)```", DOCUMENT, re.S) for kind in ("sh", "python"))
    commands = shell[0].replace("http://127.0.0.1:4566", server.url)
    said = subprocess.run(["bash", "-ec", commands], capture_output=True, text=True, check=True).stdout  # noqa: S607
    assert '"kind": "throttling"' in said
    example = directory / "test_example.py"
    example.write_text(python[0].replace("http://127.0.0.1:4566", server.url))
    run = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(example)]
    ended = subprocess.run(run, cwd=directory, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout
    assert "2 passed" in ended.stdout
