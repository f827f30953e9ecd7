"""A fleet with other weights and instance counts: what has to be started for it, who stays and who leaves.

Pure functions of a fleet and the deployment that it is to become; the variants and their containers are the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from include.sagemaker_local.deployment import Deployment, VariantPlan
from include.sagemaker_local.supervisor.fleet import Fleet, InstanceMembers, VariantMembers


def growth(fleet: Fleet, wanted: Deployment) -> Deployment | None:
    """The instances that are missing, as a deployment of their own; None when none are."""
    have = {variant.plan.name: len(variant.instances) for variant in fleet.variants}
    variants = tuple(
        replace(plan, instance_count=plan.instance_count - have[plan.name])
        for plan in wanted.variants
        if plan.instance_count > have[plan.name]
    )
    return replace(wanted, variants=variants) if variants else None


def resized(fleet: Fleet, more: Fleet | None, wanted: Deployment) -> tuple[Fleet, Fleet]:
    """The fleet as it is wanted, `more` included, and those who leave: a variant's youngest instances first."""
    added = {} if more is None else {variant.plan.name: variant.instances for variant in more.variants}
    plans = {plan.name: plan for plan in wanted.variants}
    stay = tuple(_kept(variant, added, plans[variant.plan.name]) for variant in fleet.variants)
    leave = tuple(
        VariantMembers(variant.plan, variant.instances[plans[variant.plan.name].instance_count :])
        for variant in fleet.variants
    )
    return replace(fleet, deployment=wanted, variants=stay), replace(fleet, variants=leave)


def _kept(
    variant: VariantMembers, added: Mapping[str, tuple[InstanceMembers, ...]], plan: VariantPlan
) -> VariantMembers:
    return VariantMembers(plan, (*variant.instances, *added.get(plan.name, ()))[: plan.instance_count])
