from __future__ import annotations

import pytest

from include.sagemaker_local.data.variants import find_variant, pick_instance, pick_variant
from include.sagemaker_local.routes import Instance, VariantRoute


def variant(name: str, weight: float) -> VariantRoute:
    return VariantRoute(name, weight, ())


@pytest.mark.parametrize(
    ("weights", "point", "picked"),
    [
        ((1, 3), 0.0, "0"),
        ((1, 3), 0.249, "0"),
        ((1, 3), 0.25, "1"),
        ((1, 3), 0.999, "1"),
        ((0, 1), 0.0, "1"),
        ((1, 0), 0.999999, "0"),
        ((0.5, 0.5), 0.5, "1"),
        ((0, 0), 0.0, "0"),
        ((0, 0), 0.5, "1"),
        ((5,), 0.7, "0"),
    ],
)
def test_variants_share_the_traffic_by_weight(weights: tuple[float, ...], point: float, picked: str) -> None:
    variants = [variant(str(position), weight) for position, weight in enumerate(weights)]
    assert pick_variant(variants, point).name == picked


def test_rounding_never_leaves_a_request_without_a_variant_or_picks_one_without_traffic() -> None:
    variants = [variant("a", 0.1), variant("b", 0.2), variant("c", 0.7), variant("none", 0.0)]
    assert pick_variant(variants, 1 - 2**-53).name == "c"


def test_shares_over_many_requests() -> None:
    variants = [variant("blue", 9), variant("green", 1)]
    picked = [pick_variant(variants, point / 1000).name for point in range(1000)]
    assert (picked.count("blue"), picked.count("green")) == (900, 100)


def test_a_variant_is_found_by_its_name() -> None:
    variants = [variant("blue", 1), variant("green", 1)]
    assert find_variant(variants, "green") is variants[1]
    assert find_variant(variants, "Green") is None


def test_a_variant_that_two_fleets_share_is_picked_by_their_parts() -> None:
    variants = [variant("v", 0.9), variant("other", 5), variant("v", 0.1)]
    assert find_variant(variants, "v", 0.89) is variants[0]
    assert find_variant(variants, "v", 0.91) is variants[2]


def instances(*names: str) -> list[Instance]:
    return [Instance(name, ()) for name in names]


def test_the_instance_with_the_fewest_requests_under_way_is_picked() -> None:
    assert pick_instance(instances("i-0", "i-1", "i-2"), {"i-0": 2, "i-1": 1, "i-2": 2}, 0.9).instance_id == "i-1"


@pytest.mark.parametrize(("point", "picked"), [(0.0, "i-1"), (0.49, "i-1"), (0.5, "i-2"), (0.99, "i-2")])
def test_chance_decides_among_equals(point: float, picked: str) -> None:
    assert pick_instance(instances("i-0", "i-1", "i-2"), {"i-0": 1}, point).instance_id == picked
