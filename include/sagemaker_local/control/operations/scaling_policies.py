"""PutScalingPolicy, DescribeScalingPolicies, DeleteScalingPolicy of Application Auto Scaling."""

from __future__ import annotations

import uuid
from typing import Any

from include.sagemaker_local.autoscaling.policies import PolicyType
from include.sagemaker_local.autoscaling.tracking_alarms import alarm_names
from include.sagemaker_local.control.call import Answer, Call
from include.sagemaker_local.control.scaling_policy_request import refuse_second_policy, requested_policy
from include.sagemaker_local.control.scaling_request import (
    Variant,
    found_target,
    identity,
    not_found,
    page_of,
    variant_of,
    wanted_by,
)
from include.sagemaker_local.store.records import ScalableTargetRecord, ScalingPolicyRecord


async def put_scaling_policy(call: Call) -> Answer:
    """A new policy, or a new configuration for one. Target tracking gets its alarms at once."""
    target = found_target(call)
    name = call.request.required("PolicyName")
    same = [one for one in _policies(call) if one.resource_id == target.resource_id]
    before = next((one for one in same if one.name == name), None)
    kind, configuration = requested_policy(call.request, before)
    if kind is PolicyType.TRACKING:
        refuse_second_policy(configuration, (one for one in same if one.name != name))
    record = ScalingPolicyRecord(
        region=call.region,
        endpoint_name=target.endpoint_name,
        variant_name=target.variant_name,
        name=name,
        arn=_new_arn(call, target, name) if before is None else before.arn,
        type=kind,
        configuration=configuration,
        alarm_names=_alarm_names(target, kind, before),
        created_at_s=call.now_s() if before is None else before.created_at_s,
    )
    call.store.put_scaling_policy(record)
    call.services.autoscaler.refresh()
    return {"PolicyARN": record.arn, "Alarms": _alarms(call, record)}


async def describe_scaling_policies(call: Call) -> Answer:
    """The policies of the region."""
    names = call.request.texts("PolicyNames")
    records = [one for one in _policies(call) if not names or one.name in names]
    found = wanted_by(call.request, records, lambda one: Variant(one.endpoint_name, one.variant_name))
    return page_of(
        call, "ScalingPolicies", found, lambda one: f"{one.resource_id} {one.name}", lambda one: _described(call, one)
    )


async def delete_scaling_policy(call: Call) -> Answer:
    """Forgets a policy, and the alarms that target tracking made for it. Users' own alarms stay."""
    request = call.request
    variant, name = variant_of(request), request.required("PolicyName")
    for one in _policies(call):
        place = (one.endpoint_name.lower(), one.variant_name, one.name)
        if place == (variant.endpoint_name.lower(), variant.variant_name, name):
            call.store.remove_scaling_policy(one)
            call.services.autoscaler.refresh()
            return {}
    raise not_found("No scaling policy found for", request, f", policy name: {name}")


def _policies(call: Call) -> list[ScalingPolicyRecord]:
    return [one for one in call.store.scaling_policies() if one.region == call.region]


def _alarm_names(target: ScalableTargetRecord, kind: PolicyType, before: ScalingPolicyRecord | None) -> tuple[str, ...]:
    """Names that last as long as the policy does; a step policy has none."""
    if kind is not PolicyType.TRACKING:
        return ()
    if before is not None and before.alarm_names:
        return before.alarm_names
    return alarm_names(target.resource_id, (str(uuid.uuid4()), str(uuid.uuid4())))


def _new_arn(call: Call, target: ScalableTargetRecord, name: str) -> str:
    prefix = call.home.arn_prefix("autoscaling")
    return f"{prefix}:scalingPolicy:{uuid.uuid4()}:resource/sagemaker/{target.resource_id}:policyName/{name}"


def _alarms(call: Call, record: ScalingPolicyRecord) -> list[dict[str, str]]:
    prefix = call.home.arn_prefix("cloudwatch")
    names = call.services.autoscaler.alarm_names(record)
    return [{"AlarmName": name, "AlarmARN": f"{prefix}:alarm:{name}"} for name in names]


def _described(call: Call, record: ScalingPolicyRecord) -> dict[str, Any]:
    return {
        **identity(),
        "PolicyARN": record.arn,
        "PolicyName": record.name,
        "ResourceId": record.resource_id,
        "PolicyType": record.type,
        f"{record.type}PolicyConfiguration": record.configuration,
        "Alarms": _alarms(call, record),
        "CreationTime": record.created_at_s,
    }
