"""Application Auto Scaling through boto3: what it and the other operations forbid and do to one another; pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from include.sagemaker_local.lifecycle import EndpointStatus
from tests.contract.control.conftest import ROLE, Rig
from tests.contract.control.scaling_requests import (
    NOT_REGISTERED,
    REGION,
    RESOURCE,
    TRACKING,
    WHO,
    policies,
    put,
    register,
    serving,
    targets,
)
from tests.fakes.in_process import service_client

Refused = Callable[..., tuple[str, str]]


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


@pytest.mark.parametrize("what", ["scaling_policies", "scaling_activities"])
def test_a_resource_alone_is_enough_and_a_dimension_alone_is_not(rig: Rig, refused: Refused, what: str) -> None:
    """As in the guide: `describe-scaling-activities --service-namespace sagemaker --resource-id endpoint/...`."""
    rig.endpoint("other")
    rig.deployed("other")
    other = "endpoint/other/variant/AllTraffic"
    register(rig, ResourceId=other, MinCapacity=2)
    serving(rig)
    register(rig, MinCapacity=2)
    put(rig)
    rig.scaling.put_scaling_policy(
        **{**WHO, "ResourceId": other},
        PolicyName="p",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration=TRACKING,
    )
    describe = getattr(rig.scaling, f"describe_{what}")
    (answer,) = (
        value for value in describe(ServiceNamespace="sagemaker", ResourceId=other).values() if type(value) is list
    )
    assert [one["ResourceId"] for one in answer] == [other]
    code, message = refused(describe, ServiceNamespace="sagemaker", ScalableDimension=WHO["ScalableDimension"])
    assert (code, "A ResourceId must be given" in message) == ("ValidationException", True)


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
