"""The whole server with its containers on Docker: deployed, invoked, killed, refused; and the engine killed."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from include.sagemaker_local.runtime.docker_engine import DockerEngine
from tests.contract.runtime.conftest import DIRECTORY_VARIABLE
from tests.fakes.archives import tar_gz
from tests.fakes.aws_server import client
from tests.fakes.docker_daemon import kill_daemon, start_daemon
from tests.fakes.docker_images import LABELLED, UNLABELLED
from tests.fakes.process_containers import SKLEARN
from tests.fakes.server_process import ServerProcess, server_process

pytestmark = pytest.mark.slow

ROLE = "arn:aws:iam::123456789012:role/nobody-made-this-one"
BOUND_S = 90.0
SHOUT = b"""
def model_fn(model_dir):
    return None

def transform_fn(model, body, content_type, accept):
    return (body if isinstance(body, bytes) else body.encode()).upper(), content_type
"""


@pytest.fixture
def server(docker_socket: Path, tmp_path: Path) -> Iterator[ServerProcess]:
    with docker_server(docker_socket, tmp_path / "data") as started:
        yield started


def docker_server(socket: Path, data_dir: Path, runtime: str = "docker", *arguments: str) -> Any:
    return server_process(data_dir, "--runtime", runtime, "--docker-socket", str(socket), *arguments)


def until(condition: Callable[[], object], what: str) -> None:
    deadline_s = time.monotonic() + BOUND_S
    while not condition():
        assert time.monotonic() < deadline_s, f"not within {BOUND_S:g} s: {what}"
        time.sleep(0.1)


def deploy(url: str, *images: str) -> None:
    """An endpoint `e` of containers of these images."""
    s3, sagemaker = client("s3", url), client("sagemaker", url)
    s3.create_bucket(Bucket="models")
    s3.put_object(Bucket="models", Key="model.tar.gz", Body=tar_gz({"code/inference.py": SHOUT}))
    containers = [
        {"ContainerHostname": f"part{n}", "Image": image, "ModelDataUrl": "s3://models/model.tar.gz"}
        for n, image in enumerate(images)
    ]
    sagemaker.create_model(ModelName="m", Containers=containers, ExecutionRoleArn=ROLE)
    variant = {"VariantName": "AllTraffic", "ModelName": "m", "InstanceType": "ml.c5.large", "InitialInstanceCount": 1}
    sagemaker.create_endpoint_config(EndpointConfigName="c", ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName="e", EndpointConfigName="c")


def status(url: str) -> str:
    return str(client("sagemaker", url).describe_endpoint(EndpointName="e")["EndpointStatus"])


def in_service(url: str) -> None:
    until(lambda: status(url) in ("InService", "Failed"), "the endpoint is at rest")
    assert status(url) == "InService", client("sagemaker", url).describe_endpoint(EndpointName="e")


def invoke(url: str) -> bytes:
    answer = client("sagemaker-runtime", url).invoke_endpoint(EndpointName="e", ContentType="text/csv", Body=b"a,1")
    return bytes(answer["Body"].read())


def answers(url: str) -> bool:
    try:
        return invoke(url) == b"a,1"
    except ClientError:
        return False


def left(socket: Path) -> list[Any]:
    """Our containers, running or not, and networks."""
    filters = {"filters": json.dumps({"label": ["sluice.run"]})}

    async def listed() -> list[Any]:
        engine = DockerEngine(socket)
        containers = await engine.call("GET", "/containers/json", {"all": "1", **filters})
        return [*containers, *(await engine.call("GET", "/networks", filters))]

    return asyncio.run(listed())


def test_a_pipeline_is_served_and_nothing_is_left_after_kill_9_or_sigterm(docker_socket: Path, tmp_path: Path) -> None:
    with docker_server(docker_socket, tmp_path / "data") as server:
        deploy(server.url, LABELLED, LABELLED)
        in_service(server.url)
        assert invoke(server.url) == b"a,1"
        assert len(left(docker_socket)) == 3  # two containers and the network of their instance
        server.end(kill=True)
    with docker_server(docker_socket, tmp_path / "data") as server:  # while the watchdog of the first one is at work
        in_service(server.url)
        assert invoke(server.url) == b"a,1"
        until(lambda: len(left(docker_socket)) == 3, "those of the first server are gone")
        server.end(kill=True)
    until(lambda: not left(docker_socket), "the watchdog has removed everything")
    with docker_server(docker_socket, tmp_path / "data") as server:
        in_service(server.url)
        assert invoke(server.url) == b"a,1"
        assert server.end() == 0
        assert not left(docker_socket)


def test_metrics_of_an_endpoint_and_a_transform_job_beside_it(docker_socket: Path, tmp_path: Path) -> None:
    with docker_server(docker_socket, tmp_path / "data", "docker", "--metrics-seconds", "0.5") as server:
        deploy(server.url, LABELLED, LABELLED)
        in_service(server.url)
        until(lambda: hosts(server.url) == {"CPUUtilization": 1, "MemoryUtilization": 1}, "what its instance uses")

        s3, sagemaker = client("s3", server.url), client("sagemaker", server.url)
        s3.put_object(Bucket="models", Key="in/rows.csv", Body=b"a,1\nb,2\n")
        source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://models/in/"}}
        sagemaker.create_transform_job(
            TransformJobName="job",
            ModelName="m",
            TransformInput={"DataSource": source, "ContentType": "text/csv", "SplitType": "Line"},
            TransformOutput={"S3OutputPath": "s3://models/out", "AssembleWith": "Line"},
            TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 2},
        )
        until(lambda: job(server.url)["TransformJobStatus"] != "InProgress", "the job has ended")
        assert job(server.url)["TransformJobStatus"] == "Completed", job(server.url)
        assert s3.get_object(Bucket="models", Key="out/rows.csv.out")["Body"].read() == b"a,1\nb,2\n"
        assert len(left(docker_socket)) == 3  # the endpoint's


def job(url: str) -> dict[str, Any]:
    return dict(client("sagemaker", url).describe_transform_job(TransformJobName="job"))


def hosts(url: str) -> dict[str, int]:
    """How many instances have each of the metrics."""
    found = client("cloudwatch", url).list_metrics(Namespace="/aws/sagemaker/Endpoints")["Metrics"]
    return dict(Counter(one["MetricName"] for one in found if [each["Name"] for each in one["Dimensions"]] == ["Host"]))


def test_an_image_without_the_label_fails_the_endpoint_in_the_words_of_aws(server: ServerProcess) -> None:
    deploy(server.url, LABELLED, UNLABELLED)
    until(lambda: status(server.url) == "Failed", "the endpoint has failed")
    reason = client("sagemaker", server.url).describe_endpoint(EndpointName="e")["FailureReason"]
    assert "Your Ecr Image sluice-test/contract:unlabelled does not contain required" in reason


def test_auto_runs_a_chain_of_both(docker_socket: Path, tmp_path: Path) -> None:
    with docker_server(docker_socket, tmp_path / "data", "auto") as server:
        deploy(server.url, SKLEARN, LABELLED)
        in_service(server.url)
        assert invoke(server.url) == b"A,1"
        assert len(left(docker_socket)) == 2


def test_kill_9_of_the_engine_is_made_good_once_there_is_one_again(docker_socket: Path, server: ServerProcess) -> None:
    """Only with an engine that was started for the tests: nobody else's is killed."""
    directory = os.environ.get(DIRECTORY_VARIABLE)
    if not directory:
        pytest.skip("the engine was not started for the tests, so it is not killed")
    deploy(server.url, LABELLED, LABELLED)
    in_service(server.url)
    kill_daemon(Path(directory))
    until(lambda: not answers(server.url), "the containers are out of reach")
    start_daemon(Path(directory))
    until(lambda: answers(server.url), "the containers were started again")
    assert server.end() == 0
    assert not left(docker_socket)
