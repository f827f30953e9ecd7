"""The load of an Advanced job, as a spec describes it.

Limits are the developer guide's ("Run a custom load test"): a user sends a request, waits for the answer and sends the
next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated

from sluice.errors import SpecError
from sluice.fields.limits import Limit, check

LARGEST_JUMP = 3
"""In users, from the end of a phase to the beginning of the next."""

Users = Annotated[int, Limit("Users with which the phase begins.", minimum=1, maximum=3)]
Seconds = Annotated[int, Limit("Seconds that it lasts.", minimum=120, maximum=3600)]


@dataclass(frozen=True, kw_only=True)
class PhaseSpec:
    """A while in which users are added at a steady pace."""

    initial_number_of_users: Users
    spawn_rate: Annotated[int, Limit("Users that are added every minute.", minimum=0, maximum=3)]
    duration_in_seconds: Seconds

    def __post_init__(self) -> None:
        check(self)

    @property
    def users_at_end(self) -> int:
        """How many there are in the phase's last second: one is added every `60 / spawn_rate` seconds."""
        return self.initial_number_of_users + max(0, -(-self.duration_in_seconds * self.spawn_rate // 60) - 1)


@dataclass(frozen=True, kw_only=True)
class StairsSpec:
    """Steps of equal length, each with more users than the one before."""

    duration_in_seconds: Annotated[int, Limit("Seconds of all steps together.", minimum=120, maximum=3600)]
    number_of_steps: Annotated[int, Limit("Steps.", minimum=1)]
    users_per_step: Annotated[int, Limit("Users that each step adds.", minimum=1, maximum=3)]

    def __post_init__(self) -> None:
        check(self)
        if self.number_of_steps > self.duration_in_seconds:  # ours: AWS names no limit, and a step of no time is none
            raise SpecError("number_of_steps", f"gives steps of less than a second in {self.duration_in_seconds} s")


@dataclass(frozen=True, kw_only=True)
class TrafficSpec:
    """What an Advanced job sends: either phases or stairs."""

    phases: Annotated[tuple[PhaseSpec, ...] | None, Limit("Phases, one after the other.", min_items=1)] = None
    stairs: Annotated[StairsSpec | None, Limit("Steps of equal length.")] = None

    def __post_init__(self) -> None:
        check(self)
        if (self.phases is None) == (self.stairs is None):
            raise SpecError("", "needs either phases or stairs" + (", not both" if self.stairs else ""))
        _check_continuity(self.phases or ())

    @property
    def duration_s(self) -> int:
        """Seconds of the whole."""
        if self.stairs is not None:
            return self.stairs.duration_in_seconds
        return sum(phase.duration_in_seconds for phase in self.phases or ())


def _check_continuity(phases: Sequence[PhaseSpec]) -> None:
    """AWS: "Users at the end of prev phase is 0 while initial users of current phase is 1."."""
    for position, (before, after) in enumerate(pairwise(phases), start=1):
        users, begins = before.users_at_end, after.initial_number_of_users
        if abs(begins - users) > LARGEST_JUMP:
            raise SpecError(
                f"phases[{position}].initial_number_of_users",
                f"is {begins} after {users} users at the end of the phase before; "
                f"AWS lets them differ by at most {LARGEST_JUMP}",
            )
