"""Which production variant answers a request, and which of its instances.

PURE: no I/O, no third-party imports; chance is handed in as a `point`, uniform in [0, 1).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from include.sagemaker_local.routes import Instance, VariantRoute


def pick_variant(variants: Sequence[VariantRoute], point: float) -> VariantRoute:
    """The variant at `point` of the traffic, each as wide as its weight; equal shares when all weights are 0."""
    total = sum(variant.weight for variant in variants)
    if total <= 0:
        return variants[int(point * len(variants))]
    left = point * total
    for variant in variants:
        left -= variant.weight
        if left < 0:
            return variant
    return next(variant for variant in reversed(variants) if variant.weight > 0)  # rounding used up the last share


def find_variant(variants: Sequence[VariantRoute], name: str, point: float = 0.0) -> VariantRoute | None:
    """The variant called `name`, as TargetVariant asks for it; either fleet's while a deployment shifts traffic."""
    named = [variant for variant in variants if variant.name == name]
    if len(named) > 1:
        return pick_variant(named, point)
    return named[0] if named else None


def pick_instance(instances: Sequence[Instance], outstanding: Mapping[str, int], point: float) -> Instance:
    """The instance with the fewest requests under way (by instance id), one of them by chance when several have."""
    fewest = min(outstanding.get(instance.instance_id, 0) for instance in instances)
    free = [instance for instance in instances if outstanding.get(instance.instance_id, 0) == fewest]
    return free[int(point * len(free))]
