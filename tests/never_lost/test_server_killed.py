"""`kill -9` of the server at chosen moments: what was acknowledged is there or comes about, and no process is left."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.e2e.test_killed_server import ROLE
from tests.fakes.aws_server import client
from tests.fakes.server_process import ServerProcess, alive, server_process
from tests.never_lost.conftest import (
    ALARM,
    SLOW,
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

BLUE, GREEN = says("blue"), says("green")
STREAM = {"logGroupName": "g", "logStreamName": "s"}


@contextmanager
def server_on(tmp_path: Path) -> Iterator[ServerProcess]:
    with server_process(tmp_path / "data", "--time-scale", "0.01", "--stage-seconds", "0.3") as server:
        yield server


def kill(server: ServerProcess) -> None:
    """SIGKILL; returns when nothing of it runs any more."""
    below = server.descendants()
    server.end(kill=True)
    wait_until(lambda: not alive(below), "every process below the server ends with it")


def create(url: str) -> None:
    client("sagemaker", url).create_endpoint(EndpointName="e", EndpointConfigName="blue")


def update(url: str, kind: str, wait_s: int = 300) -> None:
    deployment = guardrails(kind, wait_s)
    client("sagemaker", url).update_endpoint(EndpointName="e", EndpointConfigName="green", DeploymentConfig=deployment)


def in_service(url: str) -> None:
    wait_until(lambda: status(url) in ("InService", "Failed"), "the endpoint is at rest")
    assert status(url) == "InService", described(url)


def invoke(url: str) -> bytes:
    answer = client("sagemaker-runtime", url).invoke_endpoint(EndpointName="e", Body=b"x", ContentType="text/plain")
    return bytes(answer["Body"].read())


def only_what_serves(tmp_path: Path, server: ServerProcess) -> None:
    """No more directories of containers than instances."""
    wait_until(lambda: len(list(files(tmp_path))) == instances(server), "nothing else is left")


def files(tmp_path: Path) -> Iterator[Path]:
    """What there is of containers on disk."""
    return (tmp_path / "data" / "run").glob("*")


def instances(server: ServerProcess) -> int:
    return sum(variant["CurrentInstanceCount"] for variant in described(server.url)["ProductionVariants"])


def event(message: str) -> dict[str, Any]:
    return {"timestamp": int(time.time() * 1000), "message": message}


def messages(url: str) -> Iterator[str]:
    """The bodies of all messages in the queue."""
    sqs = client("sqs", url)
    queue = sqs.get_queue_url(QueueName="q")["QueueUrl"]
    while found := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
        yield from (one["Body"] for one in found)


def tagged_bucket(s3: Any, name: str) -> None:
    s3.create_bucket(Bucket=name)
    s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": [{"Key": "name", "Value": name}]})


def test_every_acknowledged_write_is_there(tmp_path: Path) -> None:
    kinds = ("object", "version", "setting", "model", "alarm", "message", "event", "datum")
    acknowledged: dict[str, list[str]] = {kind: [] for kind in kinds}
    enough, lock = threading.Event(), threading.Lock()

    def note(kind: str, name: str) -> None:
        with lock:
            acknowledged[kind].append(name)
            if min(map(len, acknowledged.values())) >= 20:
                enough.set()

    def write(kind: str, one: Callable[[str], object]) -> None:
        try:
            for number in range(100_000):
                one(f"{kind}-{number}")
                note(kind, f"{kind}-{number}")
        except Exception:  # the server is gone: what this one was about was not acknowledged
            return

    with server_on(tmp_path) as server:
        s3, sagemaker = client("s3", server.url), client("sagemaker", server.url)
        s3.create_bucket(Bucket="models")
        s3.create_bucket(Bucket="old")
        s3.put_bucket_versioning(Bucket="old", VersioningConfiguration={"Status": "Enabled"})
        container = {"Image": "image"}
        alarm: dict[str, Any] = {
            "Namespace": "N",
            "MetricName": "M",
            "Statistic": "Sum",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 1,
            "ComparisonOperator": "GreaterThanThreshold",
        }
        put_alarm = client("cloudwatch", server.url).put_metric_alarm
        sqs, logs, metrics = (client(name, server.url) for name in ("sqs", "logs", "cloudwatch"))
        queue = sqs.create_queue(QueueName="q")["QueueUrl"]
        logs.create_log_group(logGroupName="g")
        logs.create_log_stream(logGroupName="g", logStreamName="s")
        writers = [
            threading.Thread(target=write, args=(kind, one))
            for kind, one in (
                ("object", lambda name: s3.put_object(Bucket="models", Key=name, Body=name.encode() * 1000)),
                ("version", lambda name: s3.put_object(Bucket="old", Key="one", Body=name.encode())),
                ("setting", lambda name: tagged_bucket(s3, name)),
                (
                    "model",
                    lambda name: sagemaker.create_model(
                        ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer=container
                    ),
                ),
                ("alarm", lambda name: put_alarm(AlarmName=name, **alarm)),
                ("message", lambda name: sqs.send_message(QueueUrl=queue, MessageBody=name)),
                ("event", lambda name: logs.put_log_events(logEvents=[event(name)], **STREAM)),
                (
                    "datum",
                    lambda name: metrics.put_metric_data(Namespace="N", MetricData=[{"MetricName": name, "Value": 1}]),
                ),
            )
        ]
        for writer in writers:
            writer.start()
        assert enough.wait(60)
        server.end(kill=True)
        for writer in writers:
            writer.join()
    with server_on(tmp_path) as server:
        s3 = client("s3", server.url)
        for name in acknowledged["object"]:
            assert s3.get_object(Bucket="models", Key=name)["Body"].read() == name.encode() * 1000
        versions = [one["VersionId"] for one in s3.list_object_versions(Bucket="old")["Versions"]]
        held = {s3.get_object(Bucket="old", Key="one", VersionId=one)["Body"].read().decode() for one in versions}
        assert set(acknowledged["version"]) <= held
        for name in acknowledged["setting"]:
            assert s3.get_bucket_tagging(Bucket=name)["TagSet"] == [{"Key": "name", "Value": name}]
        for name in acknowledged["model"]:
            client("sagemaker", server.url).describe_model(ModelName=name)
        pages = client("cloudwatch", server.url).get_paginator("describe_alarms").paginate()
        held = {one["AlarmName"] for page in pages for one in page["MetricAlarms"]}
        assert set(acknowledged["alarm"]) <= held
        assert set(acknowledged["message"]) <= set(messages(server.url))
        pages = client("logs", server.url).get_paginator("filter_log_events").paginate(logGroupName="g")
        assert set(acknowledged["event"]) <= {one["message"] for page in pages for one in page["events"]}
        pages = client("cloudwatch", server.url).get_paginator("list_metrics").paginate(Namespace="N")
        assert set(acknowledged["datum"]) <= {one["MetricName"] for page in pages for one in page["Metrics"]}


def test_during_a_create(tmp_path: Path) -> None:
    with server_on(tmp_path) as server:
        make_configs(server.url, blue=BLUE)
        create(server.url)
        kill(server)  # acknowledged, and nothing more
    with server_on(tmp_path) as server:
        wait_until(lambda: list(files(tmp_path)), "its container is being started")
        kill(server)
    with server_on(tmp_path) as server:
        in_service(server.url)
        assert invoke(server.url) == b"blue x"
        only_what_serves(tmp_path, server)


@pytest.mark.parametrize("kind", ["CANARY", "ROLLING"])
def test_during_a_bake(tmp_path: Path, kind: str) -> None:
    with server_on(tmp_path) as server:
        make_configs(server.url, 2, blue=BLUE, green=GREEN)
        make_alarm(server.url)
        create(server.url)
        in_service(server.url)
        update(server.url, kind, wait_s=3600)
        wait_until(lambda: baking(server.url), "it bakes")
        kill(server)
    with server_on(tmp_path) as server:
        wait_until(lambda: baking(server.url), "it was begun again")
        set_alarm(server.url, "ALARM")
        in_service(server.url)
        shown = described(server.url)
        assert (shown["EndpointConfigName"], ALARM in shown["FailureReason"]) == ("blue", True)
        only_what_serves(tmp_path, server)


def test_during_an_update(tmp_path: Path) -> None:
    with server_on(tmp_path) as server:
        make_configs(server.url, blue=BLUE, green=GREEN)
        make_alarm(server.url)
        create(server.url)
        in_service(server.url)
        update(server.url, "LINEAR", wait_s=10)
        kill(server)
    with server_on(tmp_path) as server:
        in_service(server.url)
        assert (described(server.url)["EndpointConfigName"], invoke(server.url)) == ("green", b"green x")
        assert "FailureReason" not in described(server.url)
        only_what_serves(tmp_path, server)


def test_during_a_rollback(tmp_path: Path) -> None:
    with server_on(tmp_path) as server:
        make_configs(server.url, blue=says("blue", SLOW), green=says("green", SLOW))
        make_alarm(server.url)
        create(server.url)
        in_service(server.url)
        update(server.url, "ALL_AT_ONCE", wait_s=3600)
        wait_until(lambda: baking(server.url), "it bakes")
        request = threading.Thread(target=_ignoring_errors, args=(invoke, server.url))
        request.start()  # on green, which is drained before the rollback is over
        wait_until(lambda: _log_has(tmp_path, "green"), "green has the traffic")
        set_alarm(server.url, "ALARM")
        wait_until(lambda: status(server.url) in ("RollingBack", "InService"), "it goes back")
        kill(server)
        request.join()
    with server_on(tmp_path) as server:
        in_service(server.url)
        assert (described(server.url)["EndpointConfigName"], invoke(server.url)) == ("blue", b"blue x")
        assert ALARM in described(server.url)["FailureReason"]


def test_during_a_change_of_capacity(tmp_path: Path) -> None:
    with server_on(tmp_path) as server:
        make_configs(server.url, blue=BLUE)
        create(server.url)
        in_service(server.url)
        change = [{"VariantName": "AllTraffic", "DesiredInstanceCount": 2}]
        client("sagemaker", server.url).update_endpoint_weights_and_capacities(
            EndpointName="e", DesiredWeightsAndCapacities=change
        )
        kill(server)
    with server_on(tmp_path) as server:
        in_service(server.url)
        assert instances(server) == 2
        only_what_serves(tmp_path, server)


def test_during_a_delete(tmp_path: Path) -> None:
    with server_on(tmp_path) as server:
        make_configs(server.url, blue=says("blue", SLOW))
        create(server.url)
        in_service(server.url)
        request = threading.Thread(target=_ignoring_errors, args=(invoke, server.url))
        request.start()
        client("sagemaker", server.url).delete_endpoint(EndpointName="e")
        kill(server)
        request.join()
    with server_on(tmp_path) as server:
        with pytest.raises(ClientError, match="Could not find endpoint"):
            wait_until(lambda: not described(server.url), "it is gone")
        assert list(files(tmp_path)) == []


def _log_has(tmp_path: Path, config: str) -> bool:
    return f"1 of the traffic goes to {config}" in (tmp_path / "data.log").read_text()


def _ignoring_errors(call: Callable[[str], object], url: str) -> None:
    try:
        call(url)
    except Exception:  # the server was killed under it, which is what the test is about
        return
