from __future__ import annotations

import math
import random
from collections.abc import Iterable

import pytest

from include.sagemaker_local.load.histogram import RELATIVE_ERROR, Histogram


def histogram_of(latencies_us: Iterable[int]) -> Histogram:
    histogram = Histogram()
    for latency_us in latencies_us:
        histogram.record(latency_us)
    return histogram


def log_uniform(seed: int, count: int) -> list[int]:
    """From 1 µs to 100 s, every order of magnitude as likely."""
    generator = random.Random(seed)
    return [int(10 ** generator.uniform(0, 8)) for _ in range(count)]


@pytest.mark.parametrize("percent", [0.1, 1, 25, 50, 90, 95, 99, 99.9, 100])
def test_percentiles_are_within_the_stated_error_of_the_recorded_ones(percent: float) -> None:
    latencies = sorted(log_uniform(seed=1, count=5_000))

    exact = latencies[math.ceil(len(latencies) * percent / 100) - 1]

    assert abs(histogram_of(latencies).percentile_us(percent) - exact) <= exact * RELATIVE_ERROR


@pytest.mark.parametrize("latency_us", [0, 1, 255, 256, 257, 511, 512, 513, 65_535, 65_536, 60_000_000])
def test_a_single_latency_is_every_percentile_of_itself(latency_us: int) -> None:
    histogram = histogram_of([latency_us])

    assert histogram.percentile_us(0.1) == histogram.percentile_us(100) == latency_us


def test_count_and_mean_are_exact() -> None:
    latencies = log_uniform(seed=2, count=3_000)
    histogram = histogram_of(latencies)

    assert histogram.count == 3_000
    assert histogram.mean_us() == sum(latencies) / 3_000
    assert (histogram.lowest_us, histogram.highest_us) == (min(latencies), max(latencies))


def test_merging_is_the_same_as_recording_together_in_any_order_and_grouping() -> None:
    a, b, c = (log_uniform(seed, count=700) for seed in (3, 4, 5))
    together = histogram_of([*a, *b, *c])
    ha, hb, hc = histogram_of(a), histogram_of(b), histogram_of(c)

    assert ha.merge(hb).merge(hc) == together
    assert ha.merge(hb.merge(hc)) == together
    assert hc.merge(ha).merge(hb) == together


def test_merging_changes_neither_side_and_an_empty_one_adds_nothing() -> None:
    one, other = histogram_of([5, 10]), histogram_of([7])

    one.merge(other).record(1)

    assert (one, other) == (histogram_of([5, 10]), histogram_of([7]))
    assert one.merge(Histogram()) == Histogram().merge(one) == one


def test_it_survives_json() -> None:
    histogram = histogram_of(log_uniform(seed=6, count=500))

    assert Histogram.from_json(histogram.to_json()) == histogram
    assert Histogram.from_json(Histogram().to_json()) == Histogram()


def test_json_of_something_else_is_refused() -> None:
    with pytest.raises(ValueError, match="no buckets"):
        Histogram.from_json({"sum_us": 3})


def test_an_empty_histogram_has_neither_mean_nor_percentiles() -> None:
    with pytest.raises(ValueError, match="no mean"):
        Histogram().mean_us()
    with pytest.raises(ValueError, match="no percentiles"):
        Histogram().percentile_us(50)


@pytest.mark.parametrize("percent", [0, -1, 100.1])
def test_a_percentile_outside_its_range_is_refused(percent: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        histogram_of([1]).percentile_us(percent)


def test_its_size_is_bounded_by_the_range_and_not_by_the_count() -> None:
    histogram = histogram_of(log_uniform(seed=7, count=20_000))

    buckets = histogram.to_json()["buckets"]

    assert isinstance(buckets, dict)
    assert len(buckets) < 256 + 128 * 20  # 100 s is less than 20 doublings above 256 µs
