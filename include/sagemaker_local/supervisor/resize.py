"""A fleet with other weights and instance counts: what has to be started for it, who stays and who leaves.

Pure functions of a fleet and the deployment that it is to become; the variants and their containers are the same, in
the same order.
"""

from __future__ import annotations

from dataclasses import replace

from include.sagemaker_local.deployment import Deployment
from include.sagemaker_local.supervisor.fleet import Fleet, VariantMembers


def growth(fleet: Fleet, wanted: Deployment) -> Deployment | None:
    """The instances that are missing, as a deployment of their own; None when none are."""
    missing = [max(0, count - have) for count, have in zip(wanted.counts, fleet.counts, strict=True)]
    return wanted.with_counts(missing) if any(missing) else None


def resized(fleet: Fleet, more: Fleet | None, wanted: Deployment) -> tuple[Fleet, Fleet]:
    """The fleet as it is wanted, `more` included, and those who leave: a variant's youngest instances first."""
    added = [() for _ in fleet.variants] if more is None else [variant.instances for variant in more.variants]
    stay, leave = [], []
    for variant, new, plan in zip(fleet.variants, added, wanted.variants, strict=True):
        instances = (*variant.instances, *new)
        stay.append(VariantMembers(plan, instances[: plan.instance_count]))
        leave.append(VariantMembers(plan, instances[plan.instance_count :]))
    return replace(fleet, deployment=wanted, variants=tuple(stay)), replace(fleet, variants=tuple(leave))
