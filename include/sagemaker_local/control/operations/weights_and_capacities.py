"""UpdateEndpointWeightsAndCapacities: other weights and instance counts for variants that go on running."""

from __future__ import annotations

from dataclasses import replace

from include.sagemaker_local.control.call import Answer, Call
from include.sagemaker_local.control.operations.endpoints import found_endpoint, refuse_unless_allowed
from include.sagemaker_local.control.quota import refuse_beyond_quota
from include.sagemaker_local.control.refusals import invalid
from include.sagemaker_local.deployment import Deployment, VariantPlan
from include.sagemaker_local.lifecycle import EndpointEvent, EndpointStatus
from include.sagemaker_local.wire.members import Members


async def update_endpoint_weights_and_capacities(call: Call) -> Answer:
    """Write down the new weights and counts; the supervisor starts and stops instances until they are so."""
    record = found_endpoint(call)
    refuse_unless_allowed(record, EndpointEvent.UPDATE)
    if record.status is EndpointStatus.UPDATE_ROLLBACK_FAILED:
        # AWS's guide names UpdateEndpoint as the way out of this state, and no other; the words are ours.
        raise invalid(f'Endpoint "{record.arn}" is {record.status}: only UpdateEndpoint brings it back to one config.')
    if record.live is None:
        raise invalid(f'Endpoint "{record.arn}" has no production variants whose capacity could be changed.')
    wanted = _changed(record.live, call.request.structures("DesiredWeightsAndCapacities"))
    refuse_beyond_quota(call, record.name, wanted)
    call.store.move_endpoint(
        call.region,
        record.name,
        EndpointEvent.UPDATE,
        wanted=wanted,
        failure_reason=None,
        in_place=True,
    )
    call.services.wake_endpoints()
    return {"EndpointArn": record.arn}


def _changed(live: Deployment, entries: list[Members]) -> Deployment:
    by_name: dict[str, Members] = {}
    for entry in entries:
        name = entry.required("VariantName")
        if name in by_name:
            raise invalid(f'The variant name "{name}" was non-unique within the request.')  # moto's words, as below
        by_name[name] = entry
    absent = by_name.keys() - {plan.name for plan in live.variants}
    if absent:
        names = '", "'.join(sorted(absent))
        # moto's words, which it took from the service.
        raise invalid(
            f'The variant name(s) "{names}" is/are not present within endpoint configuration "{live.config_name}".'
        )
    variants = tuple(
        _changed_plan(plan, by_name[plan.name]) if plan.name in by_name else plan for plan in live.variants
    )
    if not any(plan.weight > 0 for plan in variants):
        raise invalid("At least one production variant must keep a weight above 0.")
    return replace(live, variants=variants)


def _changed_plan(plan: VariantPlan, entry: Members) -> VariantPlan:
    weight, count = entry.number("DesiredWeight"), entry.integer("DesiredInstanceCount")
    if weight is None and count is None:
        raise invalid(f"Variant {plan.name} needs a DesiredWeight or a DesiredInstanceCount.")
    if count == 0:
        raise invalid(f"Variant {plan.name} cannot have a DesiredInstanceCount of 0: an instance-based variant runs.")
    return replace(
        plan,
        weight=plan.weight if weight is None else weight,
        instance_count=plan.instance_count if count is None else count,
    )
