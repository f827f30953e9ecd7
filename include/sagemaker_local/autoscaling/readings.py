"""What alarms and policies look at: the latest minutes of a metric, minutes that `--time-scale` may shorten."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Protocol

from include.sagemaker_local.autoscaling.tracking_alarms import PERIOD_S
from include.sagemaker_local.metrics.alarm import AlarmRule
from include.sagemaker_local.metrics.distribution import statistic
from include.sagemaker_local.metrics.periods import latest
from include.sagemaker_local.metrics.series import Datum, Metric, Point


class Datapoints(Protocol):
    """The metrics, of whom ever they are; see MetricSeries."""

    def read(self, region: str, metric: Metric, start_s: float, end_s: float, unit: str | None = None) -> list[Point]:
        """The points from `start_s` up to but not at `end_s`, oldest first; none when `unit` is another one."""

    def publish(self, region: str, time_s: float, data: Iterable[Datum]) -> None:
        """Adds a datapoint for each."""


class Readings:
    """The series, read in periods that end with the interval that was published last.

    A period of an alarm's own (one minute) takes `time_scale` of a minute, but at least as long as an interval and
    always a whole number of them. The load is never scaled: a count is given per minute, whatever the period was.
    """

    def __init__(self, series: Datapoints, *, interval_s: float, time_scale: float) -> None:
        self._series = series
        self._interval_s = interval_s
        # Rounded, so that 6.000000001 intervals are six.
        intervals = max(1, math.ceil(round(PERIOD_S * time_scale / interval_s, 6)))
        self._minute_s = intervals * interval_s

    def minutes(self, region: str, rule: AlarmRule, end_s: float, *, is_rate: bool) -> list[float | None]:
        """The rule's periods that end at `end_s`, newest first; None where there was no data."""
        per_minute = PERIOD_S / self._minute_s if is_rate else 1.0
        values = self._values(region, rule, self._minute_s, end_s, rule.range)
        return [None if value is None else value * per_minute for value in values]

    def periods(self, region: str, rule: AlarmRule, end_s: float) -> list[float]:
        """What is known of the periods that a user's alarm judges, which are as long as it says; newest first."""
        values = self._values(region, rule, rule.period_s, end_s, rule.evaluation_periods)
        return [value for value in values if value is not None]

    def _values(self, region: str, rule: AlarmRule, period_s: float, end_s: float, number: int) -> list[float | None]:
        # Intervals are known by when they began. The limits lie in the middle of one, where no rounding error of an
        # interval such as 0.1 s can put a point into the period before.
        end_s -= self._interval_s / 2
        points = self._series.read(region, rule.metric, end_s - number * period_s, end_s, rule.unit)
        found = latest(points, period_s, end_s, number)
        return [None if one is None else statistic(one.distribution, rule.statistic) for one in found]


def aggregated(values: Sequence[float], how: str) -> float:
    """MetricAggregationType over the periods of an alarm: Average, Minimum or Maximum. `values` is not empty."""
    if how == "Minimum":
        return min(values)
    return max(values) if how == "Maximum" else math.fsum(values) / len(values)
