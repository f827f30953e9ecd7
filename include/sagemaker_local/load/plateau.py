"""Where throughput stops growing.

PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from include.sagemaker_local.load.stage import StageResult

# The plateau begins where twice the users bring less than a fifth more throughput. Before it they bring nearly twice as
# much; on it, nothing but longer queues. A small share would chase what more users gain on a busy host, which is a
# larger part of its cores, into queues whose latency says nothing about the model.
GROWTH_SHARE = 0.2

# One flat stage can be an accident of a busy host; two, and twice the users or more, are a plateau.
FLAT_STAGES = 2
FLAT_FACTOR = 2


def plateau_begins(stages: Sequence[StageResult]) -> int:
    """The index of the first stage from which on throughput grows by less than GROWTH_SHARE a doubling of users.

    `stages` must not be empty.
    """
    return next(
        index for index, stage in enumerate(stages) if all(not _grown(stage, later) for later in stages[index + 1 :])
    )


def is_flat(stages: Sequence[StageResult]) -> bool:
    """Whether the plateau has begun and stages of more users have confirmed it."""
    if not stages:
        return False
    begins = stages[plateau_begins(stages)].users
    beyond = {stage.users for stage in stages if stage.users > begins}
    return len(beyond) >= FLAT_STAGES and max(beyond) >= begins * FLAT_FACTOR


def _grown(stage: StageResult, later: StageResult) -> bool:
    if later.users <= stage.users:
        return False  # a phase with as many users as before says nothing about more of them
    doublings = math.log2(later.users / stage.users)
    growth = math.pow(1 + GROWTH_SHARE, doublings)
    return later.per_second >= stage.per_second * growth
