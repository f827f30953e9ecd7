"""A disk without room: refusals that say so, earlier data intact, and everything works once there is room again."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.e2e.test_killed_server import ROLE
from tests.fakes.aws_server import client
from tests.fakes.server_process import server_process
from tests.never_lost.conftest import baking, described, guardrails, make_alarm, make_configs, says, status, wait_until

pytestmark = pytest.mark.never_lost

ALARM: dict[str, Any] = {
    "Namespace": "N",
    "MetricName": "M",
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 1,
    "ComparisonOperator": "GreaterThanThreshold",
}


class Filler:
    """Takes all the room there is on a disk, and gives it back."""

    def __init__(self, disk: Path) -> None:
        self._path = disk / "filler"

    def fill(self) -> None:
        with suppress(OSError), self._path.open("ab", buffering=0) as file:
            while True:
                file.write(b"x" * 4096)

    def free(self) -> None:
        self._path.unlink()


def refused(call: Any, **request: Any) -> ClientError:
    with pytest.raises(ClientError) as error:
        call(**request)
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] >= 500
    return error.value


def models_until_refused(url: str, filler: Filler) -> list[str]:
    """Names of models that were acknowledged on a full disk: SQLite's files may have had some room of their own."""
    sagemaker, names = client("sagemaker", url), list[str]()
    for number in range(2000):
        filler.fill()
        try:
            sagemaker.create_model(
                ModelName=f"late-{number}", ExecutionRoleArn=ROLE, PrimaryContainer={"Image": "image"}
            )
        except ClientError as error:
            assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 500
            assert "check free space" in error.response["Error"]["Message"]
            return names
        names.append(f"late-{number}")
    raise AssertionError("the full disk took 2000 models")


def invoke(url: str) -> bytes:
    answer = client("sagemaker-runtime", url).invoke_endpoint(EndpointName="e", Body=b"x", ContentType="text/plain")
    return bytes(answer["Body"].read())


def test_a_full_disk_costs_nothing_that_was_acknowledged(small_disk: Path) -> None:
    filler = Filler(small_disk)
    with server_process(small_disk / "data", "--time-scale", "0.01") as server:
        url = server.url
        make_configs(url, blue=says("blue"), green=says("green"))
        make_alarm(url)
        s3, sagemaker, cloudwatch = (client(name, url) for name in ("s3", "sagemaker", "cloudwatch"))
        s3.put_object(Bucket="models", Key="kept", Body=b"before")
        sqs = client("sqs", url)
        queue = sqs.create_queue(QueueName="q")["QueueUrl"]
        sqs.send_message(QueueUrl=queue, MessageBody="before")
        sagemaker.create_endpoint(EndpointName="e", EndpointConfigName="blue")
        wait_until(lambda: status(url) == "InService", "the endpoint serves")

        late = models_until_refused(url, filler)
        error = refused(s3.put_object, Bucket="models", Key="kept", Body=b"y" * 100_000)
        assert error.response["Error"]["Code"] == "InsufficientStorage"
        assert "disk cannot take it" in error.response["Error"]["Message"]
        refused(cloudwatch.put_metric_alarm, AlarmName="late", **ALARM)
        assert (
            refused(sqs.send_message, QueueUrl=queue, MessageBody="y" * 100_000).response["Error"]["Code"]
            == "InsufficientStorage"
        )
        refused(sagemaker.update_endpoint, EndpointName="e", EndpointConfigName="green")
        refused(sagemaker.delete_endpoint, EndpointName="e")
        assert (status(url), invoke(url)) == ("InService", b"blue x")
        assert s3.get_object(Bucket="models", Key="kept")["Body"].read() == b"before"
        assert [one["AlarmName"] for one in cloudwatch.describe_alarms()["MetricAlarms"]] == ["too-slow"]

        filler.free()
        s3.put_object(Bucket="models", Key="kept", Body=b"after")
        sqs.send_message(QueueUrl=queue, MessageBody="after")
        cloudwatch.put_metric_alarm(AlarmName="late", **ALARM)
        sagemaker.update_endpoint(EndpointName="e", EndpointConfigName="green")
        wait_until(lambda: status(url) == "InService", "the update is through")
        assert invoke(url) == b"green x"
        server.end(kill=True)
    with server_process(small_disk / "data") as server:
        wait_until(lambda: status(server.url) == "InService", "the endpoint is back")
        assert invoke(server.url) == b"green x"
        assert client("s3", server.url).get_object(Bucket="models", Key="kept")["Body"].read() == b"after"
        for name in late:
            client("sagemaker", server.url).describe_model(ModelName=name)
        assert len(client("cloudwatch", server.url).describe_alarms()["MetricAlarms"]) == 2
        sqs = client("sqs", server.url)
        queue = sqs.get_queue_url(QueueName="q")["QueueUrl"]
        found = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
        assert [one["Body"] for one in found] == ["before", "after"]


def test_a_deployment_whose_end_finds_the_disk_full_ends_once_there_is_room(small_disk: Path) -> None:
    filler = Filler(small_disk)
    with server_process(small_disk / "data", "--time-scale", "0.01") as server:
        url = server.url
        make_configs(url, blue=says("blue"), green=says("green"))
        make_alarm(url)
        client("sagemaker", url).create_endpoint(EndpointName="e", EndpointConfigName="blue")
        wait_until(lambda: status(url) == "InService", "the endpoint serves")
        client("sagemaker", url).update_endpoint(
            EndpointName="e", EndpointConfigName="green", DeploymentConfig=guardrails("ALL_AT_ONCE", 2000)
        )
        wait_until(lambda: baking(url), "it bakes")
        models_until_refused(url, filler)
        wait_until(lambda: _old_fleet_is_gone(small_disk), "the old fleet has ended, which cannot be written down")
        assert (status(url), invoke(url)) == ("Updating", b"green x")
        filler.free()
        wait_until(lambda: status(url) == "InService", "it is written down")
        assert described(url)["EndpointConfigName"] == "green"


def _old_fleet_is_gone(disk: Path) -> bool:
    return len(list((disk / "data" / "run").glob("*"))) == 1
