"""Between which bounds a stage's figures lie, with 95 % confidence, and what to know before one believes them.

PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from include.sagemaker_local.load.histogram import Histogram
from include.sagemaker_local.load.precision import relative_half_width
from include.sagemaker_local.load.stage import StageResult

# A stage known to less than this is worth a word: twice what figures are read off at (ramp.py).
_DOUBTFUL = 0.05


@dataclass(frozen=True, slots=True)
class Bounds:
    """An interval that holds the true figure with 95 % confidence."""

    low: float
    high: float


def throughput_bounds(*stages: StageResult) -> Bounds | None:
    """Of predictions a second in the mean of `stages`, one at least; None with too few answers in one to tell."""
    half_widths = [relative_half_width(stage.marks) for stage in stages]
    known = [share * stage.per_second for share, stage in zip(half_widths, stages, strict=True) if share is not None]
    if len(known) < len(stages):
        return None
    return _around(sum(stage.per_second for stage in stages) / len(stages), math.hypot(*known) / len(stages))


def mean_latency_bounds_us(stage: StageResult, histogram: Histogram) -> Bounds | None:
    """Of the mean of one of the stage's histograms, microseconds; None when it cannot be told.

    In a closed loop the users are the product of throughput and latency (Little's law), so the one is known as well as
    the other. In an open loop they are not: None.
    """
    if stage.rate_per_s is not None or not histogram.count or not stage.latency.count:
        return None
    share = relative_half_width(stage.marks)
    return None if share is None else _around(histogram.mean_us(), stage.latency.mean_us() * share)


def doubts(stages: Sequence[StageResult], telling: StageResult) -> Iterator[str]:
    """Sentences on what makes the figures of the `telling` stage doubtful; none when nothing does."""
    busy = [stage for stage in stages if stage.generator_busy and stage.users >= telling.users]
    if busy:
        yield (
            f"The load generator itself was the limit with {busy[0].users} users, of a core of which it took "
            f"{busy[0].generator_share:.0%}: the endpoint may be able to do more."
        )
    half_width = relative_half_width(telling.marks)
    if half_width is not None and half_width > _DOUBTFUL:
        yield (
            f"Throughput is known to {half_width:.0%} only: the endpoint or its host was not steady, or there were too "
            "few answers. Longer stages know more."
        )


def _around(figure: float, half_width: float) -> Bounds:
    return Bounds(max(0.0, figure - half_width), figure + half_width)
