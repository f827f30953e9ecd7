"""A server with a real container, killed without warning and started again; and one that is told to stop."""

from __future__ import annotations

import io
import tarfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.fakes.aws_server import client
from tests.fakes.server_process import alive, server_process

pytestmark = pytest.mark.slow

IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"
ROLE = "arn:aws:iam::123456789012:role/nobody-made-this-one"
BOUND_S = 60.0
CODE = """
def model_fn(model_dir):
    return "m"

def input_fn(body, content_type):
    return body

def predict_fn(data, model):
    return data.decode() if isinstance(data, bytes) else data

def output_fn(prediction, accept):
    return f"echo {prediction}".encode()
"""
BROKEN = "raise RuntimeError('the model of the broken container cannot be loaded')\n"


def artifact(code: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        member = tarfile.TarInfo("code/inference.py")
        member.size = len(code.encode())
        archive.addfile(member, io.BytesIO(code.encode()))
    return buffer.getvalue()


def wait_until(condition: Callable[[], object], what: str) -> None:
    deadline_s = time.monotonic() + BOUND_S
    while not condition():
        assert time.monotonic() < deadline_s, f"not within {BOUND_S:g} s: {what}"
        time.sleep(0.05)


def deploy(url: str, code: str, *names: str) -> None:
    """An endpoint `e` of containers with that code."""
    s3, sagemaker = client("s3", url), client("sagemaker", url)
    s3.create_bucket(Bucket="models")
    s3.put_object(Bucket="models", Key="model.tar.gz", Body=artifact(code))
    containers = [
        {
            "ContainerHostname": name,
            "Image": IMAGE,
            "ModelDataUrl": "s3://models/model.tar.gz",
            "Environment": {"SAGEMAKER_PROGRAM": "inference.py"},
        }
        for name in names
    ]
    sagemaker.create_model(ModelName="m", Containers=containers, ExecutionRoleArn=ROLE)
    variant = {"VariantName": "AllTraffic", "ModelName": "m", "InstanceType": "ml.c5.large", "InitialInstanceCount": 1}
    sagemaker.create_endpoint_config(EndpointConfigName="c", ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName="e", EndpointConfigName="c")


def describe(url: str) -> dict[str, Any]:
    answer: dict[str, Any] = client("sagemaker", url).describe_endpoint(EndpointName="e")
    return answer


def at_rest(url: str) -> dict[str, Any]:
    wait_until(lambda: describe(url)["EndpointStatus"] in ("InService", "Failed"), "the endpoint is at rest")
    return describe(url)


def invoke(url: str) -> bytes:
    answer = client("sagemaker-runtime", url).invoke_endpoint(EndpointName="e", Body=b"hi", ContentType="text/csv")
    body: bytes = answer["Body"].read()
    return body


def test_what_was_acknowledged_is_there_after_kill_9_and_nothing_is_left_after_sigterm(tmp_path: Path) -> None:
    with server_process(tmp_path / "data") as server:
        deploy(server.url, CODE, "only")
        assert at_rest(server.url)["EndpointStatus"] == "InService"
        assert invoke(server.url) == b"echo hi"
        orphans = server.descendants()
        assert orphans
        client("s3", server.url).put_object(Bucket="models", Key="last", Body=b"acknowledged")
        server.end(kill=True)
    wait_until(lambda: not alive(orphans), "containers die with the server that was killed")

    with server_process(tmp_path / "data") as server:
        wait_until(lambda: describe(server.url)["EndpointStatus"] == "InService", "the endpoint is back")
        assert describe(server.url)["EndpointConfigName"] == "c"
        assert invoke(server.url) == b"echo hi"
        assert client("s3", server.url).get_object(Bucket="models", Key="last")["Body"].read() == b"acknowledged"
        below = server.descendants()
        assert below
        assert server.end() == 0
        assert alive(below) == set()


def test_a_container_that_cannot_load_its_model_says_so_in_its_log_stream(tmp_path: Path) -> None:
    with server_process(tmp_path / "data") as server:
        deploy(server.url, BROKEN, "first", "second")
        failed = at_rest(server.url)
        assert failed["EndpointStatus"] == "Failed"
        assert failed["FailureReason"] == (
            "The first and second containers for production variant AllTraffic did not pass the ping health check. "
            "Please check CloudWatch logs for this endpoint."
        )
        logs, group = client("logs", server.url), "/aws/sagemaker/Endpoints/e"
        streams = [one["logStreamName"] for one in logs.describe_log_streams(logGroupName=group)["logStreams"]]
        assert sorted(name.rpartition("/")[2] for name in streams) == ["first", "second"]
        for stream in streams:
            events = logs.get_log_events(logGroupName=group, logStreamName=stream, startFromHead=True)["events"]
            assert any("the model of the broken container cannot be loaded" in event["message"] for event in events)
        sagemaker = client("sagemaker", server.url)
        sagemaker.delete_endpoint(EndpointName="e")
        with pytest.raises(ClientError, match="Could not find endpoint"):
            wait_until(lambda: not describe(server.url), "the endpoint is gone")
