"""Datapoints in memory, and the periods that they are read in."""

from __future__ import annotations

from include.sagemaker_local.metrics.distribution import exact
from include.sagemaker_local.metrics.periods import aligned, latest
from include.sagemaker_local.metrics.series import MAX_POINTS_PER_METRIC, Datum, Metric, MetricSeries

METRIC = Metric("AWS/SageMaker", "Invocations", (("EndpointName", "e"),))
REGION = "eu-west-1"


def publish(series: MetricSeries, time_s: float, value: float) -> None:
    series.publish(REGION, time_s, [Datum(METRIC, "None", exact({value: 1}))])


def test_points_are_found_by_time_metric_region_and_unit() -> None:
    series = MetricSeries()
    for time_s in (120.0, 60.0, 180.0):
        publish(series, time_s, time_s)
    assert [point.time_s for point in series.read(REGION, METRIC, 60, 180)] == [60, 120]
    assert series.read("us-east-1", METRIC, 0, 999) == []
    assert series.read(REGION, METRIC, 0, 999, "Percent") == []
    assert len(series.read(REGION, METRIC, 0, 999, "None")) == 3
    assert series.unit(REGION, METRIC) == "None"
    assert series.metrics(REGION) == [METRIC]
    series.clear()
    assert series.metrics(REGION) == []


def test_what_is_published_twice_for_one_time_is_one_point() -> None:
    series = MetricSeries()
    publish(series, 60, 1)
    publish(series, 60, 3)
    (point,) = series.read(REGION, METRIC, 0, 999)
    assert (point.distribution.count, point.distribution.total, point.distribution.highest) == (2, 4, 3)


def test_memory_is_bounded() -> None:
    series = MetricSeries()
    for minute in range(MAX_POINTS_PER_METRIC + 10):
        publish(series, minute * 60, 1)
    points = series.read(REGION, METRIC, 0, 1e9)
    assert (len(points), points[0].time_s) == (MAX_POINTS_PER_METRIC, 600)


def test_periods_count_from_where_the_reader_begins() -> None:
    series = MetricSeries()
    for time_s in (60, 120, 300, 360):
        publish(series, time_s, 1)
    points = series.read(REGION, METRIC, 0, 999)
    shown = [(point.time_s, point.distribution.count) for point in aligned(points, 300, 0)]
    assert shown == [(0, 2), (300, 2)]
    shown = [(point.time_s, point.distribution.count) for point in aligned(points, 300, 60)]
    assert shown == [(60, 3), (360, 1)]


def test_the_latest_periods_end_where_they_are_told_to() -> None:
    series = MetricSeries()
    for time_s in (0, 60, 300):
        publish(series, time_s, 1)
    points = series.read(REGION, METRIC, 0, 999)
    found = [period and period.distribution.count for period in latest(points, 120, 360, 3)]
    assert found == [1, None, 2]


def test_a_metric_of_which_nothing_comes_is_forgotten_after_a_day() -> None:
    series = MetricSeries()
    publish(series, 0.0, 1.0)
    other = Metric("/aws/sagemaker/Endpoints", "CPUUtilization", (("Host", "e/v/i-1"),))
    for time_s in (86_400.0, 86_460.0):
        assert METRIC in series.metrics(REGION)
        series.publish(REGION, time_s, [Datum(other, "Percent", exact({1.0: 1}))])
    assert series.metrics(REGION) == [other]
