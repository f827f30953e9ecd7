"""Requests of Application Auto Scaling for the variant of the endpoint `staging`."""

from __future__ import annotations

from typing import Any

from tests.contract.control.conftest import Rig

REGION = "us-east-1"
RESOURCE = "endpoint/staging/variant/AllTraffic"
WHO = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": RESOURCE,
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}
TRACKING = {
    "TargetValue": 70.0,
    "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
    "ScaleOutCooldown": 60,
}
STEPS = {
    "AdjustmentType": "ChangeInCapacity",
    "StepAdjustments": [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 1}],
}
NOT_REGISTERED = (
    f"No scalable target registered for service namespace: sagemaker, resource ID: {RESOURCE}, scalable dimension: "
    "sagemaker:variant:DesiredInstanceCount"
)


def serving(rig: Rig) -> None:
    rig.endpoint()
    rig.deployed()


def register(rig: Rig, **members: Any) -> str:
    answer = rig.scaling.register_scalable_target(**{**WHO, "MinCapacity": 1, "MaxCapacity": 4, **members})
    return str(answer["ScalableTargetARN"])


def put(rig: Rig, name: str = "p", **members: Any) -> dict[str, Any]:
    given = {"PolicyType": "TargetTrackingScaling", "TargetTrackingScalingPolicyConfiguration": TRACKING, **members}
    answer: dict[str, Any] = rig.scaling.put_scaling_policy(
        **WHO, PolicyName=name, **{key: value for key, value in given.items() if value is not None}
    )
    return answer


def targets(rig: Rig, **members: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = rig.scaling.describe_scalable_targets(ServiceNamespace="sagemaker", **members)[
        "ScalableTargets"
    ]
    return found


def policies(rig: Rig, **members: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = rig.scaling.describe_scaling_policies(ServiceNamespace="sagemaker", **members)[
        "ScalingPolicies"
    ]
    return found
