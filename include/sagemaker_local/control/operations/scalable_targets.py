"""RegisterScalableTarget, DescribeScalableTargets, DeregisterScalableTarget of Application Auto Scaling."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from include.sagemaker_local.control.call import Answer, Call
from include.sagemaker_local.control.refusals import could_not_find, invalid
from include.sagemaker_local.control.scaling_request import (
    Variant,
    found_target,
    identity,
    page_of,
    variant_of,
    wanted_by,
)
from include.sagemaker_local.deployment import VariantPlan, by_name
from include.sagemaker_local.instance_types import is_burstable
from include.sagemaker_local.store.records import EndpointRecord, ScalableTargetRecord
from include.sagemaker_local.wire.members import unsupported

# Application Auto Scaling's service-linked role for SageMaker, which AWS makes by itself.
_ROLE = (
    "arn:aws:iam::{account_id}:role/aws-service-role/sagemaker.application-autoscaling.amazonaws.com/"
    "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
)
_SUSPENDABLE = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")


async def register_scalable_target(call: Call) -> Answer:
    """A new target, or new limits for one; what is not given stays. Capacities outside the limits are changed now."""
    request = call.request
    variant = variant_of(request)
    endpoint = _endpoint(call, variant)
    before = call.store.scalable_target(call.region, variant.endpoint_name, variant.variant_name)
    tags = request.text_map("Tags")
    if before is not None and tags:
        raise invalid(  # AWS's words
            "The scalable target that you tried to tag already exists. To update tags on an existing scalable target, "
            "use the TagResource API."
        )
    least, most = _limits(call, before)
    record = ScalableTargetRecord(
        region=call.region,
        endpoint_name=endpoint.name,
        variant_name=variant.variant_name,
        arn=_new_arn(call) if before is None else before.arn,
        min_capacity=least,
        max_capacity=most,
        role_arn=request.text("RoleARN") or (before.role_arn if before else _role(call)),
        suspended=_suspended(request.raw.get("SuspendedState"), before),
        created_at_s=call.now_s() if before is None else before.created_at_s,
    )
    with call.store.transaction():
        call.store.put_scalable_target(record)
        call.store.put_tags(record.arn, tags)
    call.services.autoscaler.enforce_limits(call.region, endpoint.name)
    return {"ScalableTargetARN": record.arn}


async def describe_scalable_targets(call: Call) -> Answer:
    """The registered targets of the region."""
    records = [one for one in call.store.scalable_targets() if one.region == call.region]
    found = wanted_by(call.request, records, lambda one: Variant(one.endpoint_name, one.variant_name))
    return page_of(call, "ScalableTargets", found, lambda one: one.resource_id, _described)


async def deregister_scalable_target(call: Call) -> Answer:
    """Forgets a target with its policies and their alarms. Its instances stay as many as they are."""
    call.store.remove_scalable_target(found_target(call))
    call.services.autoscaler.refresh()
    return {}


def _endpoint(call: Call, variant: Variant) -> EndpointRecord:
    """The endpoint, which must have that variant. What AWS says could not be found; these are SageMaker's words."""
    endpoint = call.store.endpoint(call.region, variant.endpoint_name)
    if endpoint is None:
        raise could_not_find("endpoint", call.home.arn("endpoint", variant.endpoint_name))
    deployment = endpoint.live or endpoint.wanted
    if deployment is None or variant.variant_name not in {plan.name for plan in deployment.variants}:
        config = "" if deployment is None else deployment.config_name
        raise invalid(
            f'The variant name(s) "{variant.variant_name}" is/are not present within endpoint configuration "{config}".'
        )
    _refuse_burstable(by_name(deployment.variants)[variant.variant_name])
    return endpoint


def _refuse_burstable(plan: VariantPlan) -> None:
    """Registration checks that the variant is not on "a burstable performance instance such as T2".

    So the guide has it ("Configure model auto scaling with the console"); the words are ours.
    """
    if is_burstable(plan.instance_type):
        raise invalid(f"Variant {plan.name} is on {plan.instance_type}: burstable instances are not scaled.")


def _limits(call: Call, before: ScalableTargetRecord | None) -> tuple[int, int]:
    """MinCapacity and MaxCapacity. That they are needed is AWS's rule, the words are ours."""
    least, most = call.request.integer("MinCapacity"), call.request.integer("MaxCapacity")
    if before is not None:
        least = before.min_capacity if least is None else least
        most = before.max_capacity if most is None else most
    if least is None or most is None:
        raise invalid(
            "MinCapacity and MaxCapacity are required when a scalable target is registered for the first time."
        )
    if least == 0:
        raise unsupported("MinCapacity 0", "RegisterScalableTarget", "a variant here has at least one instance")
    if least < 0:
        raise invalid(f"MinCapacity is {least}; it must not be negative.")
    if most < least:
        raise invalid(f"MaxCapacity ({most}) must not be less than MinCapacity ({least}).")
    return least, most


def _suspended(given: Mapping[str, bool] | None, before: ScalableTargetRecord | None) -> dict[str, bool]:
    """The whole state; what the request leaves out stays, and is False at first."""
    known = {} if before is None else before.suspended
    return {name: bool((given or {}).get(name, known.get(name, False))) for name in _SUSPENDABLE}


def _role(call: Call) -> str:
    return _ROLE.format(account_id=call.services.account_id)


def _new_arn(call: Call) -> str:
    unique = secrets.token_hex(18)  # 36 characters, as in the samples of the API reference
    return f"{call.home.arn_prefix('application-autoscaling')}:scalable-target/{unique}"


def _described(record: ScalableTargetRecord) -> dict[str, Any]:
    return {
        **identity(),
        "ResourceId": record.resource_id,
        "MinCapacity": record.min_capacity,
        "MaxCapacity": record.max_capacity,
        "RoleARN": record.role_arn,
        "CreationTime": record.created_at_s,
        "SuspendedState": record.suspended,
        "ScalableTargetARN": record.arn,
    }
