"""One change out of many proposals: limits, suspension, cooldowns and several policies."""

from __future__ import annotations

import pytest

from include.sagemaker_local.autoscaling.decision import Bounds, LastChange, Proposal, basis, decide

BOUNDS = Bounds(1, 10)


def step(capacity: int) -> Proposal:
    return Proposal("step", "users-alarm", capacity, 300.0)


def tracking(capacity: int, name: str = "tracking") -> Proposal:
    return Proposal(name, "alarm", capacity, 300.0, everyone=True)


def chosen(
    capacity: int, *proposals: Proposal, bounds: Bounds = BOUNDS, last: LastChange | None = None, policies: int = 1
) -> int | None:
    found = decide(capacity, bounds, proposals, last, 1000.0, tracking_policies=policies)
    return None if found is None else found.capacity


def test_nobody_asks_for_anything() -> None:
    assert chosen(3) is None
    assert chosen(3, tracking(3)) is None


def test_the_largest_capacity_wins_in_both_directions() -> None:
    assert chosen(3, step(5), tracking(4), step(1)) == 5
    assert chosen(5, tracking(2), tracking(3, "other"), policies=2) == 3


def test_nothing_leaves_the_limits() -> None:
    assert chosen(3, tracking(40)) == 10
    assert chosen(10, tracking(40)) is None
    assert chosen(3, tracking(1), bounds=Bounds(2, 10)) == 2
    assert chosen(2, tracking(1), bounds=Bounds(2, 10)) is None


def test_target_tracking_scales_in_only_when_all_such_policies_want_it() -> None:
    assert chosen(5, tracking(2), policies=2) is None
    assert chosen(5, tracking(2), tracking(5, "other"), policies=2) is None
    assert chosen(5, tracking(2), step(4), policies=2) == 4  # a step policy asks nobody


def test_one_that_needs_more_keeps_the_others_from_scaling_in() -> None:
    assert chosen(10, step(12), step(8)) is None
    assert chosen(5, step(6), step(2), bounds=Bounds(1, 10, out_suspended=True)) is None


@pytest.mark.parametrize(("bounds", "out", "into"), [
    (Bounds(1, 10, in_suspended=True), 5, None),
    (Bounds(1, 10, out_suspended=True), None, 2),
])  # fmt: skip
def test_each_direction_can_be_suspended(bounds: Bounds, out: int | None, into: int | None) -> None:
    assert chosen(3, tracking(5), bounds=bounds) == out
    assert chosen(3, tracking(2), bounds=bounds) == into


def test_a_scale_in_waits_for_the_cooldown_of_the_one_before_and_a_scale_out_does_not() -> None:
    cooling, over = LastChange(5, 4, 1000.1), LastChange(5, 4, 1000.0)
    assert chosen(4, tracking(2), last=cooling) is None
    assert chosen(4, tracking(2), last=over) == 2
    assert chosen(4, tracking(6), last=cooling) == 6
    assert chosen(4, tracking(2), last=LastChange(3, 4, 1000.1)) == 2  # that was a scale-out


def test_in_the_cooldown_of_a_scale_out_its_capacity_counts_as_added() -> None:
    grown = LastChange(before=2, after=4, cooldown_ends_s=1000.1)
    assert basis(4, grown, 1000.0) == 2
    assert basis(4, grown, 1000.1) == 4
    assert basis(3, grown, 1000.0) == 3  # somebody else has changed it meanwhile
    assert basis(4, LastChange(6, 4, 1000.1), 1000.0) == 4
    assert basis(4, None, 1000.0) == 4
