"""Production on instances that the run chose, scaled with its traffic, and updated under the eye of an alarm."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sluice.evidence.report import read_evidence

from tests.e2e.conftest import BUCKET, Aws
from tests.e2e.test_compared import Run, document
from tests.e2e.test_killed_server import wait_until
from tests.fakes.archives import tar_gz

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("connection")]

BOUND_S = 60.0
ALARM = "guarded-too-slow"
BENCHMARK = {
    "job_type": "Advanced",
    "instance_types": ["ml.c5.large"],
    # Steps of two seconds, of which the first already makes the requests that are wanted.
    "traffic": {"stairs": {"duration_in_seconds": 120, "number_of_steps": 60, "users_per_step": 1}},
    "stop": {"max_invocations": 60},
}
PRODUCTION = {
    "endpoint": "guarded",
    "instance": "cheapest_passing",
    # Nobody waits for it: the alarm ends it at once.
    "deployment": {"type": "canary", "percent": 50, "bake_seconds": 600, "alarms": [ALARM]},
    "autoscaling": {"min_per_minute": 1, "max_per_minute": 60000},  # so few that one instance is enough at first
}
WORSE = b"""
model_fn = lambda model_dir: None
input_fn = lambda body, content_type: body
output_fn = lambda answer, accept: (b"0," + answer, accept)
predict_fn = lambda body, model: body
"""


def put_alarm(aws: Aws) -> None:
    aws.client("cloudwatch").put_metric_alarm(
        AlarmName=ALARM,
        Namespace="Clients",  # not an endpoint's own metric: what the server evaluates itself, it would set back
        MetricName="Latency",
        Statistic="Average",
        Period=60,
        EvaluationPeriods=1,
        Threshold=100_000,
        ComparisonOperator="GreaterThanThreshold",
    )


@contextmanager
def alarm_during_an_update(aws: Aws, endpoint: str) -> Iterator[None]:
    """Somebody's monitoring: it rings as soon as the endpoint gets another config, and is quiet again afterwards."""
    over = threading.Event()
    sagemaker, cloudwatch = aws.client("sagemaker"), aws.client("cloudwatch")

    def watch() -> None:
        while not over.wait(0.2):
            if "PendingDeploymentSummary" in sagemaker.describe_endpoint(EndpointName=endpoint):
                cloudwatch.set_alarm_state(AlarmName=ALARM, StateValue="ALARM", StateReason="p99 is 3 s")
                return

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(BOUND_S)
        cloudwatch.set_alarm_state(AlarmName=ALARM, StateValue="OK", StateReason="over")


def live(aws: Aws) -> tuple[str, str]:
    endpoint = aws.client("sagemaker").describe_endpoint(EndpointName="guarded")
    return endpoint["EndpointConfigName"], endpoint["EndpointStatus"]


def scaling(aws: Aws) -> tuple[Mapping[str, Any], list[Mapping[str, Any]]]:
    client, who = aws.client("application-autoscaling"), {"ServiceNamespace": "sagemaker"}
    resource = "endpoint/guarded/variant/AllTraffic"
    (target,) = client.describe_scalable_targets(**who, ResourceIds=[resource])["ScalableTargets"]
    return target, client.describe_scaling_policies(**who, ResourceId=resource)["ScalingPolicies"]


def test_production_is_chosen_scaled_and_brought_back_by_an_alarm(
    aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_alarm(aws)
    staging = {"endpoint": "guarded-staging", "instance_type": "ml.c5.xlarge"}
    spec = document(aws, "guarded", benchmark=BENCHMARK, production=PRODUCTION, staging=staging)
    sagemaker = aws.client("sagemaker")

    promoted = Run(tmp_path, monkeypatch, spec)
    assert promoted.state == "success", promoted.results["report"]
    wait_until(lambda: live(aws)[1] == "InService", "as many instances as the scaling wants")
    good, _ = live(aws)
    (variant,) = sagemaker.describe_endpoint_config(EndpointConfigName=good)["ProductionVariants"]
    assert variant["InstanceType"] == "ml.c5.large"
    recommended = sagemaker.get_scaling_configuration_recommendation(
        InferenceRecommendationsJobName=promoted.results["recommend"]["job"],
        RecommendationId=promoted.results["judge"]["recommendation"],
        TargetCpuUtilizationPerCore=50,
        ScalingPolicyObjective={"MinInvocationsPerMinute": 1, "MaxInvocationsPerMinute": 60000},
    )["DynamicScalingConfiguration"]
    target, policies = scaling(aws)
    assert (target["MinCapacity"], target["MaxCapacity"]) == (recommended["MinCapacity"], recommended["MaxCapacity"])
    configurations = [each["TargetTrackingScalingPolicyConfiguration"] for each in policies]
    wanted = [each["TargetTracking"]["TargetValue"] for each in recommended["ScalingPolicies"]]
    assert sorted(each["TargetValue"] for each in configurations) == sorted(wanted)
    assert {each["ScaleInCooldown"] for each in configurations} == {recommended["ScaleInCooldown"]}

    worse = aws.put("guarded/worse/model.tar.gz", tar_gz({"code/inference.py": WORSE}))
    with alarm_during_an_update(aws, "guarded"):
        rolled_back = Run(tmp_path, monkeypatch, spec, {"model_data": {"second": worse}})
    assert (rolled_back.state, rolled_back.states["promote", -1]) == ("failed", "failed")
    (failure,) = rolled_back.results["report"]["failures"]
    assert (failure["task"], failure["error"]) == ("promote", "DeploymentRolledBack")
    assert ALARM in failure["message"] and good in failure["message"]
    wait_until(lambda: live(aws)[1] == "InService", "production is at rest")
    assert live(aws)[0] == good
    package = sagemaker.describe_model_package(ModelPackageName=rolled_back.results["register_package"]["package_arn"])
    assert package["ModelApprovalStatus"] == "Rejected" and ALARM in package["ApprovalDescription"]
    uri = rolled_back.results["report"]["evidence_uri"]
    body = aws.client("s3").get_object(Bucket=BUCKET, Key=uri.removeprefix(f"s3://{BUCKET}/"))["Body"].read()
    assert ALARM in body.decode() and read_evidence(body, uri).decision.opens_gate
    assert scaling(aws)[0]["MaxCapacity"] == target["MaxCapacity"]
