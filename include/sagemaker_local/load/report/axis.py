"""Axes of figures: from where to where, and what is written beside them.

PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

Tick: TypeAlias = tuple[float, str]
"""A value and what is written there."""

# What people count in.
_ROUND = (1.0, 2.0, 2.5, 5.0, 10.0)
_ROUND_SECONDS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200)

_MOST_TICKS = 7

# On a scale of up to three decades there is room for 2 and 5 as well.
_FINE_DECADES = 3

_PERCENTILES = (0.0, 50.0, 75.0, 90.0, 95.0, 99.0, 99.9, 99.99, 99.999, 99.9999)


@dataclass(frozen=True, slots=True)
class Axis:
    """`lowest` and `highest` are the ends that are drawn; on a logarithmic axis both are above 0."""

    label: str
    lowest: float
    highest: float
    ticks: tuple[Tick, ...]
    log: bool = False

    def share(self, value: float) -> float:
        """Where `value` stands: 0 at the lowest end, 1 at the highest. What lies beyond an end stands on it."""
        value = min(max(value, self.lowest), self.highest)
        if self.log:
            return math.log(value / self.lowest) / math.log(self.highest / self.lowest)
        return (value - self.lowest) / (self.highest - self.lowest)


def linear_axis(label: str, highest: float) -> Axis:
    """From 0 to the first round number that is not below `highest`."""
    highest = highest if highest > 0 else 1.0
    step = _round_step(highest)
    count = math.ceil(highest / step - 1e-9)
    return Axis(label, 0.0, step * count, tuple((step * n, number_text(step * n)) for n in range(count + 1)))


def time_axis(label: str, longest_s: float) -> Axis:
    """From 0 to `longest_s`, in seconds; minutes are written as such."""
    longest_s = max(longest_s, 1.0)
    step = next((each for each in _ROUND_SECONDS if longest_s / each < _MOST_TICKS), None)
    step = step or 3600 * math.ceil(longest_s / 3600 / _MOST_TICKS)
    return Axis(label, 0.0, longest_s, tuple((float(at), _time_text(at)) for at in range(0, int(longest_s) + 1, step)))


def log_axis(label: str, lowest: float, highest: float) -> Axis:
    """A logarithmic axis that holds both, with ticks at powers of ten, and at 2 and 5 where there is room."""
    lowest, highest = max(lowest, 1e-3), max(highest, 1e-3)
    decades = math.log10(highest / lowest) if highest > lowest else 0.0
    factors = (1, 2, 5) if decades < _FINE_DECADES else (1,)
    first, last = math.floor(math.log10(lowest)), math.ceil(math.log10(highest))
    candidates = [factor * 10.0**power for power in range(first, last + 1) for factor in factors]
    low = max((each for each in candidates if each <= lowest * (1 + 1e-9)), default=candidates[0])
    high = min((each for each in candidates if each >= highest * (1 - 1e-9)), default=candidates[-1])
    if high <= low:
        high = low * 10
    ticks = tuple((each, number_text(each)) for each in candidates if low <= each <= high)
    return Axis(label, low, high, ticks, log=True)


def named_axis(label: str, values: Sequence[float]) -> Axis:
    """A logarithmic axis with a tick at every one of `values` (above 0, ascending, not empty) that has room."""
    lowest, highest = values[0] / 1.15, values[-1] * 1.15
    ticks: list[Tick] = []
    for value in values:
        if not ticks or math.log(value / ticks[-1][0]) > math.log(highest / lowest) / 14:
            ticks.append((value, number_text(value)))
    return Axis(label, lowest, highest, tuple(ticks), log=True)


def percentile_axis(label: str, highest_percent: float) -> Axis:
    """Percentiles so that every further nine has the same room, as HdrHistogram draws them; see `percentile_place`."""
    end = percentile_place(highest_percent)
    marks = [(percentile_place(percent), f"{percent:g} %") for percent in _PERCENTILES]
    ticks = tuple(mark for mark in marks if mark[0] <= end * 1.001)
    return Axis(label, 1.0, max(end, 2.0), ticks, log=True)


def percentile_place(percent: float) -> float:
    """Where a percentile below 100 stands on a `percentile_axis`: 1 at 0, 2 at 50, 10 at 90, 100 at 99."""
    return 1 / (1 - percent / 100)


def number_text(value: float) -> str:
    """A number as it is written beside an axis or in a table: three digits that mean something, thousands apart."""
    if value == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{min(digits, 6)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _round_step(highest: float) -> float:
    rough = highest / (_MOST_TICKS - 2)
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor * power for factor in _ROUND if factor * power >= rough * (1 - 1e-9))


def _time_text(at_s: int) -> str:
    if at_s < 120 or at_s % 60:
        return f"{at_s} s"
    return f"{at_s // 60} min"
