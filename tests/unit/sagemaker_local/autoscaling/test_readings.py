"""Periods that are put together from intervals: each has all of its own, whatever rounding makes of their ends."""

from __future__ import annotations

import pytest

from include.sagemaker_local.autoscaling.readings import Readings, aggregated
from include.sagemaker_local.metrics.alarm import AlarmRule, Missing
from include.sagemaker_local.metrics.distribution import exact
from include.sagemaker_local.metrics.names import INVOCATIONS, PER_INSTANCE
from include.sagemaker_local.metrics.series import Datum, Metric, MetricSeries

METRIC = Metric(INVOCATIONS, PER_INSTANCE, (("EndpointName", "e"), ("VariantName", "v")))
RULE = AlarmRule("high", METRIC, None, "Sum", 60, 3, 3, "GreaterThanThreshold", 1.0, Missing.MISSING)
BEGAN_S = 1_700_000_000.0


@pytest.mark.parametrize(
    ("interval_s", "time_scale", "per_minute"), [(0.1, 0.01, 600.0), (0.7, 0.035, 60 / 0.7), (60.0, 1.0, 1.0)]
)
def test_every_period_has_its_own_intervals_and_no_other(
    interval_s: float, time_scale: float, per_minute: float
) -> None:
    series = MetricSeries()
    readings = Readings(series, interval_s=interval_s, time_scale=time_scale)
    for number in range(400):
        moment_s = BEGAN_S + number * interval_s
        began_s = (moment_s + interval_s / 3) // interval_s * interval_s  # as the publisher reckons it
        series.publish("r", began_s, [Datum(METRIC, "None", exact({1.0: 1}))])
        values = readings.minutes("r", RULE, began_s + interval_s, is_rate=True)
        if number > 60:
            assert values == pytest.approx([per_minute] * 5), number


def test_a_users_alarm_keeps_its_period_and_what_is_not_known_is_left_out() -> None:
    series = MetricSeries()
    readings = Readings(series, interval_s=60.0, time_scale=0.01)
    series.publish("r", BEGAN_S, [Datum(METRIC, "None", exact({5.0: 2}))])
    series.publish("r", BEGAN_S + 120, [Datum(METRIC, "None", exact({7.0: 1}))])
    assert readings.periods("r", RULE, BEGAN_S + 180) == [7.0, 10.0]


def test_how_datapoints_are_put_together() -> None:
    assert [aggregated([1.0, 2.0, 6.0], how) for how in ("Average", "Minimum", "Maximum")] == [3.0, 1.0, 6.0]
