"""When counts become datapoints."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from collections.abc import Iterable, Iterator, Sequence

import pytest

from include.sagemaker_local.clock import SystemClock
from include.sagemaker_local.metrics.names import INVOCATIONS
from include.sagemaker_local.metrics.publisher import Publisher
from include.sagemaker_local.metrics.series import Datum, Metric, MetricSeries, Point
from include.sagemaker_local.metrics.tally import InvocationTally
from include.sagemaker_local.metrics.watching import Alarm, AlarmWatch
from include.sagemaker_local.routes import Hop, Instance, Route, VariantRoute
from tests.fakes.clock import ManualClock
from tests.fakes.waiting import until

VARIANT = VariantRoute("v", 1.0, tuple(Instance(f"i-{n}", (Hop("c", "127.0.0.1", 1),)) for n in range(4)))
ROUTE = Route("eu-west-1", "e", "blue", (VARIANT,))
CHAIN = (Hop("a", "127.0.0.1", 1), Hop("b", "127.0.0.1", 2))
PIPELINE = Route(
    "eu-west-1", "e", "blue", (VariantRoute("v", 1.0, tuple(Instance(f"i-{n}", CHAIN) for n in range(4))),)
)
DIMENSIONS = (("EndpointName", "e"), ("VariantName", "v"))


class NoAlarms:
    def alarms(self) -> Iterator[Alarm]:
        return iter(())

    def set_state(self, alarm: Alarm, state: object, reason: str) -> None:
        raise AssertionError("there are none")


class Sampler:
    """Fails as often as it is told to."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures

    async def sample(self) -> Sequence[tuple[str, Datum]]:
        if self.failures:
            self.failures -= 1
            raise OSError("no /proc today")
        return ()


class FailingOnce(MetricSeries):
    """The first publication fails."""

    failed = False

    def publish(self, region: str, time_s: float, data: Iterable[Datum]) -> None:
        if not self.failed:
            self.failed = True
            raise OSError("no memory today")
        super().publish(region, time_s, data)


def publisher(
    series: MetricSeries, clock: ManualClock | SystemClock, tally: InvocationTally, **changes: object
) -> Publisher:
    sampler, interval_s = changes.get("sampler", Sampler()), changes.get("interval_s", 60.0)
    assert isinstance(sampler, Sampler)
    assert isinstance(interval_s, float)
    return Publisher(tally, sampler, series, AlarmWatch(NoAlarms(), series), clock, interval_s=interval_s)


def points(series: MetricSeries, name: str = "Invocations", *further: tuple[str, str]) -> list[Point]:
    return series.read("eu-west-1", Metric(INVOCATIONS, name, tuple(sorted((*DIMENSIONS, *further)))), 0, 1e12)


def test_what_was_counted_so_far_can_be_asked_for_before_its_interval_is_over() -> None:
    async def main() -> None:
        clock, series, tally = ManualClock(1_700_000_010.0), MetricSeries(), InvocationTally()
        metrics = publisher(series, clock, tally)
        tally.record(ROUTE, VARIANT, None, 1000, 10, ())
        await metrics.count()
        assert [point.distribution.total for point in points(series)] == [1]
        tally.record(ROUTE, VARIANT, None, 1000, 10, ())
        clock.advance(60)
        await metrics.publish()
        (point,) = points(series)
        assert (point.time_s, point.distribution.total) == (1_699_999_980.0, 2)

    asyncio.run(main())


def test_an_interval_is_published_under_the_time_at_which_it_began() -> None:
    async def main() -> None:
        clock, series, tally = ManualClock(1_700_000_010.0), MetricSeries(), InvocationTally()
        metrics = publisher(series, clock, tally)
        tally.record(PIPELINE, PIPELINE.variants[0], None, 30, 5, [("a", 10), ("b", 20)])
        clock.advance(60)
        await metrics.publish()
        tally.record(PIPELINE, PIPELINE.variants[0], 0, 60_000_000, 5, ())
        await metrics.close()  # what an interval has so far is published when the server ends
        minute = 1_700_000_010 // 60 * 60
        assert [(point.time_s, point.distribution.total) for point in points(series)] == [(minute, 1), (minute + 60, 1)]
        assert [point.distribution.total for point in points(series, "InvocationsPerInstance")] == [0.25, 0.25]
        assert [point.distribution.total for point in points(series, "InvocationModelErrors")] == [0, 1]
        assert [point.distribution.total for point in points(series, "Invocation5XXErrors")] == [0, 0]
        assert len(points(series, "ContainerLatency", ("ContainerName", "b"))) == 1
        await metrics.clear()
        assert points(series) == []

    asyncio.run(main())


def test_two_fleets_of_one_variant_have_one_metric_together_and_one_each() -> None:
    async def main() -> None:
        clock, series, tally = ManualClock(), MetricSeries(), InvocationTally()
        green = dataclasses.replace(ROUTE, config_name="green")
        for route, times in ((ROUTE, 2), (green, 3)):
            for _ in range(times):
                tally.record(route, VARIANT, None, 10, 1, [("primary", 10)])
        await publisher(series, clock, tally).publish()
        assert [point.distribution.count for point in points(series)] == [5]
        for config, count in (("blue", 2), ("green", 3)):
            (point,) = points(series, "Invocations", ("EndpointConfigName", config))
            assert point.distribution.count == count
        assert "ContainerLatency" not in {metric.name for metric in series.metrics("eu-west-1")}  # it is no pipeline

    asyncio.run(main())


def test_a_variant_that_grows_is_one_metric_also_within_an_interval() -> None:
    async def main() -> None:
        clock, series, tally = ManualClock(), MetricSeries(), InvocationTally()
        alone = dataclasses.replace(VARIANT, instances=VARIANT.instances[:1])
        again = dataclasses.replace(ROUTE, variants=(alone,))  # a container came back: same variant, another route
        for route, variant in ((ROUTE, VARIANT), (ROUTE, alone), (again, alone)):
            tally.record(route, variant, None, 10, 1, [("primary", 10)])
        await publisher(series, clock, tally).publish()
        assert [point.distribution.count for point in points(series)] == [3]
        assert [point.distribution.total for point in points(series, "InvocationsPerInstance")] == [2.25]

    asyncio.run(main())


def test_what_was_counted_is_published_when_nothing_can_be_measured(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        series, tally = MetricSeries(), InvocationTally()
        tally.record(ROUTE, VARIANT, None, 10, 1, [("primary", 10)])
        await publisher(series, ManualClock(), tally, sampler=Sampler(failures=1)).publish()
        assert len(points(series)) == 1

    with caplog.at_level(logging.ERROR):
        asyncio.run(main())
    assert "no /proc today" in caplog.text


def test_it_publishes_by_itself_and_goes_on_after_a_failure(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        series, tally = FailingOnce(), InvocationTally()
        metrics = publisher(series, SystemClock(), tally, interval_s=0.02)
        tally.record(ROUTE, VARIANT, None, 10, 1, [("primary", 10)])
        metrics.start()
        await until(lambda: caplog.records, "the first interval has failed")
        tally.record(ROUTE, VARIANT, None, 10, 1, [("primary", 10)])
        await until(lambda: points(series), "a datapoint")
        await metrics.close()

    with caplog.at_level(logging.ERROR):
        asyncio.run(asyncio.wait_for(main(), 20))
    assert "no memory today" in caplog.text
