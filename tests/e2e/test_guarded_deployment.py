"""A canary deployment and its rollback on a real server with real containers, while clients go on asking."""

from __future__ import annotations

import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.test_killed_server import CODE, IMAGE, ROLE, artifact, wait_until
from tests.fakes.aws_server import client
from tests.fakes.server_process import server_process

pytestmark = pytest.mark.slow

CLIENTS = 4
GUARDRAILS = {
    "BlueGreenUpdatePolicy": {
        "TrafficRoutingConfiguration": {
            "Type": "CANARY",
            "WaitIntervalInSeconds": 100,
            "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 50},
        },
        "TerminationWaitInSeconds": 100,
    },
    "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "too-slow"}]},
}


class Clients:
    """Ask until they are stopped, and count the answers and what went wrong."""

    def __init__(self, url: str) -> None:
        self.answers: Counter[bytes] = Counter()
        self.errors: list[str] = []
        self._url = url
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(CLIENTS)]

    def __enter__(self) -> Clients:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def _ask(self) -> None:
        runtime = client("sagemaker-runtime", self._url)
        while not self._stopped.is_set():
            try:
                answer = runtime.invoke_endpoint(EndpointName="e", Body=b"x", ContentType="text/plain")
                self.answers[answer["Body"].read()] += 1
            except Exception as error:
                self.errors.append(repr(error))


def prepare(url: str) -> Any:
    """Two configs, `blue` and `green`, whose containers say so; an alarm; and the endpoint on `blue`."""
    s3, sagemaker = client("s3", url), client("sagemaker", url)
    s3.create_bucket(Bucket="models")
    for name in ("blue", "green"):
        s3.put_object(Bucket="models", Key=f"{name}.tar.gz", Body=artifact(CODE.replace("echo", name)))
        container = {
            "Image": IMAGE,
            "ModelDataUrl": f"s3://models/{name}.tar.gz",
            "Environment": {"SAGEMAKER_PROGRAM": "inference.py"},
        }
        sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer=container)
        variant = {
            "VariantName": "AllTraffic",
            "ModelName": name,
            "InstanceType": "ml.c5.large",
            "InitialInstanceCount": 1,
        }
        sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
    client("cloudwatch", url).put_metric_alarm(
        AlarmName="too-slow",
        Namespace="Clients",  # not an endpoint's own metric: what the server evaluates itself, it would set back
        MetricName="Latency",
        Statistic="Average",
        Period=60,
        EvaluationPeriods=1,
        Threshold=100_000,
        ComparisonOperator="GreaterThanThreshold",
    )
    sagemaker.create_endpoint(EndpointName="e", EndpointConfigName="blue")
    return sagemaker


def test_a_canary_that_goes_well_and_one_that_an_alarm_ends_lose_no_request(tmp_path: Path) -> None:
    with server_process(tmp_path / "data", "--time-scale", "0.01") as server:
        sagemaker = prepare(server.url)

        def described() -> dict[str, Any]:
            answer: dict[str, Any] = sagemaker.describe_endpoint(EndpointName="e")
            return answer

        def at_rest() -> bool:
            return str(described()["EndpointStatus"]) == "InService"

        wait_until(at_rest, "the endpoint serves")
        with Clients(server.url) as clients:
            wait_until(lambda: clients.answers, "the first answer")
            sagemaker.update_endpoint(EndpointName="e", EndpointConfigName="green", DeploymentConfig=GUARDRAILS)
            wait_until(at_rest, "the canary went well")
            assert described()["EndpointConfigName"] == "green"
            sagemaker.update_endpoint(EndpointName="e", EndpointConfigName="blue", RetainDeploymentConfig=True)
            client("cloudwatch", server.url).set_alarm_state(
                AlarmName="too-slow", StateValue="ALARM", StateReason="a test"
            )
            wait_until(at_rest, "the alarm rolled it back")
            last = described()
        assert (last["EndpointConfigName"], '"too-slow"' in last["FailureReason"]) == ("green", True)
        assert clients.errors == []
        assert clients.answers.keys() == {b"blue x", b"green x"}
