"""A real server with its gateway processes and real containers: response streams, and containers that are named."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError, EventStreamError

from tests.e2e.test_killed_server import IMAGE, ROLE, artifact, wait_until
from tests.fakes.aws_server import client
from tests.fakes.server_process import server_process

pytestmark = pytest.mark.slow

CODE = """
import os

def model_fn(model_dir):
    return os.environ["WHO"]

def transform_fn(model, body, content_type, accept):
    body = body if isinstance(body, bytes) else body.encode()
    if model == "echo":
        return b"seen by echo: " + body, "text/plain"
    return tokens(body), "application/jsonlines"

def tokens(body):
    for word in body.split():
        if word == b"fail":
            raise ValueError("no more")
        yield word + b" "
"""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with server_process(tmp_path_factory.mktemp("streams") / "data") as server:
        s3, sagemaker = client("s3", server.url), client("sagemaker", server.url)
        s3.create_bucket(Bucket="models")
        s3.put_object(Bucket="models", Key="model.tar.gz", Body=artifact(CODE))
        containers = [
            {
                "ContainerHostname": name,
                "Image": IMAGE,
                "ModelDataUrl": "s3://models/model.tar.gz",
                "Environment": {"SAGEMAKER_PROGRAM": "inference.py", "WHO": name},
            }
            for name in ("echo", "tokens")
        ]
        for mode in ("Serial", "Direct"):
            sagemaker.create_model(
                ModelName=mode, Containers=containers, ExecutionRoleArn=ROLE, InferenceExecutionConfig={"Mode": mode}
            )
            variant = {"VariantName": "v", "ModelName": mode, "InstanceType": "ml.c5.large", "InitialInstanceCount": 1}
            sagemaker.create_endpoint_config(EndpointConfigName=mode, ProductionVariants=[variant])
            sagemaker.create_endpoint(EndpointName=mode, EndpointConfigName=mode)
        for mode in ("Serial", "Direct"):
            wait_until(lambda: _status(sagemaker, mode) == "InService", "the endpoint is in service")  # noqa: B023
        yield server.url


def _status(sagemaker: Any, name: str) -> str:
    return str(sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"])


def test_a_pipeline_s_last_container_streams(url: str) -> None:
    runtime = client("sagemaker-runtime", url)
    answered = runtime.invoke_endpoint_with_response_stream(
        EndpointName="Serial", Body=b"a b", ContentType="text/plain"
    )
    assert answered["ContentType"] == "application/jsonlines"
    assert answered["InvokedProductionVariant"] == "v"
    assert b"".join(part["PayloadPart"]["Bytes"] for part in answered["Body"]) == b"seen by echo: a b "
    whole = runtime.invoke_endpoint(EndpointName="Serial", Body=b"a b", ContentType="text/plain")
    assert whole["Body"].read() == b"seen by echo: a b "


def test_a_stream_that_user_code_breaks_off_is_an_error_in_its_middle(url: str) -> None:
    runtime = client("sagemaker-runtime", url)
    answered = runtime.invoke_endpoint_with_response_stream(EndpointName="Serial", Body=b"a fail b", ContentType="x/y")
    found: list[bytes] = []
    with pytest.raises(EventStreamError, match="ModelStreamError"):
        found.extend(part["PayloadPart"]["Bytes"] for part in answered["Body"])
    again = runtime.invoke_endpoint(EndpointName="Serial", Body=b"fine", ContentType="x/y")
    assert again["Body"].read() == b"seen by echo: fine "


def test_each_container_of_a_direct_endpoint_answers_by_its_name(url: str) -> None:
    runtime = client("sagemaker-runtime", url)

    def ask(host: str | None, body: bytes = b"a b") -> bytes:
        target = {} if host is None else {"TargetContainerHostname": host}
        answer = runtime.invoke_endpoint(EndpointName="Direct", Body=body, ContentType="text/plain", **target)
        return bytes(answer["Body"].read())

    assert ask("echo") == b"seen by echo: a b"
    assert ask("tokens") == b"a b "
    with pytest.raises(ClientError, match="must name one of them with TargetContainerHostname"):
        ask(None)
    with pytest.raises(ClientError, match="Container nobody not found in endpoint Direct"):
        ask("nobody")
    streamed = runtime.invoke_endpoint_with_response_stream(
        EndpointName="Direct", Body=b"a b", ContentType="text/plain", TargetContainerHostname="tokens"
    )
    assert b"".join(part["PayloadPart"]["Bytes"] for part in streamed["Body"]) == b"a b "
