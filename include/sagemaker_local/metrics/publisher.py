"""Takes what was counted, interval by interval, to the metrics that CloudWatch answers from."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Protocol

from include.sagemaker_local.clock import Clock
from include.sagemaker_local.metrics.names import invocation_data
from include.sagemaker_local.metrics.series import Datum, MetricSeries
from include.sagemaker_local.metrics.tally import Counts
from include.sagemaker_local.metrics.watching import AlarmWatch

_log = logging.getLogger(__name__)


class Sampler(Protocol):
    """Measures what is not counted but looked at."""

    async def sample(self) -> Sequence[tuple[str, Datum]]:
        """The metrics of this moment, each with its region."""


class CountSource(Protocol):
    """Whoever counts invocations, in this process or in several."""

    async def gather(self) -> list[Counts]:
        """Everything since the last time. Several may be for one variant."""


class Publisher:
    """Publishes every `interval_s`, at its multiples: each minute on the minute, as AWS."""

    def __init__(
        self,
        tally: CountSource,
        sampler: Sampler,
        series: MetricSeries,
        alarms: AlarmWatch,
        clock: Clock,
        *,
        interval_s: float,
        published: Callable[[float], None] = lambda began_s: None,
    ) -> None:
        """`published` is told, on the loop, when an interval is there that began at that time."""
        self._tally = tally
        self._sampler = sampler
        self._series = series
        self._alarms = alarms
        self._clock = clock
        self._interval_s = interval_s
        self._published = published
        self._began_s = self._this_interval_s()
        self._one_at_a_time = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Publishes from now on, on the running loop."""
        self._task = asyncio.create_task(self._run(), name="metrics")

    async def close(self) -> None:
        """Publishes what is left, for the last time."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        self._published = lambda began_s: None  # nobody acts on metrics any more
        await self._publish_or_say_why()

    async def clear(self) -> None:
        """Forgets everything that was published or counted."""
        async with self._one_at_a_time:
            await self._tally.gather()
            self._series.clear()

    async def publish(self) -> None:
        """Publishes what was counted since the last time, under the time at which that interval began."""
        async with self._one_at_a_time:
            began_s, self._began_s = self._began_s, self._this_interval_s()
            counted = await self._tally.gather()
            await asyncio.to_thread(self._store, began_s, counted, await self._sampled())
            self._published(began_s)

    async def count(self) -> None:
        """Publishes what was counted so far of the present interval, without acting on it: the interval is not over."""
        async with self._one_at_a_time:
            self._add(self._began_s, await self._tally.gather(), ())

    async def _sampled(self) -> Sequence[tuple[str, Datum]]:
        try:
            return await self._sampler.sample()
        except Exception:  # what was counted is published all the same: it would not be counted again
            _log.exception("what the containers use could not be measured")
            return ()

    def _store(self, began_s: float, counted: list[Counts], sampled: Sequence[tuple[str, Datum]]) -> None:
        self._add(began_s, counted, sampled)
        self._alarms.evaluate(began_s + self._interval_s)

    def _add(self, began_s: float, counted: list[Counts], sampled: Sequence[tuple[str, Datum]]) -> None:
        by_region: dict[str, list[Datum]] = {}
        for region, datum in (*invocation_data(counted), *sampled):
            by_region.setdefault(region, []).append(datum)
        for region, data in by_region.items():
            self._series.publish(region, began_s, data)

    async def _run(self) -> None:
        while True:
            await self._until(self._this_interval_s() + self._interval_s)
            await self._publish_or_say_why()

    async def _publish_or_say_why(self) -> None:
        try:
            await self.publish()
        except Exception:  # the next interval is wanted all the same, and so is the rest of a shutdown
            _log.exception("metrics could not be published")

    async def _until(self, due_s: float) -> None:
        # The loop's clock and the wall clock differ by a little: waking a millisecond early would be another interval.
        while (left_s := due_s - self._clock.now_s()) > 0:  # noqa: ASYNC110 - no event tells the time
            await asyncio.sleep(left_s)

    def _this_interval_s(self) -> float:
        return self._clock.now_s() // self._interval_s * self._interval_s
