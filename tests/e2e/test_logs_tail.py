"""`aws logs tail` itself, where version 2 of the AWS CLI is installed (Debian: the package awscli)."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from include.sagemaker_local.aws.logs import MotoLogs
from tests.e2e.test_killed_server import wait_until
from tests.fakes.aws_server import ACCOUNT, aws_server

pytestmark = pytest.mark.slow

REGION = "eu-west-1"
GROUP = "/aws/sagemaker/Endpoints/e"


def version_2() -> str | None:
    """The first `aws` on the PATH that is version 2; the tests' own environment has version 1."""
    for directory in os.get_exec_path():
        found = Path(directory, "aws")
        if found.is_file() and os.access(found, os.X_OK):
            said = subprocess.run([found, "--version"], capture_output=True, text=True, timeout=60, check=False).stdout
            if said.startswith("aws-cli/2."):
                return str(found)
    return None


@pytest.fixture(scope="module")
def aws() -> str:
    found = version_2()
    if found is None:
        pytest.skip("version 2 of the AWS CLI is not on the PATH")
    return found


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    with aws_server(tmp_path) as served:
        yield served


def command(aws: str, url: str, *arguments: str) -> list[str]:
    return [aws, "--endpoint-url", url, "--region", REGION, "--no-cli-pager", "logs", "tail", GROUP, *arguments]


def environment(home: Path) -> dict[str, str]:
    credentials = {"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any"}
    # Into a file it would show what it follows by the 8 KiB.
    return {"HOME": str(home), "PATH": os.defpath, "PYTHONUNBUFFERED": "1", **credentials}


def test_a_container_that_is_followed(aws: str, url: str, tmp_path: Path) -> None:
    shown, sink = tmp_path / "shown", MotoLogs(ACCOUNT)
    follow = command(aws, url, "--follow", "--format", "short")
    with shown.open("w") as output, subprocess.Popen(follow, stdout=output, env=environment(tmp_path)) as tail:
        try:
            for number in range(2):
                sink.publish(REGION, GROUP, "AllTraffic/i-0/predict", [f"line {number}"])
                wait_until(lambda: f"line {number}\n" in shown.read_text(), f"line {number} is shown")  # noqa: B023
        finally:
            tail.terminate()
    assert [line.partition(" ")[2] for line in shown.read_text().splitlines()] == ["line 0", "line 1"]


def test_streams_and_text_are_chosen(aws: str, url: str, tmp_path: Path) -> None:
    for stream in ("AllTraffic/i-0/featurize", "AllTraffic/i-0/predict", "Shadow/i-1"):
        MotoLogs(ACCOUNT).publish(REGION, GROUP, stream, ["loaded", "asked once"])

    def tailed(*arguments: str) -> list[str]:
        done = subprocess.run(
            command(aws, url, *arguments), capture_output=True, text=True, env=environment(tmp_path), check=False
        )
        assert done.returncode == 0, done.stderr
        return [line.partition(" ")[2] for line in done.stdout.splitlines()]

    assert len(tailed("--since", "10m")) == 6
    assert tailed("--log-stream-name-prefix", "AllTraffic/", "--filter-pattern", "asked") == [
        "AllTraffic/i-0/featurize asked once",
        "AllTraffic/i-0/predict asked once",
    ]
    assert tailed("--log-stream-names", "Shadow/i-1", "--filter-pattern", '"loaded"') == ["Shadow/i-1 loaded"]
