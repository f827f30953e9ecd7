"""How a Default job looks for the plateau: double the users, look closer where it begins, and read the figures there.

How the service ramps users up in a Default job is not published; doubling finds the plateau of any small pipeline
within a few stages.
PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass

from include.sagemaker_local.load.plateau import corner_users, is_flat, plateau_begins
from include.sagemaker_local.load.precision import relative_half_width
from include.sagemaker_local.load.rules import StopReason
from include.sagemaker_local.load.stage import StageResult

# AWS gives 15 to 20 users for 30,000 invocations a minute; what needs more than 256 on one machine waits for something
# other than a CPU, and the figure then says that it is not the maximum.
MAX_USERS = 256

# While users double, what matters is whether a stage is a fifth above another. The mean of the last two stages is the
# plateau's height, and known to 2.8 % if each of them is to this.
SEARCH_PRECISION = 0.04

# The latency is read off a stage that is known to this share, half of what a user of it would call a difference.
READING_PRECISION = 0.025

# Numbers of users between those of the search. The first guess is right where there is a sharp corner; where a second
# one is wrong as well there is none, and the stage of the search stands.
_MOST_GUESSES = 2


@dataclass(frozen=True, slots=True)
class Look:
    """What to look at next: so many users, until throughput is known to `precision`."""

    users: int
    precision: float


def next_look(stages: Sequence[StageResult], stop_when_flat: bool) -> Look | StopReason:
    """What follows on `stages`, which this function asked for, or why nothing does."""
    searched = _search_length(stages, stop_when_flat)
    if searched is None:
        return Look(stages[-1].users * 2 if stages else 1, SEARCH_PRECISION)
    found = StopReason.FLAT if stop_when_flat and is_flat(stages[:searched]) else StopReason.MAX_USERS
    readings = {stage.users for stage in stages[searched:]}
    guesses = readings - {stage.users for stage in stages[:searched]}
    users = corner_users(stages) if len(guesses) < _MOST_GUESSES else None
    if users is None:
        users = _to_read_again(stages, readings)
    return found if users is None else Look(users, READING_PRECISION)


def _search_length(stages: Sequence[StageResult], stop_when_flat: bool) -> int | None:
    """How many stages the search took, None while it goes on."""
    for length in range(1, len(stages) + 1):
        if (stop_when_flat and is_flat(stages[:length])) or stages[length - 1].users * 2 > MAX_USERS:
            return length
    return None


def _to_read_again(stages: Sequence[StageResult], readings: Set[int]) -> int | None:
    """The users at which the plateau begins, unless the throughput of that stage is known well enough."""
    stage = plateau_begins(stages)
    half_width = relative_half_width(stage.marks)
    well_known = half_width is None or half_width <= READING_PRECISION
    return None if well_known or stage.users in readings else stage.users
