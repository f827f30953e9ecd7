"""RetainAllVariantProperties: what an update takes over from the endpoint as it is. PURE."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from include.sagemaker_local.deployment import Deployment, VariantPlan, by_name

INSTANCE_COUNT = "DesiredInstanceCount"
WEIGHT = "DesiredWeight"


def retained(live: Deployment | None, wanted: Deployment, excluded: Collection[str]) -> Deployment:
    """`wanted`, with the instance counts and weights that variants of the same name have now; not those `excluded`.

    A variant that is new has no properties to retain. Data capture, the third property that can be excluded, is not
    supported, so there is none of it to retain either.
    """
    present = {} if live is None else by_name(live.variants)
    return replace(
        wanted,
        variants=tuple(
            _retained(present[plan.name], plan, excluded) if plan.name in present else plan for plan in wanted.variants
        ),
    )


def _retained(present: VariantPlan, plan: VariantPlan, excluded: Collection[str]) -> VariantPlan:
    return replace(
        plan,
        instance_count=plan.instance_count if INSTANCE_COUNT in excluded else present.instance_count,
        weight=plan.weight if WEIGHT in excluded else present.weight,
    )
