"""Application Auto Scaling through boto3: targets, their limits and tags."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.contract.control.conftest import ACCOUNT, Rig
from tests.contract.control.scaling_requests import (
    WHO,
    register,
    serving,
    targets,
)

Refused = Callable[..., tuple[str, str]]


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


def test_burstable_instances_are_not_scaled(rig: Rig, refused: Refused) -> None:
    rig.model()
    rig.config(InstanceType="ml.t2.medium")
    serving(rig)
    code, message = refused(rig.scaling.register_scalable_target, **WHO, MinCapacity=1, MaxCapacity=2)
    assert (code, "ml.t2.medium: burstable" in message) == ("ValidationException", True)


def test_a_minimum_beyond_the_quota_is_an_activity_that_has_failed(rig: Rig) -> None:
    serving(rig)
    register(rig, MinCapacity=21, MaxCapacity=30)
    (activity,) = rig.scaling.describe_scaling_activities(**WHO)["ScalingActivities"]
    assert (activity["StatusCode"], activity["Cause"]) == ("Failed", "minimum capacity was set to 21")
    assert "'ml.c5.large for endpoint usage' is 20 Instances" in activity["StatusMessage"]
    assert activity["EndTime"] == activity["StartTime"]
    assert rig.client.describe_endpoint(EndpointName="staging")["EndpointStatus"] == "InService"
