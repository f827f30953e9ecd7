"""Who else an endpoint has answered, read off the published metrics."""

from __future__ import annotations

import asyncio

from include.sagemaker_local.jobs.client_metrics import ClientMetrics
from include.sagemaker_local.jobs.other_traffic import OtherTraffic, PublishedTraffic
from include.sagemaker_local.load.progress import Progress
from include.sagemaker_local.metrics.distribution import exact
from include.sagemaker_local.metrics.names import INVOCATIONS
from include.sagemaker_local.metrics.series import Datum, Metric, MetricSeries

MINUTE_S = 60.0
NOW_S = 1_000 * MINUTE_S


def invoked(series: MetricSeries, requests: int, at_s: float = NOW_S, endpoint: str = "e", region: str = "r") -> None:
    """Publishes as SageMaker does: the same requests under two sets of dimensions, and a second metric."""
    variant = (("EndpointName", endpoint), ("VariantName", "v"))
    of_config = (("EndpointConfigName", "c"), *variant)
    for name, dimensions in (("Invocations", variant), ("Invocations", of_config), ("ModelLatency", variant)):
        series.publish(region, at_s, [Datum(Metric(INVOCATIONS, name, dimensions), "None", exact({1.0: requests}))])


def sent_by_a_job(series: MetricSeries, requests: int, job: str = "job", at_s: float = NOW_S + 3) -> None:
    """What a job's load generator tells."""
    publish = ClientMetrics(series, interval_s=MINUTE_S).of_test("r", job, "e")
    publish(Progress(at_s, 1, 4, requests))


def others(series: MetricSeries, since_s: float = NOW_S - 300) -> int:
    async def count() -> None:
        return

    return asyncio.run(PublishedTraffic(series, count).others("r", "e", since_s))


def test_an_endpoint_that_nobody_asks_has_no_other_traffic() -> None:
    assert others(MetricSeries()) == 0


def test_every_request_counts_once_and_only_this_endpoint_s() -> None:
    series = MetricSeries()
    invoked(series, 7)
    invoked(series, 100, endpoint="another")
    invoked(series, 100, region="elsewhere")

    assert others(series) == 7


def test_what_jobs_have_sent_is_not_others_traffic() -> None:
    series = MetricSeries()
    invoked(series, 1_007)
    sent_by_a_job(series, 400, "yesterday")
    sent_by_a_job(series, 600, "job")

    assert others(series) == 7


def test_a_job_s_requests_that_never_arrived_do_not_make_it_negative() -> None:
    series = MetricSeries()
    sent_by_a_job(series, 5)

    assert others(series) == 0


def test_only_the_last_minutes_count() -> None:
    series = MetricSeries()
    invoked(series, 3, at_s=NOW_S - 300)
    invoked(series, 50, at_s=NOW_S - 360)

    assert others(series) == 3


def test_the_metrics_are_brought_up_to_date_before_they_are_read() -> None:
    series = MetricSeries()

    async def count() -> None:
        invoked(series, 4)

    assert asyncio.run(PublishedTraffic(series, count).others("r", "e", 0)) == 4


def test_a_warning_has_both_numbers_and_there_is_none_without_traffic() -> None:
    assert OtherTraffic(0, 0).warning() is None
    warning = OtherTraffic(before=12, during=340).warning()
    assert warning is not None
    assert "340 requests during the test and 12 in the 5 minutes before" in warning
    assert OtherTraffic(1, 0).warning()
    assert OtherTraffic(0, 1).warning()
