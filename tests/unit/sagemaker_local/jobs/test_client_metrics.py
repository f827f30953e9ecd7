"""A job's metrics in CloudWatch, as they grow while it runs."""

from __future__ import annotations

from include.sagemaker_local.jobs.client_metrics import ClientMetrics
from include.sagemaker_local.load.histogram import Histogram
from include.sagemaker_local.load.progress import Progress
from include.sagemaker_local.load.stage import Failure
from include.sagemaker_local.metrics.distribution import statistic
from include.sagemaker_local.metrics.series import Metric, MetricSeries

NAMESPACE = "/aws/sagemaker/InferenceRecommendationsJobs"
DIMENSIONS = (("EndpointName", "sm-epc-1"), ("JobName", "job"))


def second(at_s: float, users: int, latency_ms: int, failures: int = 0) -> Progress:
    latency = Histogram()
    latency.record(latency_ms * 1000, 10)
    return Progress(at_s, 1.0, users, 10, {Failure.TIMEOUT: failures} if failures else {}, latency)


def published(series: MetricSeries, name: str, *statistics: str) -> list[list[float]]:
    points = series.read("r", Metric(NAMESPACE, name, DIMENSIONS), 0, 1e12)
    return [[point.time_s, *(statistic(point.distribution, each) for each in statistics)] for point in points]


def test_each_second_is_there_at_once_in_the_datapoint_of_its_minute() -> None:
    series = MetricSeries()
    publish = ClientMetrics(series, interval_s=60).of_test("r", "job", "sm-epc-1")

    publish(second(125, users=1, latency_ms=2))
    assert published(series, "ClientInvocations", "Sum") == [[120, 10]]
    publish(second(126, users=4, latency_ms=8, failures=3))
    publish(second(181, users=8, latency_ms=16))

    assert published(series, "ClientInvocations", "Sum") == [[120, 23], [180, 10]]
    assert published(series, "ClientInvocationErrors", "Sum") == [[120, 3], [180, 0]]
    assert published(series, "NumberOfUsers", "Minimum", "Average", "Maximum") == [[120, 1, 2.5, 4], [180, 8, 8, 8]]
    (first, _) = published(series, "ClientLatency", "Average", "Minimum", "Maximum", "SampleCount")
    assert first == [120, 5, 2, 8, 20]


def test_latency_is_in_milliseconds_with_percentiles() -> None:
    series = MetricSeries()
    publish = ClientMetrics(series, interval_s=60).of_test("r", "job", "sm-epc-1")
    for latency_ms in range(1, 101):
        publish(second(60, users=1, latency_ms=latency_ms))

    ((_, p50, p99),) = published(series, "ClientLatency", "p50", "p99")
    assert series.unit("r", Metric(NAMESPACE, "ClientLatency", DIMENSIONS)) == "Milliseconds"
    assert abs(p50 - 50) < 0.3
    assert abs(p99 - 99) < 0.5


def test_a_second_without_an_answer_has_users_and_nothing_else() -> None:
    series = MetricSeries()

    ClientMetrics(series, interval_s=60).of_test("r", "job", "sm-epc-1")(Progress(60, 1, 2))

    assert {metric.name for metric in series.metrics("r")} == {"NumberOfUsers"}
