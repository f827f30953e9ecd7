"""When a step's measured part has lasted long enough.

PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

from include.sagemaker_local.load.course import Step

# Fewer answers than this are no measurement: one more or less would change the result by more than a tenth.
MIN_ANSWERS = 10

# A stage lasts at least this share of its longest time. The first answers after a change are too few to tell a steady
# endpoint from one that has not slowed down yet.
SHORTEST_STAGE_SHARE = 1 / 3

# A stage that has too few answers goes on, but not for ever: ten times as long, and in any case long enough for two
# requests that take all the time they may have.
LONGEST_STAGE_FACTOR = 10


def is_enough(step: Step, measured_s: float, answers: int, steady: bool = False) -> bool:
    """Whether the step is over, `measured_s` after its opening and with so many answers, failed ones included.

    `steady` is what `precision.is_steady` says of the answers so far, or said lately.
    """
    if step.duration_s is not None:
        return measured_s >= step.duration_s
    wanted_s = step.stage_s * SHORTEST_STAGE_SHARE if steady else step.stage_s
    return measured_s >= wanted_s and answers >= MIN_ANSWERS


def longest_s(step: Step, timeout_s: float) -> float:
    """When a step is cut off, however few answers it has, in seconds from its beginning."""
    if step.duration_s is not None:
        return step.warm_up_s + step.duration_s + timeout_s  # it ends with an answer, if there is one
    return step.warm_up_s + max(step.stage_s * LONGEST_STAGE_FACTOR, 2 * timeout_s)
