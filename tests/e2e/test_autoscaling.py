"""Real containers added and removed by target tracking policies, which outlive a killed server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.test_guarded_deployment import Clients
from tests.e2e.test_killed_server import CODE, at_rest, deploy, describe, wait_until
from tests.fakes.aws_server import client
from tests.fakes.server_process import server_process

pytestmark = pytest.mark.slow

# A minute of an alarm is 0.6 s, its cooldown of 300 s is 3 s.
QUICK = ("--time-scale", "0.01", "--metrics-seconds", "0.2")
WHO = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": "endpoint/e/variant/AllTraffic",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}
# A request a second for each instance, of which each of the clients makes many.
POLICY = {
    "TargetValue": 60.0,
    "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
}


def instances(url: str) -> int:
    (variant,) = describe(url)["ProductionVariants"]
    return int(variant["CurrentInstanceCount"])


def activities(url: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client("application-autoscaling", url).describe_scaling_activities(**WHO)[
        "ScalingActivities"
    ]
    return found


def test_instances_come_with_the_load_and_go_with_it_and_no_request_is_lost(tmp_path: Path) -> None:
    with server_process(tmp_path / "data", *QUICK) as server:
        deploy(server.url, CODE, "only")
        assert at_rest(server.url)["EndpointStatus"] == "InService"
        scaling = client("application-autoscaling", server.url)
        scaling.register_scalable_target(**WHO, MinCapacity=1, MaxCapacity=2)
        alarms = scaling.put_scaling_policy(
            **WHO,
            PolicyName="calls",
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration=POLICY,
        )["Alarms"]
        with Clients(server.url) as clients:
            wait_until(lambda: instances(server.url) == 2, "a second instance under load")
        names = [one["AlarmName"] for one in alarms]
        shown = client("cloudwatch", server.url).describe_alarms(AlarmNames=names)["MetricAlarms"]
        assert {one["AlarmName"] for one in shown} == set(names)
        assert clients.errors == []
        (done,) = activities(server.url)
        assert (done["StatusCode"], done["Cause"]) == (
            "Successful",
            f"monitor alarm {names[0]} in state ALARM triggered policy calls",
        )
        server.end(kill=True)

    with server_process(tmp_path / "data", *QUICK) as server:
        wait_until(lambda: describe(server.url)["EndpointStatus"] == "InService", "the endpoint is back")
        scaling = client("application-autoscaling", server.url)
        (policy,) = scaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"]
        assert (instances(server.url), policy["Alarms"]) == (2, alarms)
        wait_until(lambda: instances(server.url) == 1, "nobody asks any more")
        assert [one["StatusCode"] for one in activities(server.url)] == ["Successful", "Successful"]


def test_a_metric_of_ones_own_decides_without_any_load(tmp_path: Path) -> None:
    with server_process(tmp_path / "data", *QUICK) as server:
        deploy(server.url, CODE, "only")
        assert at_rest(server.url)["EndpointStatus"] == "InService"
        scaling, cloudwatch = (client(name, server.url) for name in ("application-autoscaling", "cloudwatch"))
        scaling.register_scalable_target(**WHO, MinCapacity=1, MaxCapacity=2)
        scaling.put_scaling_policy(
            **WHO,
            PolicyName="queue",
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={
                "TargetValue": 5.0,
                "CustomizedMetricSpecification": {"MetricName": "Queue", "Namespace": "Mine", "Statistic": "Average"},
            },
        )

        def grown() -> bool:
            cloudwatch.put_metric_data(Namespace="Mine", MetricData=[{"MetricName": "Queue", "Value": 50}])
            return instances(server.url) == 2

        wait_until(grown, "a second instance for a long queue")
