"""Datapoints put together into the periods that a reader or an alarm asks for.

PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from include.sagemaker_local.metrics.distribution import merge
from include.sagemaker_local.metrics.series import Point


def aligned(points: Sequence[Point], period_s: int, start_s: float) -> list[Point]:
    """One point for each period that has any, oldest first. The first period begins at `start_s`."""
    groups = itertools.groupby(points, key=lambda point: start_s + (point.time_s - start_s) // period_s * period_s)
    return [Point(begin_s, merge(point.distribution for point in group)) for begin_s, group in groups]


def latest(points: Sequence[Point], period_s: float, end_s: float, number: int) -> list[Point | None]:
    """The last `number` periods up to `end_s`, newest first; None for one without data."""
    periods: list[Point | None] = []
    for position in range(number):
        begin_s = end_s - (position + 1) * period_s
        inside = [point.distribution for point in points if begin_s <= point.time_s < begin_s + period_s]
        periods.append(Point(begin_s, merge(inside)) if inside else None)
    return periods
