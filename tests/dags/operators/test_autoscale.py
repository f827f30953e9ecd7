"""Autoscaling of production: from the job's measurements, and out of the way of another instance type."""

from __future__ import annotations

import re
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator
from sluice.errors import UnexpectedAnswer
from sluice.operators.autoscale import AutoscaleOperator
from sluice.operators.deploy_endpoint import DeployEndpointOperator
from sluice.responses.job import scaling

from tests.fakes.candidates import a_candidate, given
from tests.fakes.sagemaker_api import FakeAws
from tests.fakes.specs import a_spec
from tests.fakes.task_run import DagRunOnFakeAws

SCALED: dict[str, Any] = {"production__autoscaling": {"min_per_minute": 600, "max_per_minute": 6000}}
RESOURCE = "endpoint/iris/variant/AllTraffic"


def autoscale(aws: FakeAws, **more: Any) -> Any:
    operator = AutoscaleOperator(task_id="autoscale", pipeline=a_spec(**SCALED), job="iris-job", **more)
    return DagRunOnFakeAws(aws).run(operator)


def deploy(aws: FakeAws, **changes: Any) -> None:
    candidate = a_candidate(a_spec(**{**SCALED, **changes}))
    DagRunOnFakeAws(aws).run(DeployEndpointOperator(task_id="promote", stage="production", **given(candidate)))


def test_bounds_and_policies_are_those_of_the_recommendation() -> None:
    aws = FakeAws()
    result = autoscale(aws)
    assert result == {
        "resource": RESOURCE,
        "min_instances": 1,
        "max_instances": 5,
        "policies": ["sluice-SageMakerVariantInvocationsPerInstance", "sluice-CPUUtilization"],
    }
    assert aws.scalable_targets[RESOURCE]["MaxCapacity"] == 5
    cpu = aws.scaling_policies["sluice-CPUUtilization"]["TargetTrackingScalingPolicyConfiguration"]
    dimensions = {each["Name"]: each["Value"] for each in cpu["CustomizedMetricSpecification"]["Dimensions"]}
    assert dimensions == {"EndpointName": "iris", "VariantName": "AllTraffic"}
    assert (cpu["TargetValue"], cpu["ScaleInCooldown"]) == (100.0, 300)
    assert autoscale(aws) == result and len(aws.scaling_policies) == 2


def test_it_is_asked_for_what_production_runs_on() -> None:
    aws = FakeAws()
    autoscale(aws)
    autoscale(aws, recommendation='"iris-job/0a1b2c3d"')
    asked = [{key: value for key, value in each.items() if key[0] in "ER"} for each in aws.scaling_asked]
    assert asked == [{"EndpointName": "iris-staging"}, {"RecommendationId": "iris-job/0a1b2c3d"}]
    objective = {"MinInvocationsPerMinute": 600, "MaxInvocationsPerMinute": 6000}
    assert aws.scaling_asked[0]["ScalingPolicyObjective"] == objective


def test_every_request_is_one_that_aws_takes() -> None:
    aws = FakeAws()
    autoscale(aws)
    session = botocore.session.get_session()
    sent = [("sagemaker", "GetScalingConfigurationRecommendation", each) for each in aws.scaling_asked]
    service = "application-autoscaling"
    sent += [(service, "RegisterScalableTarget", each) for each in aws.scalable_targets.values()]
    sent += [(service, "PutScalingPolicy", each) for each in aws.scaling_policies.values()]
    assert len(sent) == 4
    for name, operation, request in sent:
        shape: Any = session.get_service_model(name).operation_model(operation).input_shape
        assert not ParamValidator().validate(request, shape).has_errors()
    pattern = r"\p{Print}+".replace(r"\p{Print}", "[ -~]")
    assert all(re.fullmatch(pattern, each) for each in aws.scaling_policies)


def test_an_update_keeps_the_capacity_that_autoscaling_has_found() -> None:
    aws = FakeAws()
    deploy(aws)
    deploy(aws, containers__0__image="a:2")
    autoscale(aws)
    deploy(aws, containers__0__image="a:3")
    assert aws.kept_capacity == [False, True]
    assert RESOURCE in aws.scalable_targets


def test_another_instance_type_takes_autoscaling_off_first() -> None:
    aws = FakeAws()
    deploy(aws)
    autoscale(aws)
    aws.calls.clear()
    deploy(aws, production__instance_type="ml.m5.large")
    assert aws.calls == ["create_endpoint_configuration", "deregister_scalable_target", "update_endpoint"]
    assert aws.kept_capacity == [False] and not aws.scalable_targets


def test_without_autoscaling_in_the_spec_nothing_is_asked() -> None:
    aws = FakeAws()
    operator = AutoscaleOperator(task_id="autoscale", pipeline=a_spec(), job="iris-job")
    assert set(DagRunOnFakeAws(aws).run(operator).values()) == {None}
    assert not aws.calls and not aws.scaling_asked


@pytest.mark.parametrize("found", [None, {}, {"MinCapacity": 1, "MaxCapacity": 2, "ScalingPolicies": []}])
def test_a_recommendation_without_bounds_or_policies_is_refused(found: Any) -> None:
    with pytest.raises(UnexpectedAnswer, match="DynamicScalingConfiguration"):
        scaling({"DynamicScalingConfiguration": found})
