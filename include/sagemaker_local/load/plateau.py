"""Where throughput stops growing, and the stage at which its plateau begins.

For an endpoint of c workers that take s seconds each, throughput grows with the users until there are c of them and is
c / s from there on, while latency is s until there and grows with the users from there on: two straight lines and a
corner (the asymptotic bounds of operational analysis: Denning and Buzen 1978). Real endpoints round the corner off.
PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from include.sagemaker_local.load.stage import StageResult

# The plateau begins where twice the users bring less than a fifth more throughput. Before it they bring nearly twice as
# much; on it, nothing but longer queues. A small share would chase what more users gain on a busy host, which is a
# larger part of its cores, into queues whose latency says nothing about the model. It is also nearly three times what
# two stages differ by when each is known to 5 %, so that noise is not taken for growth.
GROWTH_SHARE = 0.2

# One flat stage can be an accident of a busy host; two, and twice the users or more, are a plateau.
FLAT_STAGES = 2
FLAT_FACTOR = 2

# A stage is on the plateau when no more than this of the plateau's level is missing. The first is twice what a stage is
# off by whose throughput is known to 2.5 %. The second is for few users: of 3 workers that lose 5 % of their time
# between two requests 5 % are missing with 3 users, and a fourth would only wait, for a third of the latency more.
LEVEL_SHARE = 0.05
LEVEL_SHARE_OF_FEW = 0.1

# A number of users that is one too few is found out by its throughput, and the next is tried. One too many is not found
# out, and adds its share to the latency.
_ROUNDED_UP_FROM = 0.3


def plateau_begins(stages: Sequence[StageResult]) -> StageResult:
    """The stage at which the plateau begins; with several of the same users, the latest. `stages` must not be empty.

    First on stages with twice the users each: the first from which on throughput grows by less than GROWTH_SHARE a
    doubling. Then among the stages between: the one with the fewest users that is on the plateau's level.
    """
    stages = _by_users(stages)
    below, begins, beyond = _corner(stages)
    level = _level(begins, beyond)
    furthest = begins.users * (1 + GROWTH_SHARE)
    near = [each for each in stages if (below.users if below else 0) < each.users <= furthest]
    return next((each for each in near if each.per_second >= level * _share_at(each.users)), begins)


def is_flat(stages: Sequence[StageResult]) -> bool:
    """Whether the plateau has begun and stages of more users have confirmed it."""
    if not stages:
        return False
    begins = _corner(_by_users(stages))[1].users
    beyond = {stage.users for stage in stages if stage.users > begins}
    return len(beyond) >= FLAT_STAGES and max(beyond) >= begins * FLAT_FACTOR


def corner_users(stages: Sequence[StageResult]) -> int | None:
    """How many users the corner would have by what is known so far; None when that many were measured already.

    It is where the line through the last stage below the plateau meets the plateau's level.
    """
    stages = _by_users(stages)
    below, begins, beyond = _corner(stages)
    if below is None:
        return None
    level = _level(begins, beyond)
    rising = [each for each in stages if below.users <= each.users < begins.users and each.per_second < level]
    last = max(rising, key=lambda each: each.users, default=below)
    estimate = level * last.users / last.per_second if last.per_second else math.inf
    if not estimate < begins.users * (1 + GROWTH_SHARE) or abs(estimate / begins.users - 1) < LEVEL_SHARE / 2:
        return None
    users = math.floor(estimate + _ROUNDED_UP_FROM)
    return None if any(each.users == users for each in stages) else users


def _by_users(stages: Sequence[StageResult]) -> list[StageResult]:
    latest = {stage.users: stage for stage in stages}
    return [latest[users] for users in sorted(latest)]


def _corner(stages: Sequence[StageResult]) -> tuple[StageResult | None, StageResult, Sequence[StageResult]]:
    """The last stage before the plateau, the first on it and those after, of stages with twice the users each."""
    doubling = [stages[0]]
    for stage in stages:
        if stage.users >= doubling[-1].users * 2:
            doubling.append(stage)
    places = range(len(doubling))
    begins = next(at for at in places if not any(_grown(doubling[at], later) for later in doubling[at + 1 :]))
    return doubling[begins - 1] if begins else None, doubling[begins], doubling[begins + 1 :]


def _level(begins: StageResult, beyond: Sequence[StageResult]) -> float:
    """Predictions a second on the plateau: the mean of the stages that confirm it, or those of its first if more."""
    confirming = [each.per_second for each in beyond[:FLAT_STAGES]]
    return max(begins.per_second, sum(confirming) / len(confirming) if confirming else 0.0)


def _share_at(users: int) -> float:
    """The share of the level from which a stage is on the plateau: where no other number of users is nearer to it."""
    return min(max(users / (users + 0.5), 1 - LEVEL_SHARE_OF_FEW), 1 - LEVEL_SHARE)


def _grown(stage: StageResult, later: StageResult) -> bool:
    doublings = math.log2(later.users / stage.users)
    return later.per_second >= stage.per_second * math.pow(1 + GROWTH_SHARE, doublings)
