"""What was measured in one interval: how many values, their sum and extremes exactly, and how they were spread.

PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from include.sagemaker_local.load.histogram import Histogram

STATISTICS = frozenset(("SampleCount", "Average", "Sum", "Minimum", "Maximum"))
"""The statistics that CloudWatch's API names; percentiles are written p50, p99, p99.9."""

# CloudWatch: p0.0 to p100, "up to two decimal places" on its page of statistics definitions.
_PERCENTILE = re.compile(r"p(?P<percent>\d{1,3}(\.\d{1,2})?)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Distribution:
    """At least one value. `values` ascend and `counts` belong to them; count, total and extremes are exact."""

    count: int
    total: float
    lowest: float
    highest: float
    values: array[float]
    counts: array[int]


def exact(occurrences: Mapping[float, int]) -> Distribution:
    """The distribution of values that are few: each is kept as it is. `occurrences` is not empty."""
    values = sorted(occurrences)
    return Distribution(
        count=sum(occurrences.values()),
        total=math.fsum(value * count for value, count in occurrences.items()),
        lowest=values[0],
        highest=values[-1],
        values=array("d", values),
        counts=array("Q", [occurrences[value] for value in values]),
    )


def latencies(occurrences: Mapping[int, int]) -> Distribution:
    """The distribution of microseconds, which are many: their spread is a histogram's. `occurrences` is not empty."""
    histogram = Histogram()
    for latency_us, count in occurrences.items():
        histogram.record(latency_us, count)
    return spread(histogram)


def spread(histogram: Histogram, unit_us: int = 1) -> Distribution:
    """The distribution of a histogram's latencies, in units of `unit_us` microseconds. It is not empty."""
    buckets = histogram.spread_us()
    return Distribution(
        count=histogram.count,
        total=histogram.sum_us / unit_us,
        lowest=histogram.lowest_us / unit_us,
        highest=histogram.highest_us / unit_us,
        values=array("d", [value / unit_us for value, _ in buckets]),
        counts=array("Q", [count for _, count in buckets]),
    )


def merge(parts: Iterable[Distribution]) -> Distribution:
    """All of them as one. Raises ValueError when there are none."""
    known = list(parts)
    if not known:
        raise ValueError("nothing was measured")
    if len(known) == 1:
        return known[0]
    occurrences: dict[float, int] = {}
    for part in known:
        for value, count in zip(part.values, part.counts, strict=True):
            occurrences[value] = occurrences.get(value, 0) + count
    values = sorted(occurrences)
    return Distribution(
        count=sum(part.count for part in known),
        total=math.fsum(part.total for part in known),
        lowest=min(part.lowest for part in known),
        highest=max(part.highest for part in known),
        values=array("d", values),
        counts=array("Q", [occurrences[value] for value in values]),
    )


def statistic(distribution: Distribution, name: str) -> float:
    """One of STATISTICS or a percentile (`p99.9`). Raises ValueError, naming it, for anything else."""
    match name:
        case "SampleCount":
            return float(distribution.count)
        case "Sum":
            return distribution.total
        case "Average":
            return distribution.total / distribution.count
        case "Minimum":
            return distribution.lowest
        case "Maximum":
            return distribution.highest
    return _percentile(distribution, percentage(name))


def percentage(name: str) -> float:
    """99.9 for `p99.9`. Raises ValueError for what is not a percentile from p0 to p100."""
    found = _PERCENTILE.fullmatch(name)
    if found is None or float(found["percent"]) > 100:
        known = ", ".join(sorted(STATISTICS))
        raise ValueError(f"{name!r} is not a statistic that is calculated here: {known}, or p0 to p100 such as p99.9")
    return float(found["percent"])


def _percentile(distribution: Distribution, percent: float) -> float:
    """Nearest rank. AWS does not publish how it interpolates; this is a value that was measured, to 0.4 %."""
    rank = max(1, math.ceil(distribution.count * percent / 100))
    seen = 0
    for value, count in zip(distribution.values, distribution.counts, strict=True):
        seen += count
        if seen >= rank:
            return min(max(value, distribution.lowest), distribution.highest)
    return distribution.highest
