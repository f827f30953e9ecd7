"""When to look at what is waited for: a function of the time that it has taken so far and of the time it should take.

A look too many costs a call against AWS's quota, a look too late costs a person's time, and which is which depends on
how long the work takes in all. So looks are as close as a person could notice (`least_s`) at first, grow apart as long
as the end is not expected, and are as close as 2 % of what has passed from shortly before the expected end on. What
ends much earlier than expected is therefore noticed within a ninth of its length; everything else within 2 %. A
45-minute job of which 45 minutes are expected is looked at 53 times.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

LEAST_S = 5.0
"""Ours: the shortest time between two looks, and what a person does not mind waiting for."""
SHARE_AT_THE_END = 0.02
"""Ours: how late the end may be noticed, as a share of the whole length, where it is expected."""
SHARE_BEFORE = 0.11
"""Ours: how far looks grow apart before that; with a smaller share a 45-minute job would be looked at over 60 times."""
EXPECTED_FROM = 0.9
"""Ours: the share of the expected length from which on the end may come at any moment."""


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How closely one piece of work is watched. All in seconds since the work began."""

    expected_s: float
    """How long it takes, as far as that is known beforehand."""
    timeout_s: float
    """When it is given up."""
    least_s: float = LEAST_S
    """The shortest time between two looks."""

    def until_next_look_s(self, elapsed_s: float) -> float | None:
        """Seconds from now to the next look, at most to the end of the time; None when the time is up."""
        left_s = self.timeout_s - elapsed_s
        return None if left_s <= 0 else min(self._step_s(max(0.0, elapsed_s)), left_s)

    def within(self, timeout_s: float) -> Pace:
        """The same, given up by `timeout_s` at the latest."""
        return replace(self, timeout_s=min(self.timeout_s, timeout_s))

    def _step_s(self, elapsed_s: float) -> float:
        may_end_s = EXPECTED_FROM * self.expected_s
        if elapsed_s >= may_end_s:
            return max(self.least_s, SHARE_AT_THE_END * elapsed_s)
        # Never beyond the moment from which on the end is expected.
        return max(self.least_s, min(SHARE_BEFORE * elapsed_s, may_end_s - elapsed_s))
