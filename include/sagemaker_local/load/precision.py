"""How well a stage knows its throughput: a confidence interval by the method of batch means.

Answers of a loaded endpoint are not independent: one slow moment slows all that wait. So the answers are put into a few
large batches of equal number, and it is the batches' durations that are taken as independent (Law and Kelton,
Simulation Modeling and Analysis, "batch means"). More than some 30 batches gain nothing, and fewer than some 8 leave
too much to Student's t (Schmeiser 1982). When neighbours are alike, two of them become one.
PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

from include.sagemaker_local.load.marks import Marks

# Student's t for 95 % on both sides, by number of batches (one more than the degrees of freedom).
_STUDENT: Mapping[int, float] = {8: 2.365, 16: 2.131, 32: 2.040}
_FEWEST = 8

# The correlation of neighbours that 95 % of independent rows stay below, one-sided, is 1.645 / sqrt(batches)
# (von Neumann's test in its large-sample form).
_ALIKE = 1.645


def is_steady(marks: Marks, precision: float) -> bool:
    """Whether the throughput is known to `precision`, a share of it."""
    half_width = relative_half_width(marks)
    return half_width is not None and half_width <= precision


def relative_half_width(marks: Marks) -> float | None:
    """Half the 95 % confidence interval of the throughput, as a share of it. None with too few answers to tell."""
    intervals = [after - before for before, after in pairwise(marks.at_s)]
    number = max((number for number in _STUDENT if number <= len(intervals)), default=0)
    if not number:
        return None
    batches = _batches(intervals, number)
    while number > _FEWEST and _correlation(batches) > _ALIKE / math.sqrt(number):
        number //= 2
        batches = _batches(intervals, number)
    return _half_width(batches)


def _batches(intervals: Sequence[float], number: int) -> list[float]:
    """The durations of so many batches of equal numbers of answers. What does not divide is left out at the start."""
    size = len(intervals) // number
    first = len(intervals) - size * number
    return [sum(intervals[begin : begin + size]) for begin in range(first, len(intervals), size)]


def _half_width(batches: Sequence[float]) -> float:
    number, mean = len(batches), sum(batches) / len(batches)
    variance = sum((batch - mean) ** 2 for batch in batches) / (number - 1)
    # Short after long: the border of two batches cut a burst of answers, so what one lacks the other has, and the sum
    # is known better than its parts. It cannot be known better than its two ends.
    variance *= min(max(1 + 2 * _correlation(batches), 1 / number), 1)
    return _STUDENT[number] * math.sqrt(variance / number) / mean if mean > 0 else 0.0


def _correlation(batches: Sequence[float]) -> float:
    """Of neighbours, -1 to 1."""
    mean = sum(batches) / len(batches)
    spread = sum((batch - mean) ** 2 for batch in batches)
    together = sum((before - mean) * (after - mean) for before, after in pairwise(batches))
    return together / spread if spread > 0 else 0.0
