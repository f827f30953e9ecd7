"""Where throughput stops growing, and the stage at which its plateau begins.

For an endpoint of c workers that take s seconds each, throughput grows with the users until there are c of them and is
c / s from there on, while latency is s until there and grows with the users from there on: two straight lines and a
corner (the asymptotic bounds of operational analysis: Denning and Buzen 1978). Real endpoints round the corner off.
PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from include.sagemaker_local.load.stage import StageResult

# The plateau begins where twice the users bring less than a fifth more throughput. Before it they bring nearly twice as
# much; on it, nothing but longer queues. A small share would chase what more users gain on a busy host, which is a
# larger part of its cores, into queues whose latency says nothing about the model. It is also three times what two
# stages differ by when each is known to 4 %, so that noise is not taken for growth.
GROWTH_SHARE = 0.2

# One flat stage can be an accident of a busy host; two, and twice the users or more, are a plateau.
FLAT_STAGES = 2
FLAT_FACTOR = 2

# A stage is on the plateau when no more than this of the plateau's level is missing. The first is twice what a stage is
# off by whose throughput is known to 2.5 %. The second is for few users: of 3 workers that lose 5 % of their time
# between two requests 5 % are missing with 3 users, and a fourth would only wait, for a third of the latency more.
LEVEL_SHARE = 0.05
LEVEL_SHARE_OF_FEW = 0.1

# What users lose on the way to the containers and back is not the containers' want of users, and is added to a stage's
# throughput before it is compared with the level; this much of it at most, for the way is part of what is measured.
_WAY_SHARE = 0.1

# A number of users that is one too few is found out by its throughput, and the next is tried. One too many is not found
# out, and adds its share to the latency.
_ROUNDED_UP_FROM = 0.3


@dataclass(frozen=True, slots=True)
class _Search:
    """What stages with twice the users each say: the last below the plateau, the first on it, and those after."""

    below: StageResult | None
    begins: StageResult
    beyond: Sequence[StageResult]

    @property
    def on_level(self) -> Sequence[StageResult]:
        """The stages whose mean throughput is the plateau's level.

        They are those that confirm it, where every worker has a request waiting; the one at which it begins when
        throughput falls off with more users, or when nothing confirms it.
        """
        confirming = self.beyond[:FLAT_STAGES]
        return confirming if confirming and mean_per_second(confirming) > self.begins.per_second else (self.begins,)

    @property
    def level(self) -> float:
        """Predictions a second on the plateau."""
        return mean_per_second(self.on_level)

    @property
    def furthest(self) -> float:
        """The most users at which the plateau can begin: those that are a fifth more bring no more than that."""
        return self.begins.users * (1 + GROWTH_SHARE)


def plateau_begins(stages: Sequence[StageResult]) -> StageResult:
    """The stage at which the plateau begins; with several of the same users, the latest. `stages` must not be empty.

    First on stages with twice the users each: the first from which on throughput grows by less than GROWTH_SHARE a
    doubling. Then among the stages between: the one with the fewest users that is on the plateau's level.
    """
    stages = _by_users(stages)
    search = _search(stages)
    rising = search.below.users if search.below else 0
    near = [each for each in stages if rising < each.users <= search.furthest]
    return next(
        (each for each in near if _without_the_way(each) >= search.level * _share_at(each.users)), search.begins
    )


def plateau_stages(stages: Sequence[StageResult]) -> Sequence[StageResult]:
    """The stages whose mean throughput is the plateau's level. `stages` must not be empty."""
    return _search(_by_users(stages)).on_level


def mean_per_second(stages: Sequence[StageResult]) -> float:
    """The mean of the stages' throughputs. `stages` must not be empty."""
    return sum(each.per_second for each in stages) / len(stages)


def is_flat(stages: Sequence[StageResult]) -> bool:
    """Whether the plateau has begun and stages of more users have confirmed it."""
    if not stages:
        return False
    begins = _search(_by_users(stages)).begins.users
    beyond = {stage.users for stage in stages if stage.users > begins}
    return len(beyond) >= FLAT_STAGES and max(beyond) >= begins * FLAT_FACTOR


def corner_users(stages: Sequence[StageResult]) -> int | None:
    """How many users the corner would have by what is known so far; None when that many were measured already.

    It is where the line through the last stage below the plateau meets the plateau's level.
    """
    stages = _by_users(stages)
    search = _search(stages)
    below, begins, level = search.below, search.begins, search.level
    if below is None:
        return None
    rising = [each for each in stages if below.users <= each.users < begins.users and each.per_second < level]
    last = max(rising, key=lambda each: each.users, default=below)
    estimate = level * last.users / last.per_second if last.per_second else math.inf
    if not estimate < search.furthest or abs(estimate / begins.users - 1) < LEVEL_SHARE / 2:
        return None
    users = math.floor(estimate + _ROUNDED_UP_FROM)
    return None if any(each.users == users for each in stages) else users


def _by_users(stages: Sequence[StageResult]) -> list[StageResult]:
    latest = {stage.users: stage for stage in stages}
    return [latest[users] for users in sorted(latest)]


def _search(stages: Sequence[StageResult]) -> _Search:
    """Of stages in the order of their users."""
    doubling = [stages[0]]
    for stage in stages:
        if stage.users >= doubling[-1].users * 2:
            doubling.append(stage)
    places = range(len(doubling))
    begins = next(at for at in places if not any(_grown(doubling[at], later) for later in doubling[at + 1 :]))
    return _Search(doubling[begins - 1] if begins else None, doubling[begins], tuple(doubling[begins + 1 :]))


def _grown(stage: StageResult, later: StageResult) -> bool:
    doublings = math.log2(later.users / stage.users)
    return later.per_second >= stage.per_second * math.pow(1 + GROWTH_SHARE, doublings)


def _without_the_way(stage: StageResult) -> float:
    """Predictions a second that the stage would have had if users lost less time between client and containers."""
    if not stage.model_latency.sum_us or not stage.latency.count:
        return stage.per_second
    return stage.per_second * min(stage.latency.mean_us() / stage.model_latency.mean_us(), 1 + _WAY_SHARE)


def _share_at(users: int) -> float:
    """The share of the level from which a stage is on the plateau: where no other number of users is nearer to it."""
    return min(max(users / (users + 0.5), 1 - LEVEL_SHARE_OF_FEW), 1 - LEVEL_SHARE)
