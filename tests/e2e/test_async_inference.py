"""Asynchronous inference with a real server and container: through a kill -9, and to an SNS topic."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.e2e.test_killed_server import IMAGE, ROLE, artifact, at_rest, wait_until
from tests.fakes.aws_server import client
from tests.fakes.server_process import server_process

pytestmark = pytest.mark.slow

# Some inputs take longer than the test gives them, and some cannot be used.
CODE = """
import time

def model_fn(model_dir):
    return None

def input_fn(body, content_type):
    return body if isinstance(body, bytes) else body.encode()

def predict_fn(data, model):
    if data.startswith(b"fail"):
        raise ValueError("a bad row")
    time.sleep(8 if data.startswith(b"slow") else 0)
    return data

def output_fn(prediction, accept):
    return b"echo " + prediction
"""


def deploy(url: str, **output: Any) -> None:
    s3, sagemaker = client("s3", url), client("sagemaker", url)
    s3.create_bucket(Bucket="async")
    s3.put_object(Bucket="async", Key="model.tar.gz", Body=artifact(CODE))
    container = {
        "Image": IMAGE,
        "ModelDataUrl": "s3://async/model.tar.gz",
        "Environment": {"SAGEMAKER_PROGRAM": "inference.py", "SAGEMAKER_MODEL_SERVER_WORKERS": "1"},
    }
    sagemaker.create_model(ModelName="m", PrimaryContainer=container, ExecutionRoleArn=ROLE)
    sagemaker.create_endpoint_config(
        EndpointConfigName="c",
        ProductionVariants=[
            {"VariantName": "v", "ModelName": "m", "InstanceType": "ml.c5.large", "InitialInstanceCount": 1}
        ],
        AsyncInferenceConfig={
            "ClientConfig": {"MaxConcurrentInvocationsPerInstance": 1},
            "OutputConfig": {"S3OutputPath": "s3://async/out", "S3FailurePath": "s3://async/failed", **output},
        },
    )
    sagemaker.create_endpoint(EndpointName="e", EndpointConfigName="c")
    assert at_rest(url)["EndpointStatus"] == "InService"


def keys(url: str, prefix: str) -> list[str]:
    listed = client("s3", url).list_objects_v2(Bucket="async", Prefix=prefix)
    return [item["Key"] for item in listed.get("Contents", [])]


def content(url: str, location: str) -> bytes:
    body: bytes = client("s3", url).get_object(Bucket="async", Key=location.removeprefix("s3://async/"))["Body"].read()
    return body


def test_what_was_acknowledged_is_answered_after_kill_9(tmp_path: Path) -> None:
    with server_process(tmp_path / "data") as server:
        deploy(server.url)
        runtime = client("sagemaker-runtime", server.url)
        # The first one is under way and the others wait when the server is killed.
        runtime.invoke_endpoint_async(EndpointName="e", Body=b"slow", InferenceId="slow", InvocationTimeoutSeconds=3)
        answers = [
            runtime.invoke_endpoint_async(EndpointName="e", Body=b"row %d" % number, ContentType="text/csv")
            for number in range(3)
        ]
        assert answers[0]["ResponseMetadata"]["HTTPStatusCode"] == 202
        with pytest.raises(ClientError, match="takes asynchronous invocations only"):
            runtime.invoke_endpoint(EndpointName="e", Body=b"1")
        server.end(kill=True)

    with server_process(tmp_path / "data") as server:
        wait_until(lambda: len(keys(server.url, "out/")) == 3, "every request has its result")
        for number, answer in enumerate(answers):
            assert content(server.url, answer["OutputLocation"]) == b"echo row %d" % number
        wait_until(lambda: keys(server.url, "failed/") == ["failed/slow-error.out"], "the slow one has timed out")
        assert b"Received server error (0) from model" in content(server.url, "s3://async/failed/slow-error.out")


def test_results_come_from_s3_and_are_told_to_topics(tmp_path: Path) -> None:
    with server_process(tmp_path / "data") as server:
        sns, sqs = client("sns", server.url), client("sqs", server.url)
        topics = {name: sns.create_topic(Name=name)["TopicArn"] for name in ("good", "bad")}
        queue = sqs.create_queue(QueueName="told")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        for topic in topics.values():
            sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        deploy(server.url, NotificationConfig={"SuccessTopic": topics["good"], "ErrorTopic": topics["bad"]})
        client("s3", server.url).put_object(Bucket="async", Key="in/rows.csv", Body=b"1,2")
        runtime = client("sagemaker-runtime", server.url)
        good = runtime.invoke_endpoint_async(
            EndpointName="e", InputLocation="s3://async/in/rows.csv", ContentType="text/csv", Filename="rows.out"
        )
        bad = runtime.invoke_endpoint_async(EndpointName="e", Body=b"fail", InferenceId="bad")
        assert good["OutputLocation"] == "s3://async/out/rows.out"
        assert bad["FailureLocation"] == "s3://async/failed/bad-error.out"
        told: dict[str, Any] = {}

        def both_told() -> bool:
            for message in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
                said = json.loads(json.loads(message["Body"])["Message"])
                told[said["inferenceId"]] = said
            return len(told) == 2

        wait_until(both_told, "both topics are told")
        assert content(server.url, good["OutputLocation"]) == b"echo 1,2"
        assert told[good["InferenceId"]]["invocationStatus"] == "Completed"
        assert told[good["InferenceId"]]["requestParameters"]["inputLocation"] == "s3://async/in/rows.csv"
        assert told["bad"]["failureReason"].startswith("ServerError: Received server error (500) from model.")
