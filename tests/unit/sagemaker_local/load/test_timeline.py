"""The timeline: as fine as its number of intervals allows, and nothing is lost when they are put together."""

from __future__ import annotations

import pytest

from include.sagemaker_local.load.progress import Progress
from include.sagemaker_local.load.stage import Failure
from include.sagemaker_local.load.timeline import MOST_INTERVALS, Interval, Timeline
from tests.fakes.load_tests import latencies


def second(number: int, latency_ms: float = 1.0, *, users: int = 1) -> Progress:
    failures = {Failure.TIMEOUT: 1} if number % 2 else {Failure.CONNECTION: 1}
    return Progress(100.0 + number, 1.0, users, 10, failures, latencies(latency_ms, times=10))


def test_an_interval_for_every_second() -> None:
    timeline = Timeline(100.0)
    timeline.add(second(1))
    timeline.add(Progress(102.0, 1.0, 2, rate_per_s=50.0))

    assert timeline.intervals() == (
        Interval(1.0, 1.0, 1, 10, 1, None, 1.0, 1.0, 1.0),
        Interval(2.0, 1.0, 2, 0, 0, 50.0),
    )


def test_a_long_test_has_fewer_and_longer_ones_and_loses_nothing() -> None:
    timeline, seconds = Timeline(100.0), 5 * MOST_INTERVALS + 3
    for number in range(1, seconds + 1):
        timeline.add(second(number, users=number))
    intervals = timeline.intervals()

    assert MOST_INTERVALS / 2 <= len(intervals) <= MOST_INTERVALS
    assert sum(each.seconds for each in intervals) == seconds
    assert len({each.seconds for each in intervals[:-1]}) == 1, "all as fine as each other"
    assert sum(each.succeeded for each in intervals) == 10 * seconds
    assert sum(each.failed for each in intervals) == seconds
    assert intervals[-1].at_s == intervals[-1].users == seconds
    assert [each.at_s for each in intervals] == sorted({each.at_s for each in intervals})


def test_percentiles_of_a_longer_interval_are_those_of_all_its_requests() -> None:
    timeline = Timeline(100.0)
    for number in range(1, MOST_INTERVALS + 1):
        timeline.add(second(number, 1.0 if number % 2 else 100.0))

    first = timeline.intervals()[0]
    assert first.p50_ms == pytest.approx(1, rel=0.004)
    assert first.p95_ms == pytest.approx(100, rel=0.004)


def test_rates_of_an_interval() -> None:
    interval = Interval(4.0, 2.0, 1, succeeded=10, failed=4)
    assert (interval.middle_s, interval.per_second, interval.failed_per_second) == (3.0, 5.0, 2.0)
    assert Interval(0.0, 0.0, 1, 1, 1).per_second == Interval(0.0, 0.0, 1, 1, 1).failed_per_second == 0
