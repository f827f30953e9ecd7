"""Datapoints of every metric: endpoints' own from the series, and what users put into CloudWatch from moto."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from moto.cloudwatch.models import MetricDatum, cloudwatch_backends

from include.sagemaker_local.metrics.distribution import Distribution, exact
from include.sagemaker_local.metrics.names import NAMESPACES
from include.sagemaker_local.metrics.series import Datum, Metric, MetricSeries, Point


class AllMetrics:
    """One account's metrics. Reads moto in this process: no request is made."""

    def __init__(self, series: MetricSeries, account_id: str) -> None:
        self._series = series
        self._account_id = account_id

    def publish(self, region: str, time_s: float, data: Iterable[Datum]) -> None:
        """As MetricSeries: for endpoints' metrics."""
        self._series.publish(region, time_s, data)

    def read(self, region: str, metric: Metric, start_s: float, end_s: float, unit: str | None = None) -> list[Point]:
        """The points from `start_s` up to but not at `end_s`, oldest first; none that have another unit than `unit`."""
        if metric.namespace in NAMESPACES:
            return self._series.read(region, metric, start_s, end_s, unit)
        held = list(cloudwatch_backends[self._account_id][region].metric_data)
        points = (_point(one) for one in held if _is(one, metric) and unit in (None, one.unit))
        return sorted((point for point in points if start_s <= point.time_s < end_s), key=lambda point: point.time_s)


def _is(held: Any, metric: Metric) -> bool:
    if (held.namespace, held.name) != (metric.namespace, metric.name):
        return False
    return tuple(sorted((one.name, one.value) for one in held.dimensions)) == metric.dimensions


def _point(held: Any) -> Point:
    stamp: datetime = held.timestamp
    time_s = (stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)).timestamp()
    if isinstance(held, MetricDatum):
        return Point(time_s, exact({float(held.value): 1}))
    # StatisticValues: how the values were spread is not known, so they count as being all at their average.
    count, total = round(held.sample_count), held.sum
    spread = array("d", [total / held.sample_count]), array("Q", [count])
    return Point(time_s, Distribution(count, total, held.min, held.max, *spread))
