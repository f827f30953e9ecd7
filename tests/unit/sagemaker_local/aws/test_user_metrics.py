"""Metrics that users put with boto3, read as those of endpoints are."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from include.sagemaker_local.aws.user_metrics import AllMetrics
from include.sagemaker_local.metrics.distribution import exact, statistic
from include.sagemaker_local.metrics.names import INVOCATIONS
from include.sagemaker_local.metrics.series import Datum, Metric, MetricSeries
from tests.fakes.aws_server import ACCOUNT, aws_server, client

REGION = "eu-west-1"
NOW_S = 1_700_000_000.0
QUEUE = Metric("Mine", "Queue", (("Endpoint", "e"), ("Stage", "prod")))
DIMENSIONS = [{"Name": "Stage", "Value": "prod"}, {"Name": "Endpoint", "Value": "e"}]


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(NOW_S + seconds, UTC)


def test_users_values_and_statistics_are_points_and_others_are_not(tmp_path: Path) -> None:
    with aws_server(tmp_path) as url:
        cloudwatch = client("cloudwatch", url, region=REGION)
        queue = {"MetricName": "Queue", "Dimensions": DIMENSIONS}
        summary = {"SampleCount": 4, "Sum": 20, "Minimum": 1, "Maximum": 9}
        cloudwatch.put_metric_data(
            Namespace="Mine",
            MetricData=[
                {**queue, "Timestamp": at(60), "StatisticValues": summary},
                {**queue, "Timestamp": at(0), "Value": 3, "Unit": "Count"},
                {**queue, "Timestamp": at(120), "Value": 1},
                {**queue, "Timestamp": at(0), "Value": 99, "Dimensions": DIMENSIONS[:1]},
                {**queue, "Timestamp": at(0), "Value": 99, "MetricName": "Other"},
            ],
        )
        metrics = AllMetrics(MetricSeries(), ACCOUNT)
        points = metrics.read(REGION, QUEUE, NOW_S, NOW_S + 120)
        shown = ("SampleCount", "Sum", "Average", "Minimum", "Maximum")
        assert [point.time_s - NOW_S for point in points] == [0, 60]
        assert [[statistic(point.distribution, name) for name in shown] for point in points] == [
            [1, 3, 3, 3, 3],
            [4, 20, 5, 1, 9],
        ]
        assert len(metrics.read(REGION, QUEUE, NOW_S, NOW_S + 120, "Count")) == 1
        assert metrics.read("us-east-1", QUEUE, NOW_S, NOW_S + 120) == []


def test_endpoints_metrics_are_those_of_the_series() -> None:
    metrics = AllMetrics(MetricSeries(), ACCOUNT)
    calls = Metric(INVOCATIONS, "Invocations", ())
    metrics.publish(REGION, NOW_S, [Datum(calls, "None", exact({1.0: 2}))])
    (point,) = metrics.read(REGION, calls, NOW_S, NOW_S + 1)
    assert point.distribution.total == 2
