"""Metrics of an endpoint with a real container, as the AWS CLI reads them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.archives import tar_gz
from tests.fakes.aws_server import client
from tests.fakes.server_process import server_process

pytestmark = pytest.mark.slow

IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"
ROLE = "arn:aws:iam::123456789012:role/any"
CODE = b"""
def model_fn(model_dir):
    print("the model is loaded", flush=True)

def transform_fn(model, body, content_type, accept):
    return body, accept
"""
BOUND_S = 60.0


def wait_for(look: Callable[[], Any], what: str) -> Any:
    deadline_s = time.monotonic() + BOUND_S
    while not (found := look()):
        assert time.monotonic() < deadline_s, f"not within {BOUND_S:g} s: {what}"
        time.sleep(0.1)
    return found


def deploy(url: str) -> None:
    s3, sagemaker = client("s3", url), client("sagemaker", url)
    s3.create_bucket(Bucket="models")
    s3.put_object(Bucket="models", Key="model.tar.gz", Body=tar_gz({"code/inference.py": CODE}))
    container = {
        "Image": IMAGE,
        "ModelDataUrl": "s3://models/model.tar.gz",
        "Environment": {"SAGEMAKER_PROGRAM": "inference.py"},
    }
    sagemaker.create_model(ModelName="m", PrimaryContainer=container, ExecutionRoleArn=ROLE)
    variant = {"VariantName": "AllTraffic", "ModelName": "m", "InstanceType": "ml.c5.large", "InitialInstanceCount": 1}
    sagemaker.create_endpoint_config(EndpointConfigName="c", ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName="e", EndpointConfigName="c")
    wait_for(lambda: sagemaker.describe_endpoint(EndpointName="e")["EndpointStatus"] == "InService", "InService")


def test_the_cli_reads_metrics_and_logs_of_a_real_container(tmp_path: Path) -> None:
    with server_process(tmp_path / "data", "--metrics-seconds", "0.5") as server:
        credentials = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_DEFAULT_REGION": "us-east-1"}
        environment = {**os.environ, **credentials, "AWS_ENDPOINT_URL": server.url}
        began = datetime.now(UTC) - timedelta(minutes=1)

        def aws(*arguments: str) -> Any:
            command = [sys.executable, "-m", "awscli", *arguments]
            done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
            assert done.returncode == 0, done.stderr
            return json.loads(done.stdout)

        def statistics(namespace: str, name: str, *wanted: str) -> Any:
            times = [began.isoformat(), (began + timedelta(minutes=50)).isoformat()]
            return aws(
                "cloudwatch", "get-metric-statistics", "--namespace", namespace, "--metric-name", name,
                "--dimensions", "Name=EndpointName,Value=e", "Name=VariantName,Value=AllTraffic",
                "--start-time", times[0], "--end-time", times[1], "--period", "3600", *wanted,
            )["Datapoints"]  # fmt: skip

        deploy(server.url)
        runtime = client("sagemaker-runtime", server.url)
        for _ in range(5):
            runtime.invoke_endpoint(EndpointName="e", Body=b"1", ContentType="text/csv", Accept="text/csv")
        wanted = ("--statistics", "SampleCount", "Maximum")

        def latencies() -> Any:
            found = statistics("AWS/SageMaker", "ModelLatency", *wanted)
            return found[0] if found and found[0]["SampleCount"] == 5 else None

        latency = wait_for(latencies, "a ModelLatency of each request")
        assert latency["Unit"] == "Microseconds"
        (percentiles,) = statistics("AWS/SageMaker", "ModelLatency", "--extended-statistics", "p50", "p99")
        assert 0 < percentiles["ExtendedStatistics"]["p50"] <= percentiles["ExtendedStatistics"]["p99"]
        assert percentiles["ExtendedStatistics"]["p99"] <= latency["Maximum"]
        if sys.platform == "linux":
            for name in ("CPUUtilization", "MemoryUtilization"):
                (used,) = wait_for(
                    lambda: statistics("/aws/sagemaker/Endpoints", name, "--statistics", "Maximum"),  # noqa: B023
                    name,
                )
                assert (used["Unit"], 0 <= used["Maximum"] <= 200) == ("Percent", True)
            assert used["Maximum"] > 0
        alarm = {"AlarmName": "busy", "Namespace": "AWS/SageMaker", "MetricName": "Invocations", "Statistic": "Sum"}
        beyond = {"Threshold": 5.0, "ComparisonOperator": "GreaterThanOrEqualToThreshold"}
        rule = {"Period": 3600, "EvaluationPeriods": 1, **beyond}
        dimensions = [{"Name": "EndpointName", "Value": "e"}, {"Name": "VariantName", "Value": "AllTraffic"}]
        client("cloudwatch", server.url).put_metric_alarm(**alarm, **rule, Dimensions=dimensions)
        wait_for(lambda: aws("cloudwatch", "describe-alarms", "--state-value", "ALARM")["MetricAlarms"], "the alarm")
        group = "/aws/sagemaker/Endpoints/e"
        prefix = ("--log-stream-name-prefix", "AllTraffic/")
        events = wait_for(
            lambda: aws("logs", "filter-log-events", "--log-group-name", group, *prefix)["events"], "a log line"
        )
        assert any("the model is loaded" in event["message"] for event in events)
