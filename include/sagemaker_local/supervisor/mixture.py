"""Two fleets of one endpoint that share its traffic. Pure functions of the two."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from include.sagemaker_local.deployment import Deployment
from include.sagemaker_local.guardrails import enabled_instances
from include.sagemaker_local.routes import VariantRoute
from include.sagemaker_local.supervisor.fleet import Fleet, VariantMembers


def mixed(blue: Sequence[VariantRoute], green: Sequence[VariantRoute], share: float) -> tuple[VariantRoute, ...]:
    """Both fleets' variants, green's with `share` (between 0 and 1) of the traffic.

    Within each fleet the variants keep their own proportions.
    """
    return (*_weighted(blue, 1.0 - share), *_weighted(green, share))


def canary(green: Sequence[VariantRoute], share: float) -> tuple[VariantRoute, ...]:
    """The first instances of each variant: as many as the share of the traffic calls for. AWS calls them the canary."""
    return tuple(
        replace(variant, instances=variant.instances[: enabled_instances(share, len(variant.instances))])
        for variant in green
    )


def united(blue: Fleet, green: Fleet) -> Fleet:
    """Both as one fleet under the name of blue's config; each instance has the same part of the traffic."""
    blues, greens = sum(blue.counts), sum(green.counts)
    variants = (*_members(blue, blues / (blues + greens)), *_members(green, greens / (blues + greens)))
    deployment = Deployment(blue.deployment.config_name, tuple(variant.plan for variant in variants))
    return replace(blue, deployment=deployment, variants=variants)


def _weighted(variants: Sequence[VariantRoute], part: float) -> Iterator[VariantRoute]:
    for variant, own in zip(variants, _shares([variant.weight for variant in variants]), strict=True):
        yield replace(variant, weight=own * part)


def _members(fleet: Fleet, part: float) -> Iterator[VariantMembers]:
    for variant, own in zip(fleet.variants, _shares([variant.plan.weight for variant in fleet.variants]), strict=True):
        plan = replace(
            variant.plan,
            instance_count=len(variant.instances),
            weight=own * part,
            config_name=variant.plan.config_name or fleet.deployment.config_name,
        )
        yield VariantMembers(plan, variant.instances)


def _shares(weights: Sequence[float]) -> list[float]:
    """Parts of 1. Variants whose weights are all 0 share equally, as they do when they have the traffic alone."""
    total = sum(weights)
    return [weight / total if total > 0 else 1 / len(weights) for weight in weights]
