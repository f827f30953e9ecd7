"""Application Auto Scaling through boto3: targets, policies, activities, and what they forbid the other operations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from include.sagemaker_local.lifecycle import EndpointStatus
from tests.contract.control.conftest import ACCOUNT, ROLE, Rig
from tests.fakes.in_process import service_client

Refused = Callable[..., tuple[str, str]]
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


def test_a_target_is_described_as_it_was_registered(rig: Rig) -> None:
    serving(rig)
    arn = register(rig, SuspendedState={"DynamicScalingInSuspended": True})
    assert arn.startswith(f"arn:aws:application-autoscaling:us-east-1:{ACCOUNT}:scalable-target/")
    (target,) = targets(rig)
    assert target.pop("CreationTime").timestamp() == rig.clock.now_s()
    assert target == {
        **WHO,
        "MinCapacity": 1,
        "MaxCapacity": 4,
        "RoleARN": f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/sagemaker.application-autoscaling.amazonaws.com/"
        "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint",
        "SuspendedState": {
            "DynamicScalingInSuspended": True,
            "DynamicScalingOutSuspended": False,
            "ScheduledScalingSuspended": False,
        },
        "ScalableTargetARN": arn,
    }


def test_registering_again_changes_what_is_given_and_nothing_else(rig: Rig) -> None:
    serving(rig)
    arn = register(rig, SuspendedState={"DynamicScalingInSuspended": True})
    assert rig.scaling.register_scalable_target(**WHO, MaxCapacity=9)["ScalableTargetARN"] == arn
    rig.scaling.register_scalable_target(**WHO, SuspendedState={"DynamicScalingOutSuspended": True})
    (target,) = targets(rig)
    assert (target["MinCapacity"], target["MaxCapacity"]) == (1, 9)
    suspended = target["SuspendedState"]
    assert suspended["DynamicScalingInSuspended"]
    assert suspended["DynamicScalingOutSuspended"]


def test_a_capacity_outside_new_limits_is_changed_and_told_of(rig: Rig) -> None:
    serving(rig)
    wakes = rig.endpoint_wakes
    register(rig, MinCapacity=3)
    assert rig.endpoint_wakes == wakes + 1
    assert rig.client.describe_endpoint(EndpointName="staging")["EndpointStatus"] == "Updating"
    (activity,) = rig.scaling.describe_scaling_activities(ServiceNamespace="sagemaker")["ScalingActivities"]
    assert (activity["Description"], activity["Cause"]) == (
        "Setting desired instance count to 3.",
        "minimum capacity was set to 3",
    )
    assert activity["StatusCode"] == "InProgress"
    assert "EndTime" not in activity
    rig.deployed()
    (activity,) = rig.scaling.describe_scaling_activities(**WHO)["ScalingActivities"]
    assert (activity["StatusCode"], activity["StatusMessage"]) == (
        "Successful",
        "Successfully set desired instance count to 3. Change successfully fulfilled by sagemaker.",
    )
    assert "EndTime" in activity


def test_an_endpoint_that_is_not_there_yet_is_registered_and_left_alone(rig: Rig) -> None:
    rig.endpoint()
    register(rig, MinCapacity=3)
    assert rig.client.describe_endpoint(EndpointName="staging")["EndpointStatus"] == "Creating"


@pytest.mark.parametrize(
    ("members", "code", "words"),
    [
        ({"ResourceId": "endpoint/nobody/variant/AllTraffic"}, "ValidationException", "Could not find endpoint"),
        ({"ResourceId": "endpoint/staging/variant/grey"}, "ValidationException", 'variant name(s) "grey" is/are not'),
        ({"ResourceId": "endpoint/staging"}, "ValidationException", "Unsupported service namespace, resource type"),
        ({"MinCapacity": 5}, "ValidationException", "MaxCapacity (4) must not be less than MinCapacity (5)"),
        ({"MinCapacity": -1}, "ValidationException", "must not be negative"),
        ({"MinCapacity": 0}, "UnsupportedOperation", "MinCapacity 0"),
        ({"ServiceNamespace": "dynamodb"}, "UnsupportedOperation", "ServiceNamespace dynamodb"),
        ({"ScalableDimension": "ecs:service:DesiredCount"}, "UnsupportedOperation", "ecs:service:DesiredCount"),
        (
            {"ScalableDimension": "sagemaker:variant:DesiredProvisionedConcurrency"},
            "UnsupportedOperation",
            "DesiredProvisionedConcurrency",
        ),
    ],
)
def test_a_target_that_cannot_be_registered(
    rig: Rig, refused: Refused, members: dict[str, Any], code: str, words: str
) -> None:
    serving(rig)
    request = {**WHO, "MinCapacity": 1, "MaxCapacity": 4, **members}
    refusal = refused(rig.scaling.register_scalable_target, **request)
    assert (refusal[0], words in refusal[1]) == (code, True), refusal
    assert targets(rig) == []


def test_the_first_registration_needs_both_limits(rig: Rig, refused: Refused) -> None:
    serving(rig)
    code, message = refused(rig.scaling.register_scalable_target, **WHO, MinCapacity=1)
    assert (code, "MinCapacity and MaxCapacity are required" in message) == ("ValidationException", True)


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


def test_what_is_not_there_is_an_object_not_found(rig: Rig, refused: Refused) -> None:
    serving(rig)
    tracked = {"PolicyType": "TargetTrackingScaling", "TargetTrackingScalingPolicyConfiguration": TRACKING}
    for operation, more in (
        (rig.scaling.put_scaling_policy, {"PolicyName": "p", **tracked}),
        (rig.scaling.deregister_scalable_target, {}),
    ):
        assert refused(operation, **WHO, **more) == ("ObjectNotFoundException", NOT_REGISTERED)
    code, message = refused(rig.scaling.delete_scaling_policy, **WHO, PolicyName="p")
    assert (code, message.endswith("policy name: p")) == ("ObjectNotFoundException", True)


def test_a_deleted_policy_and_a_deregistered_target_take_their_alarms_along(rig: Rig) -> None:
    serving(rig)
    register(rig)
    put(rig)
    rig.scaling.delete_scaling_policy(**WHO, PolicyName="p")
    assert (policies(rig), rig.scaling_alarms.kept) == ([], {})
    put(rig)
    rig.scaling.deregister_scalable_target(**WHO)
    assert (policies(rig), targets(rig), rig.scaling_alarms.kept) == ([], [], {})


def test_deleting_the_endpoint_deregisters_its_variants(rig: Rig) -> None:
    serving(rig)
    arn = register(rig, Tags={"team": "a"})
    put(rig)
    rig.client.delete_endpoint(EndpointName="staging")
    assert (policies(rig), targets(rig), rig.scaling_alarms.kept) == ([], [], {})
    assert rig.store.tags(arn) == {}


def test_targets_and_policies_are_filtered_and_come_in_pages(rig: Rig, refused: Refused) -> None:
    for number in range(3):
        name = f"e{number}"
        rig.endpoint(name)
        resource = f"endpoint/{name}/variant/AllTraffic"
        register(rig, ResourceId=resource)
    assert [one["ResourceId"] for one in targets(rig, ResourceIds=["endpoint/E1/variant/AllTraffic"])] == [
        "endpoint/e1/variant/AllTraffic"
    ]
    pages = rig.scaling.get_paginator("describe_scalable_targets").paginate(
        ServiceNamespace="sagemaker", PaginationConfig={"PageSize": 2}
    )
    assert [len(page["ScalableTargets"]) for page in pages] == [2, 1]
    elsewhere = service_client("application-autoscaling", rig.plane.handle, region="eu-west-1")
    assert elsewhere.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"] == []
    describe = rig.scaling.describe_scalable_targets
    assert refused(describe, ServiceNamespace="sagemaker", NextToken="x")[0] == "InvalidNextTokenException"
    assert refused(describe, ServiceNamespace="sagemaker", MaxResults=51)[0] == "ValidationException"
    activities = rig.scaling.describe_scaling_activities
    assert (
        refused(activities, ServiceNamespace="sagemaker", IncludeNotScaledActivities=True)[0] == "UnsupportedOperation"
    )


def test_tags_of_a_target(rig: Rig, refused: Refused) -> None:
    serving(rig)
    arn = register(rig, Tags={"team": "a"})
    assert "use the TagResource API" in refused(rig.scaling.register_scalable_target, **WHO, Tags={"team": "b"})[1]
    rig.scaling.tag_resource(ResourceARN=arn, Tags={"stage": "prod"})
    assert rig.scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"team": "a", "stage": "prod"}
    rig.scaling.untag_resource(ResourceARN=arn, TagKeys=["team"])
    assert rig.scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"stage": "prod"}
    absent = arn[:-1] + ("0" if arn[-1] != "0" else "1")
    assert refused(rig.scaling.list_tags_for_resource, ResourceARN=absent)[0] == "ResourceNotFoundException"


@pytest.mark.parametrize("operation", ["put_scheduled_action", "describe_scheduled_actions"])
def test_scheduled_actions_are_refused_by_name(rig: Rig, refused: Refused, operation: str) -> None:
    request: dict[str, Any] = {"ServiceNamespace": "sagemaker"}
    if operation.startswith("put"):
        request = {**WHO, "ScheduledActionName": "night"}
    code, message = refused(getattr(rig.scaling, operation), **request)
    assert (code, operation.replace("_", "") in message.lower()) == ("UnsupportedOperation", True)


def test_an_update_may_change_the_model_but_not_the_instance_type_or_the_variant(rig: Rig, refused: Refused) -> None:
    serving(rig)
    register(rig)
    rig.model("other")
    rig.config("another-model", model="other")
    rig.config("another-type", InstanceType="ml.c5.xlarge")
    rig.config("another-variant", VariantName="Blue")
    update = rig.client.update_endpoint
    for config, words in (("another-type", "ml.c5.large to ml.c5.xlarge"), ("another-variant", "take it away")):
        code, message = refused(update, EndpointName="staging", EndpointConfigName=config)
        assert (code, words in message, RESOURCE in message) == ("ValidationException", True, True)
    update(EndpointName="staging", EndpointConfigName="another-model")
    rig.deployed()
    rig.scaling.deregister_scalable_target(**WHO)
    update(EndpointName="staging", EndpointConfigName="another-type")


def test_the_recommender_refuses_an_endpoint_that_scales(rig: Rig, refused: Refused) -> None:
    serving(rig)
    register(rig)
    request = {
        "JobName": "j",
        "JobType": "Default",
        "RoleArn": ROLE,
        "InputConfig": {"ModelPackageVersionArn": rig.package(), "Endpoints": [{"EndpointName": "staging"}]},
    }
    code, message = refused(rig.client.create_inference_recommendations_job, **request)
    assert (code, "scales automatically" in message, RESOURCE in message) == ("ValidationException", True, True)
    rig.scaling.deregister_scalable_target(**WHO)
    rig.client.create_inference_recommendations_job(**request)
    record = rig.store.endpoint(REGION, "staging")
    assert record is not None
    assert record.status is EndpointStatus.IN_SERVICE
