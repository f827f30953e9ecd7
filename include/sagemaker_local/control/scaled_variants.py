"""What autoscaling forbids the other operations, and what they do to it."""

from __future__ import annotations

from include.sagemaker_local.control.call import Call
from include.sagemaker_local.control.refusals import invalid
from include.sagemaker_local.deployment import Deployment
from include.sagemaker_local.store.records import EndpointRecord


def refuse_scaled_variants(call: Call, record: EndpointRecord, wanted: Deployment) -> None:
    """Raises ApiError when the update takes a registered variant away or gives it another instance type.

    "If the update would change the instance type for any model that is a target for auto scaling, the update fails"
    (guide, update endpoints that use auto scaling). The words are ours.
    """
    present = {} if record.live is None else {plan.name: plan.instance_type for plan in record.live.variants}
    new = {plan.name: plan.instance_type for plan in wanted.variants}
    for target in call.store.scalable_targets_of(call.region, record.name):
        before, after = present.get(target.variant_name), new.get(target.variant_name)
        if after is None or before not in (None, after):
            what = "take it away" if after is None else f"change its instance type from {before} to {after}"
            raise invalid(
                f"Variant {target.variant_name} is a scalable target of Application Auto Scaling and the update would "
                f"{what}. Deregister {target.resource_id} first."
            )


def forget_targets(call: Call, record: EndpointRecord) -> None:
    """Deregisters the variants of an endpoint that is being deleted, as AWS does."""
    for target in call.store.scalable_targets_of(call.region, record.name):
        call.store.remove_scalable_target(target)
