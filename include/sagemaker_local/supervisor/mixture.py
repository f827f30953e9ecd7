"""The route of an endpoint whose traffic two fleets share. Pure functions of the two fleets' routes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from include.sagemaker_local.guardrails import enabled_instances
from include.sagemaker_local.routes import VariantRoute


def mixed(blue: Sequence[VariantRoute], green: Sequence[VariantRoute], share: float) -> tuple[VariantRoute, ...]:
    """Both fleets' variants, green's with `share` (between 0 and 1) of the traffic and on its first instances only.

    Within each fleet the variants keep their own proportions. How many of green's instances take part follows from
    the share: AWS calls them the canary.
    """
    canary = [
        replace(variant, instances=variant.instances[: enabled_instances(share, len(variant.instances))])
        for variant in green
    ]
    return (*_weighted(blue, 1.0 - share), *_weighted(canary, share))


def _weighted(variants: Sequence[VariantRoute], part: float) -> Iterator[VariantRoute]:
    total = sum(variant.weight for variant in variants)
    for variant in variants:
        # Variants whose weights are all 0 share equally, as they do when they have the traffic to themselves.
        own = variant.weight / total if total > 0 else 1 / len(variants)
        yield replace(variant, weight=own * part)
