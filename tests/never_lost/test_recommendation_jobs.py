"""Recommendation jobs of ten tests, run to their end, stopped and killed: no process, file or port stays behind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.test_killed_server import IMAGE, ROLE, artifact
from tests.fakes.aws_server import client
from tests.fakes.recommendations import payload_archive
from tests.fakes.server_process import ServerProcess, alive, server_process
from tests.never_lost.conftest import make_configs, says, status, wait_until

pytestmark = pytest.mark.never_lost

BLUE = says("blue")
TESTS = 10
LOAD = "include.sagemaker_local.load.worker"


@dataclass(frozen=True)
class Left:
    """What there is of a server besides its stored state."""

    processes: frozenset[tuple[int, str]]
    containers: frozenset[str]  # their directories
    ports: frozenset[int]  # on which any process of it listens


def left(server: ServerProcess, tmp_path: Path) -> Left:
    processes = server.descendants()
    pids = {pid for pid, _ in processes} | {server.process.pid}
    return Left(
        frozenset(processes),
        frozenset(path.name for path in (tmp_path / "data" / "run").glob("*")),
        frozenset(port for inode, port in listening().items() if inode in sockets(pids)),
    )


def listening() -> dict[str, int]:
    """The ports of this machine that somebody listens on, by the inode of the socket; see proc(5)."""
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    listed = [line.split() for line in lines]
    return {fields[9]: int(fields[1].partition(":")[2], 16) for fields in listed if fields[3] == "0A"}


def sockets(pids: set[int]) -> set[str]:
    """The inodes of the sockets that these processes hold."""
    found: set[str] = set()
    for pid in pids:
        try:
            links = [path.readlink().name for path in Path(f"/proc/{pid}/fd").iterdir()]
        except OSError:  # it ended meanwhile
            continue
        found.update(link[len("socket:[") : -1] for link in links if link.startswith("socket:["))
    return found


@contextmanager
def server_on(tmp_path: Path) -> Iterator[ServerProcess]:
    with server_process(tmp_path / "data", "--stage-seconds", "0.2") as server:
        yield server


def package(url: str) -> str:
    """A package with one container, which answers at once."""
    s3, sagemaker = client("s3", url), client("sagemaker", url)
    s3.put_object(Bucket="models", Key="payload.tar.gz", Body=payload_archive(b"x"))
    s3.put_object(Bucket="models", Key="model.tar.gz", Body=artifact(BLUE))
    container = {
        "Image": IMAGE,
        "ModelDataUrl": "s3://models/model.tar.gz",
        "Environment": {"SAGEMAKER_PROGRAM": "inference.py"},
        "Framework": "SAGEMAKER-SCIKIT-LEARN",
    }
    sagemaker.create_model_package_group(ModelPackageGroupName="group")
    made = sagemaker.create_model_package(
        ModelPackageGroupName="group",
        Domain="MACHINE_LEARNING",
        Task="CLASSIFICATION",
        SamplePayloadUrl="s3://models/payload.tar.gz",
        InferenceSpecification={
            "Containers": [container],
            "SupportedContentTypes": ["text/plain"],
            "SupportedResponseMIMETypes": ["text/plain"],
        },
    )
    return str(made["ModelPackageArn"])


def begin(url: str, *, tests: int = TESTS, endpoint: str | None = None) -> None:
    """A job of as many tests, each with a fleet of its own, one variable apart."""
    ranges = [{"Name": "A", "Value": ["1", "2", "3"]}, {"Name": "B", "Value": ["1", "2"]}]
    wanted = [
        {"InstanceType": name, "EnvironmentParameterRanges": {"CategoricalParameterRanges": ranges}}
        for name in ("ml.c5.large", "ml.m5.large")
    ]
    inputs: dict[str, Any] = {
        "ModelPackageVersionArn": package(url),
        "EndpointConfigurations": wanted,
        "ResourceLimit": {"MaxNumberOfTests": tests},
    }
    if endpoint is not None:
        inputs["Endpoints"] = [{"EndpointName": endpoint}]
    client("sagemaker", url).create_inference_recommendations_job(
        JobName="bench", JobType="Default", RoleArn=ROLE, InputConfig=inputs
    )


def job(url: str) -> dict[str, Any]:
    answer: dict[str, Any] = client("sagemaker", url).describe_inference_recommendations_job(JobName="bench")
    return answer


def ended(url: str) -> bool:
    return job(url)["Status"] in ("COMPLETED", "FAILED", "STOPPED")


def steps(url: str) -> list[Any]:
    answer = client("sagemaker", url).list_inference_recommendations_job_steps(JobName="bench")
    return list(answer["Steps"])


def is_loading(server: ServerProcess) -> bool:
    """Whether a load generator runs."""
    for pid, _ in server.descendants():
        try:
            if LOAD in Path(f"/proc/{pid}/cmdline").read_text():
                return True
        except OSError:
            continue
    return False


def test_a_job_of_ten_tests_leaves_nothing(tmp_path: Path) -> None:
    with server_on(tmp_path) as server:
        client("s3", server.url).create_bucket(Bucket="models")
        before = left(server, tmp_path)
        begin(server.url)
        wait_until(lambda: ended(server.url), "the job has ended")

        assert job(server.url)["Status"] == "COMPLETED", job(server.url)
        assert len(job(server.url)["InferenceRecommendations"]) == TESTS
        wait_until(lambda: left(server, tmp_path) == before, "nothing is left of it")


@pytest.mark.parametrize("loading", [False, True], ids=["while a fleet starts", "under load"])
def test_a_job_of_ten_tests_that_is_stopped_leaves_nothing(tmp_path: Path, loading: bool) -> None:
    with server_on(tmp_path) as server:
        client("s3", server.url).create_bucket(Bucket="models")
        before = left(server, tmp_path)
        begin(server.url)
        wait_until(lambda: len(steps(server.url)) == 2, "the second test has begun")
        wait_until(lambda: is_loading(server) is loading, f"a load generator runs: {loading}")
        client("sagemaker", server.url).stop_inference_recommendations_job(JobName="bench")
        wait_until(lambda: ended(server.url), "the job has ended")

        assert job(server.url)["Status"] == "STOPPED"
        assert not is_loading(server)
        wait_until(lambda: left(server, tmp_path) == before, "nothing is left of it")


def test_a_server_killed_under_load_leaves_nothing_and_takes_the_job_up_again(tmp_path: Path) -> None:
    with server_on(tmp_path) as server:
        make_configs(server.url, blue=BLUE)
        client("sagemaker", server.url).create_endpoint(EndpointName="e", EndpointConfigName="blue")
        wait_until(lambda: status(server.url) == "InService", "the endpoint serves")
        begin(server.url, tests=2, endpoint="e")
        wait_until(lambda: is_loading(server), "the load has begun")
        below = server.descendants()
        server.end(kill=True)
        wait_until(lambda: not alive(below), "every process below the server ends with it")

    with server_on(tmp_path) as server:
        wait_until(lambda: ended(server.url), "the job has ended")
        found = job(server.url)
        assert found["Status"] == "COMPLETED", found
        assert found["EndpointPerformances"][0]["Metrics"]["MaxInvocations"] > 0
        assert len(found["InferenceRecommendations"]) == 2
        wait_until(lambda: len(left(server, tmp_path).containers) == 1, "only what serves is left")
