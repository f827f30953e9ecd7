"""How many instances: the examples of AWS's guides, and the limits of rounding."""

from __future__ import annotations

import math

import pytest

from include.sagemaker_local.autoscaling.capacity import reduced, stepped, tracked
from include.sagemaker_local.autoscaling.policies import Adjustment, Step, Stepping


@pytest.mark.parametrize(
    ("capacity", "value", "target", "expected"),
    [(1, 71, 70, 2), (2, 210, 70, 6), (3, 70, 70, 3), (10, 77, 70, 11), (3, 0.1, 0.1, 3), (7, 0.3, 0.1, 21)],
)
def test_a_scale_out_is_in_proportion_and_rounded_up(capacity: int, value: float, target: float, expected: int) -> None:
    assert tracked(capacity, value, target) == expected


@pytest.mark.parametrize(
    ("capacity", "values", "expected"),
    [
        (4, [10.0] * 15, 1),
        (4, [10.0] * 14 + [50.0], 3),  # the busiest minute counts
        (4, [60.0] * 15, 4),  # three instances would be at 80: above the target again
        (4, [0.0] * 15, 1),
    ],
)
def test_a_scale_in_leaves_enough_for_the_busiest_minute(capacity: int, values: list[float], expected: int) -> None:
    assert reduced(capacity, values, 70.0) == expected


UP = (Step(0, 10, 1), Step(10, 20, 10), Step(20, math.inf, 30))
DOWN = (Step(-10, 0, -1), Step(-20, -10, -10), Step(-math.inf, -20, -30))


@pytest.mark.parametrize(("beyond", "expected"), [(0, 101), (9.9, 101), (10, 110), (20, 130), (1e9, 130), (-0.1, None)])
def test_above_the_threshold_the_lower_bound_belongs_to_a_step(beyond: float, expected: int | None) -> None:
    assert stepped(Stepping(Adjustment.CHANGE, UP, 0, 0, "Average"), 100, beyond, upwards=True) == expected


@pytest.mark.parametrize(("beyond", "expected"), [(0, 99), (-9.9, 99), (-10, 90), (-20, 70), (-1e9, 70), (0.1, None)])
def test_below_the_threshold_the_upper_bound_does(beyond: float, expected: int | None) -> None:
    assert stepped(Stepping(Adjustment.CHANGE, DOWN, 0, 0, "Average"), 100, beyond, upwards=False) == expected


@pytest.mark.parametrize(
    ("capacity", "percent", "least", "expected"),
    [
        (10, 30, 0, 13),
        (4, 25, 2, 6),  # the example of MinAdjustmentMagnitude in the API reference
        (10, 127, 0, 22),  # 12.7 instances are 12
        (1, 67, 0, 2),  # 0.67 is 1
        (1, -67, 0, 0),
        (10, -67, 0, 4),  # -6.7 is -6
        (10, 0, 5, 10),
    ],
)
def test_a_percentage_is_rounded_towards_zero_but_never_to_it(
    capacity: int, percent: int, least: int, expected: int
) -> None:
    policy = Stepping(Adjustment.PERCENT, (Step(-math.inf, math.inf, percent),), least, 0, "Average")
    assert stepped(policy, capacity, 5, upwards=True) == expected


def test_an_exact_capacity_does_not_depend_on_the_present_one() -> None:
    policy = Stepping(Adjustment.EXACT, (Step(0, math.inf, 5),), 0, 0, "Average")
    assert [stepped(policy, capacity, 1, upwards=True) for capacity in (1, 5, 9)] == [5, 5, 5]
