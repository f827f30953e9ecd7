"""One change of a variant's capacity from what all its policies ask for.

Source: the user guide of Application Auto Scaling on multiple policies, cooldowns and suspension.
PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a scalable target allows: MinCapacity, MaxCapacity and SuspendedState."""

    least: int
    most: int
    in_suspended: bool = False
    out_suspended: bool = False

    def within(self, capacity: int) -> int:
        """The nearest capacity that is allowed."""
        return max(self.least, min(capacity, self.most))


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a policy asks for, which of its alarms made it, and how long it then wants to be left alone.

    `everyone` marks a scale-in that waits for all target tracking policies: see `decide`.
    """

    policy: str
    alarm: str
    capacity: int
    cooldown_s: float
    everyone: bool = False


@dataclass(frozen=True, slots=True)
class LastChange:
    """The last change that was carried out: from and to how many instances, and the end of its cooldown."""

    before: int
    after: int
    cooldown_ends_s: float

    def blocks_scale_in(self, now_s: float) -> bool:
        """A scale-in waits for the end of the cooldown of the scale-in before it."""
        return self.after < self.before and now_s < self.cooldown_ends_s


def basis(capacity: int, last: LastChange | None, now_s: float) -> int:
    """The capacity that a scale-out is reckoned from.

    In the cooldown of a scale-out "the capacity that has been added ... is calculated as part of the desired capacity
    for the next scale-out": it counts from where that one began, so that only a larger one adds anything.
    """
    if last is not None and last.after > last.before and now_s < last.cooldown_ends_s and last.after == capacity:
        return last.before
    return capacity


def decide(
    capacity: int,
    bounds: Bounds,
    proposals: Sequence[Proposal],
    last: LastChange | None,
    now_s: float,
    *,
    tracking_policies: int,
) -> Proposal | None:
    """The proposal to carry out, with a capacity within the bounds; None for none.

    Any policy may scale out, and the largest capacity wins. A scale-in that target tracking asks for needs all
    `tracking_policies` (those with scale-in enabled) to ask for one; one by a step policy does not.
    """
    if not bounds.out_suspended:
        found = _largest(_bounded(proposals, bounds, upwards=True, capacity=capacity))
        if found is not None:
            return found
    if bounds.in_suspended or (last is not None and last.blocks_scale_in(now_s)):
        return None
    if any(one.capacity > capacity for one in proposals):
        return None  # somebody needs more than there is, though it is suspended or at the limit
    willing = [one for one in proposals if one.capacity < capacity]
    if sum(one.everyone for one in willing) < tracking_policies:
        willing = [one for one in willing if not one.everyone]
    return _largest(_bounded(willing, bounds, upwards=False, capacity=capacity))


def _bounded(proposals: Iterable[Proposal], bounds: Bounds, *, upwards: bool, capacity: int) -> list[Proposal]:
    """The proposals of one direction, within the bounds; one that then changes nothing is left out."""
    found = []
    for one in proposals:
        allowed = bounds.within(one.capacity)
        if (allowed > capacity) if upwards else (allowed < capacity):
            found.append(Proposal(one.policy, one.alarm, allowed, one.cooldown_s, one.everyone))
    return found


def _largest(proposals: Sequence[Proposal]) -> Proposal | None:
    return max(proposals, key=lambda one: one.capacity, default=None)
