"""Application Auto Scaling through boto3: policies and their alarms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.contract.control.conftest import ACCOUNT, Rig
from tests.contract.control.scaling_requests import (
    RESOURCE,
    STEPS,
    TRACKING,
    WHO,
    policies,
    put,
    register,
    serving,
)

Refused = Callable[..., tuple[str, str]]


def test_target_tracking_has_two_alarms_and_says_which(rig: Rig) -> None:
    serving(rig)
    register(rig)
    answer = put(rig)
    assert answer["PolicyARN"].startswith(f"arn:aws:autoscaling:us-east-1:{ACCOUNT}:scalingPolicy:")
    assert answer["PolicyARN"].endswith(f":resource/sagemaker/{RESOURCE}:policyName/p")
    high, low = (one["AlarmName"] for one in answer["Alarms"])
    assert (f"TargetTracking-{RESOURCE}-AlarmHigh-" in high, f"TargetTracking-{RESOURCE}-AlarmLow-" in low) == (
        True,
        True,
    )
    assert answer["Alarms"][0]["AlarmARN"] == f"arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm:{high}"
    rules = {name: alarm.rule for name, alarm in rig.scaling_alarms.kept.items()}
    assert [(rule.threshold, rule.evaluation_periods, rule.statistic) for rule in (rules[high], rules[low])] == [
        (70.0, 3, "Sum"),
        (63.0, 15, "Sum"),
    ]
    (policy,) = policies(rig)
    assert policy.pop("CreationTime").timestamp() == rig.clock.now_s()
    assert policy == {
        **WHO,
        "PolicyName": "p",
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": TRACKING,
        **{name: answer[name] for name in ("PolicyARN", "Alarms")},
    }


def test_a_policy_put_again_keeps_its_arn_and_its_alarms(rig: Rig) -> None:
    serving(rig)
    register(rig)
    first = put(rig)
    second = put(rig, PolicyType=None, TargetTrackingScalingPolicyConfiguration={**TRACKING, "TargetValue": 10.0})
    assert [second[name] for name in ("PolicyARN", "Alarms")] == [first[name] for name in ("PolicyARN", "Alarms")]
    assert [one.rule.threshold for one in rig.scaling_alarms.kept.values()] == [10.0, 9.0]
    assert put(rig, TargetTrackingScalingPolicyConfiguration=None)["PolicyARN"] == first["PolicyARN"]
    assert policies(rig)[0]["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] == 10.0


def test_a_step_policy_has_the_alarms_that_name_it(rig: Rig) -> None:
    serving(rig)
    register(rig)
    step: dict[str, Any] = {"PolicyType": "StepScaling", "TargetTrackingScalingPolicyConfiguration": None}
    assert put(rig, **step, StepScalingPolicyConfiguration=STEPS)["Alarms"] == []
    assert policies(rig)[0]["StepScalingPolicyConfiguration"] == STEPS


OWN = {"MetricName": "CPUUtilization", "Namespace": "/aws/sagemaker/Endpoints", "Statistic": "Average"}


def tracking(**changes: Any) -> dict[str, Any]:
    given = {**TRACKING, **changes}
    return {"TargetTrackingScalingPolicyConfiguration": {key: one for key, one in given.items() if one is not None}}


def own(**changes: Any) -> dict[str, Any]:
    given = {key: one for key, one in {**OWN, **changes}.items() if one is not None}
    return tracking(PredefinedMetricSpecification=None, CustomizedMetricSpecification=given)


def steps(*adjustments: dict[str, Any], **changes: Any) -> dict[str, Any]:
    configuration = {**STEPS, "StepAdjustments": list(adjustments), **changes}
    return {
        "PolicyType": "StepScaling",
        "TargetTrackingScalingPolicyConfiguration": None,
        "StepScalingPolicyConfiguration": {key: one for key, one in configuration.items() if one is not None},
    }


def step(lower: float | None, upper: float | None, adjustment: int = 1) -> dict[str, Any]:
    bounds = {"MetricIntervalLowerBound": lower, "MetricIntervalUpperBound": upper}
    return {**{key: one for key, one in bounds.items() if one is not None}, "ScalingAdjustment": adjustment}


@pytest.mark.parametrize(
    ("members", "code", "words"),
    [
        ({"PolicyType": None}, "ValidationException", "PolicyType is required"),
        ({"PolicyType": "PredictiveScaling"}, "UnsupportedOperation", "PolicyType PredictiveScaling"),
        ({"PolicyType": "StepScaling"}, "ValidationException", "does not belong to a policy of type StepScaling"),
        ({"TargetTrackingScalingPolicyConfiguration": None}, "ValidationException", "is required for a policy"),
        (tracking(TargetValue=0.0), "ValidationException", "must be greater than 0"),
        (tracking(ScaleInCooldown=-1), "ValidationException", "ScaleInCooldown is -1"),
        (tracking(PredefinedMetricSpecification=None), "ValidationException", "has either"),
        (tracking(CustomizedMetricSpecification=OWN), "ValidationException", "has either"),
        (
            tracking(PredefinedMetricSpecification={"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}),
            "UnsupportedOperation",
            "ECSServiceAverageCPUUtilization",
        ),
        (own(Statistic=None), "ValidationException", "needs Statistic"),
        (own(Namespace=None), "ValidationException", "needs Namespace"),
        (own(Metrics=[{"Id": "m", "Expression": "1"}]), "UnsupportedOperation", "Metrics"),
        (steps(), "ValidationException", "at least one of StepAdjustments"),
        (steps(step(0, None), AdjustmentType=None), "ValidationException", "needs AdjustmentType"),
        (steps(step(0, None), MinAdjustmentMagnitude=2), "ValidationException", "MinAdjustmentMagnitude belongs"),
        (steps(step(0, None, -1), AdjustmentType="ExactCapacity"), "ValidationException", "must not be negative"),
        (steps(step(5, 5)), "ValidationException", "must be greater than its"),
        (steps(step(0, 5), step(6, None)), "ValidationException", "no gap"),
        (steps(step(0, 5), step(4, None)), "ValidationException", "no overlap"),
        (steps(step(-5, 0)), "ValidationException", "lowest step must have none"),
        (steps(step(0, 5)), "ValidationException", "highest step must have none"),
    ],
)
def test_a_policy_that_cannot_be_put(
    rig: Rig, refused: Refused, members: dict[str, Any], code: str, words: str
) -> None:
    serving(rig)
    register(rig)
    given = {"PolicyType": "TargetTrackingScaling", "TargetTrackingScalingPolicyConfiguration": TRACKING, **members}
    request = {key: value for key, value in given.items() if value is not None}
    refusal = refused(rig.scaling.put_scaling_policy, **WHO, PolicyName="p", **request)
    assert (refusal[0], words in refusal[1]) == (code, True), refusal
    assert (policies(rig), rig.scaling_alarms.kept) == ([], {})


def test_two_policies_on_one_metric_are_refused_in_awss_words(rig: Rig, refused: Refused) -> None:
    serving(rig)
    register(rig)
    put(rig)
    second = {"PolicyType": "TargetTrackingScaling", "TargetTrackingScalingPolicyConfiguration": TRACKING}
    assert refused(rig.scaling.put_scaling_policy, **WHO, PolicyName="q", **second) == (
        "ValidationException",
        "Only one TargetTrackingScaling policy for a given metric specification is allowed.",
    )
    put(rig, "cpu", **own())
    assert [one["PolicyName"] for one in policies(rig)] == ["cpu", "p"]
