from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import pytest

from include.sagemaker_local.load.marks import Marker, Marks
from include.sagemaker_local.load.precision import is_steady, relative_half_width


def marks_of(intervals: Iterator[float], answers: int) -> Marks:
    marker, now_s = Marker(0.0), 0.0
    for number in range(1, answers + 1):
        now_s += next(intervals)
        if number == marker.due:
            marker.mark(now_s)
    return marker.marks()


def exponential(noise: random.Random) -> Iterator[float]:
    while True:
        yield noise.expovariate(1)


def drifting(noise: random.Random) -> Iterator[float]:
    """Neighbours that are alike: each moment keeps nine tenths of the one before."""
    state = 0.0
    while True:
        state = 0.9 * state + noise.gauss(0, 0.1)
        yield 1 + max(state, -0.9)


def bursts(noise: random.Random) -> Iterator[float]:
    """Five answers at once, every five seconds."""
    while True:
        yield noise.uniform(4.9, 5.1)
        yield from (0.0,) * 4


def share_of_hits(intervals: Callable[[random.Random], Iterator[float]], answers: int) -> float:
    """In how many of 200 runs the interval holds the true pace, an answer a second."""
    hits = 0
    for seed in range(200):
        marks = marks_of(intervals(random.Random(seed)), answers)
        pace = marks.every * (len(marks.at_s) - 1) / marks.at_s[-1]
        hits += abs(pace - 1) <= (relative_half_width(marks) or 0)
    return hits / 200


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    assert share_of_hits(exponential, 200) >= 0.93


def test_answers_that_are_alike_widen_the_interval() -> None:
    """Taken as independent, they would hold the truth in a third of the runs."""
    assert share_of_hits(drifting, 2000) >= 0.9


def test_bursts_do_not_hide_how_well_the_throughput_is_known() -> None:
    marks = marks_of(bursts(random.Random(1)), 500)

    assert (relative_half_width(marks) or 1) < 0.03


def test_four_times_the_answers_halve_the_interval() -> None:
    few = [relative_half_width(marks_of(exponential(random.Random(seed)), 256)) or 0 for seed in range(50)]
    many = [relative_half_width(marks_of(exponential(random.Random(seed)), 1024)) or 0 for seed in range(50)]

    assert sum(few) / sum(many) == pytest.approx(2, rel=0.15)


def test_too_few_answers_tell_nothing() -> None:
    marks = marks_of(exponential(random.Random(0)), 7)

    assert relative_half_width(marks) is None
    assert not is_steady(marks, precision=1.0)


def test_steady_is_what_is_known_as_well_as_wanted() -> None:
    marks = marks_of(exponential(random.Random(0)), 4000)
    half_width = relative_half_width(marks)

    assert half_width is not None
    assert is_steady(marks, half_width)
    assert not is_steady(marks, half_width * 0.99)
