"""Which stage of a load test its figures come from, and what is to be said against them.

PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from include.sagemaker_local.load.confidence import doubts
from include.sagemaker_local.load.course import ConstantRate, ConstantUsers, Course
from include.sagemaker_local.load.rules import StopReason
from include.sagemaker_local.load.stage import StageResult
from include.sagemaker_local.load.summary import telling_stage

# An open loop that sent less than this of what it was to send did something else than it was asked for.
_KEPT_UP = 0.98

# The p99 of fewer requests is one of the two slowest of them.
_FEW = 200


def telling(course: Course, stages: Sequence[StageResult], stopped_by: StopReason | None) -> int | None:
    """The position of the stage that the figures come from; None when none succeeded.

    A constant load has one stage, whatever failed in it. `stopped_by` is None for a test that was interrupted: then it
    is the last stage that had an answer.
    """
    if isinstance(course, ConstantUsers | ConstantRate) or stopped_by is None:
        return next((at for at in reversed(range(len(stages))) if stages[at].succeeded), None)
    stage = telling_stage(stages, stopped_by)
    if stage is None or not stage.succeeded:
        return None
    return next(at for at, each in enumerate(stages) if each is stage)


def reservations(stages: Sequence[StageResult], stage: StageResult | None) -> Iterator[str]:
    """What to know before one believes the figures of the telling stage."""
    if stage is None:
        yield "No request succeeded, so there are no figures."
        return
    yield from doubts(stages, stage)
    answered = stage.succeeded + stage.failed
    if stage.rate_per_s is not None and stage.span_s > 0 and answered / stage.span_s < _KEPT_UP * stage.rate_per_s:
        yield (
            f"{answered / stage.span_s:,.4g} of the wanted {stage.rate_per_s:,.4g} requests a second were sent. With "
            f"{stage.users} under way at most, the others had to wait, which their latency includes."
        )
    if stage.succeeded < _FEW:
        yield f"Only {stage.succeeded} requests succeeded: high percentiles of so few are single requests."
