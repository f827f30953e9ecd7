"""What every test here needs: two models whose answers say which of them answered, and an alarm."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.test_killed_server import CODE, IMAGE, ROLE, artifact
from tests.fakes.aws_server import client

ALARM = "too-slow"
# Several containers start one after the other, on a machine that other tests may keep busy.
BOUND_S = 180.0
# The answer to x comes after half a second: time to kill something while it is under way.
SLOW = CODE.replace("return data.decode()", "__import__('time').sleep(0.5); return data.decode()")

# At 200 requests a second some are always under way.
BRISK = SLOW.replace("0.5", "0.01")


def make_configs(url: str, instances: int = 1, **codes: str) -> None:
    """A model and an endpoint config for each name; its container runs that code."""
    s3, sagemaker = client("s3", url), client("sagemaker", url)
    s3.create_bucket(Bucket="models")
    for name, code in codes.items():
        s3.put_object(Bucket="models", Key=f"{name}.tar.gz", Body=artifact(code))
        container = {
            "Image": IMAGE,
            "ModelDataUrl": f"s3://models/{name}.tar.gz",
            "Environment": {"SAGEMAKER_PROGRAM": "inference.py", "SAGEMAKER_MODEL_SERVER_WORKERS": "2"},
        }
        sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer=container)
        variant = {
            "VariantName": "AllTraffic",
            "ModelName": name,
            "InstanceType": "ml.c5.large",
            "InitialInstanceCount": instances,
        }
        sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])


def wait_until(condition: Callable[[], object], what: str) -> None:
    deadline_s = time.monotonic() + BOUND_S
    while not condition():
        assert time.monotonic() < deadline_s, f"not within {BOUND_S:g} s: {what}"
        time.sleep(0.05)


def says(word: str, code: str = CODE) -> str:
    """The code of a container whose answer begins with `word`."""
    return code.replace("echo", word)


def make_alarm(url: str) -> None:
    """An alarm that nobody but the test trips: its metric is nobody's."""
    client("cloudwatch", url).put_metric_alarm(
        AlarmName=ALARM,
        Namespace="Clients",
        MetricName="Latency",
        Statistic="Average",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )


def set_alarm(url: str, state: str) -> None:
    client("cloudwatch", url).set_alarm_state(AlarmName=ALARM, StateValue=state, StateReason="a test")


def described(url: str) -> dict[str, Any]:
    answer: dict[str, Any] = client("sagemaker", url).describe_endpoint(EndpointName="e")
    return answer


def status(url: str) -> str:
    return str(described(url)["EndpointStatus"])


def guardrails(kind: str, wait_s: int) -> dict[str, Any]:
    """A DeploymentConfig of that kind that bakes `wait_s` at each step and heeds the alarm."""
    half = {"Type": "CAPACITY_PERCENT", "Value": 50}
    if kind == "ROLLING":
        policy: dict[str, Any] = {"RollingUpdatePolicy": {"MaximumBatchSize": half, "WaitIntervalInSeconds": wait_s}}
    else:
        size = {"CANARY": {"CanarySize": half}, "LINEAR": {"LinearStepSize": half}}.get(kind, {})
        routing = {"Type": kind, "WaitIntervalInSeconds": wait_s, **size}
        bake = {"TrafficRoutingConfiguration": routing, "TerminationWaitInSeconds": wait_s}
        policy = {"BlueGreenUpdatePolicy": bake}
    return {**policy, "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": ALARM}]}}


def baking(url: str) -> bool:
    """Whether a deployment is in a bake."""
    pending = described(url).get("PendingDeploymentSummary", {}).get("ProductionVariants", [])
    return any(one["Status"] == "Baking" for variant in pending for one in variant.get("VariantStatus", ()))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A directory on a disk of its own of 24 MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=24m", "sluice-test", str(place)]
    made = subprocess.run(mount, capture_output=True, text=True, check=False)
    if made.returncode != 0:
        pytest.skip(f"a small disk cannot be mounted here: {made.stderr.strip()}; it takes root")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)  # noqa: S607 - the system's own
