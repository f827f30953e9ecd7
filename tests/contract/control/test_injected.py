"""Injected faults of the control plane, as boto3 meets them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from include.sagemaker_local.faults import Fault, Kind
from tests.contract.control.conftest import Rig
from tests.contract.control.scaling_requests import WHO
from tests.fakes.transforms import accepted

Refused = Callable[..., tuple[str, str]]
THROTTLED = ("ThrottlingException", "Rate exceeded")


def inject(rig: Rig, kind: Kind, count: int | None = None, **scope: str) -> None:
    rig.faults.add(Fault("", kind, scope, count=count))


def limit(instance_type: str, in_use: int, delta: int, usage: str = "endpoint usage") -> tuple[str, str]:
    text = (
        f"The account-level service limit '{instance_type} for {usage}' is {in_use} Instances, with current "
        f"utilization of {in_use} Instances and a request delta of {delta} Instances. Please use AWS Service Quotas to "
        "request an increase for this quota. If AWS Service Quotas is not available, contact AWS support to request "
        "an increase for this quota."
    )
    return "ResourceLimitExceeded", text


def test_throttling_answers_before_the_operation_acts(rig: Rig, refused: Refused) -> None:
    inject(rig, Kind.THROTTLING, count=1)
    assert refused(rig.client.create_model_package_group, ModelPackageGroupName="g") == THROTTLED
    assert rig.client.list_model_package_groups()["ModelPackageGroupSummaryList"] == []
    rig.client.create_model_package_group(ModelPackageGroupName="g")


def test_throttling_of_one_operation_or_one_endpoint_leaves_the_others_alone(rig: Rig, refused: Refused) -> None:
    rig.endpoint()
    inject(rig, Kind.THROTTLING, operation="ListModels")
    inject(rig, Kind.THROTTLING, endpoint="staging", region="us-east-1")
    assert refused(rig.client.list_models) == THROTTLED
    assert refused(rig.client.describe_endpoint, EndpointName="staging") == THROTTLED
    assert rig.client.list_endpoints()["Endpoints"]
    assert "Could not find" in refused(rig.client.describe_endpoint, EndpointName="other")[1]


def test_autoscaling_can_be_throttled_too(rig: Rig, refused: Refused) -> None:
    inject(rig, Kind.THROTTLING, operation="DescribeScalableTargets")
    assert refused(rig.scaling.describe_scalable_targets, ServiceNamespace="sagemaker") == THROTTLED
    assert rig.scaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"] == []


def test_a_quota_is_exceeded_in_awss_words_and_nothing_is_created(rig: Rig, refused: Refused) -> None:
    rig.endpoint("other")
    rig.deployed("other")
    rig.config("large", InitialInstanceCount=3)
    inject(rig, Kind.RESOURCE_LIMIT_EXCEEDED, instance_type="ml.c5.large")
    create = rig.client.create_endpoint
    assert refused(create, EndpointName="staging", EndpointConfigName="large") == limit("ml.c5.large", 1, 3)
    assert [one["EndpointName"] for one in rig.client.list_endpoints()["Endpoints"]] == ["other"]
    assert refused(rig.client.update_endpoint, EndpointName="other", EndpointConfigName="large")[0] == (
        "ResourceLimitExceeded"
    )
    rig.config("small", InstanceType="ml.c5.xlarge")
    create(EndpointName="staging", EndpointConfigName="small")


@pytest.mark.parametrize(("count", "exceeds"), [(3, True), (1, False)])
def test_more_instances_of_a_variant_meet_the_quota_and_fewer_do_not(
    rig: Rig, refused: Refused, count: int, exceeds: bool
) -> None:
    rig.endpoint()
    rig.deployed()
    inject(rig, Kind.RESOURCE_LIMIT_EXCEEDED, operation="UpdateEndpointWeightsAndCapacities")
    entry: dict[str, Any] = {"VariantName": "AllTraffic", "DesiredInstanceCount": count}
    request = {"EndpointName": "staging", "DesiredWeightsAndCapacities": [entry]}
    operation = rig.client.update_endpoint_weights_and_capacities
    if exceeds:
        assert refused(operation, **request) == limit("ml.c5.large", 1, 2)
    else:
        operation(**request)


def test_a_transform_job_has_a_quota_of_its_own(rig: Rig, refused: Refused) -> None:
    inject(rig, Kind.RESOURCE_LIMIT_EXCEEDED, operation="CreateTransformJob", count=1)
    rig.model()
    code, text = limit("ml.c5.large", 0, 1, "transform job usage")
    refusal = refused(rig.client.create_transform_job, **accepted(TransformJobName="job"))
    resources = accepted(TransformJobName="job")["TransformResources"]
    assert refusal == (code, text.replace("ml.c5.large", resources["InstanceType"]))
    rig.transform("job")


def test_a_quota_does_not_hide_what_is_wrong_with_the_request(rig: Rig, refused: Refused) -> None:
    inject(rig, Kind.RESOURCE_LIMIT_EXCEEDED)
    assert "Could not find" in refused(rig.client.create_endpoint, EndpointName="e", EndpointConfigName="absent")[1]
    assert "No scalable target" in refused(rig.scaling.deregister_scalable_target, **WHO)[1]
