"""Statistics of what an interval, or several, have brought."""

from __future__ import annotations

import pytest

from include.sagemaker_local.metrics.distribution import exact, latencies, merge, statistic


def test_statistics_of_values_that_are_kept_as_they_are() -> None:
    shares = exact({1 / 3: 2, 0.5: 1})
    assert statistic(shares, "Sum") == pytest.approx(2 / 3 + 0.5, abs=1e-15)
    assert statistic(exact({1 / 3: 3}), "Sum") == 1.0
    assert statistic(shares, "SampleCount") == 3
    assert statistic(shares, "Minimum") == 1 / 3
    assert statistic(shares, "Maximum") == 0.5
    assert [statistic(shares, name) for name in ("p0", "p50", "p67", "p100")] == [1 / 3, 1 / 3, 0.5, 0.5]


def test_latencies_are_exact_but_for_percentiles_which_are_within_the_histograms_error() -> None:
    distribution = latencies(dict.fromkeys(range(1, 100_001), 1))
    assert statistic(distribution, "Sum") == 5_000_050_000
    assert statistic(distribution, "Average") == 50_000.5
    assert (distribution.lowest, distribution.highest, distribution.count) == (1, 100_000, 100_000)
    for percent in (1.0, 50.0, 90.0, 95.0, 99.0, 99.9):
        assert statistic(distribution, f"p{percent:g}") == pytest.approx(percent * 1000, rel=1 / 256)
    assert len(distribution.values) < 2000
    assert statistic(latencies({1_234_567: 9}), "p50") == 1_234_567


def test_merging_is_the_same_as_recording_together() -> None:
    parts = [latencies({10: 3, 5000: 1}), latencies({20: 1}), latencies({9_000_000: 2, 10: 1})]
    together = latencies({10: 4, 20: 1, 5000: 1, 9_000_000: 2})
    assert merge(parts) == together
    assert merge([parts[0]]) is parts[0]
    with pytest.raises(ValueError, match="nothing was measured"):
        merge([])


@pytest.mark.parametrize("name", ["p101", "p", "p-1", "p1.234", "tm90", "sum", "P50", ""])
def test_other_statistics_are_refused_by_name(name: str) -> None:
    with pytest.raises(ValueError, match=repr(name)):
        statistic(exact({1.0: 1}), name)
