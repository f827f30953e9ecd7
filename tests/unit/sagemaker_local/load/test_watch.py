"""Watching a load: everything that was seen is kept, also of a test that somebody ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable

import pytest

from include.sagemaker_local.errors import HostError
from include.sagemaker_local.load.course import ConstantUsers
from include.sagemaker_local.load.plan import LoadPlan
from include.sagemaker_local.load.progress import Progress
from include.sagemaker_local.load.rules import StopRules
from include.sagemaker_local.load.stage import Failure, StageResult
from include.sagemaker_local.load.watch import Drive, Watched, watch
from tests.fakes.clock import ManualClock
from tests.fakes.load_tests import latencies, stage

PLAN = LoadPlan("h", 1, "/", (), (b"",), ConstantUsers(2, 10.0, warm_up_s=1.0), StopRules(), 1.0)
BOUND_S = 20.0


class Load:
    """Yields `stages`; before the first, a second of progress for each of `latencies_ms`; then it goes on for ever."""

    def __init__(self, clock: ManualClock, *, endless: bool = False, broken: bool = False) -> None:
        self._clock = clock
        self._endless = endless
        self._broken = broken
        self.told = asyncio.Event()
        self.ended = False

    async def drive(
        self, plan: LoadPlan, on_progress: Callable[[Progress], None] | None = None
    ) -> AsyncGenerator[StageResult, None]:
        assert on_progress is not None
        try:
            for latency_ms in (500, 10, 20):  # the first is the warm-up's
                self._clock.advance(1.0)
                failures = {Failure.TIMEOUT: 1} if latency_ms == 20 else {}
                on_progress(Progress(self._clock.now_s(), 1.0, 2, 100, failures, latencies(latency_ms, times=100)))
            self.told.set()
            if self._broken:
                raise HostError("the load generator ended with status 1")
            if self._endless:
                await asyncio.Event().wait()
            yield stage(2, 100, 10)
        finally:
            self.ended = True


def watched(load: Callable[[ManualClock], Load], *, stops: bool = False) -> tuple[Watched, list[int], Load]:
    shown: list[int] = []

    async def scenario() -> tuple[Watched, Load]:
        clock, stop = ManualClock(), asyncio.Event()
        running = load(clock)
        drive: Drive = running.drive
        watching = asyncio.create_task(watch(PLAN, drive, clock, stop, lambda progress, failed: shown.append(failed)))
        if stops:
            await running.told.wait()
            stop.set()
        return await asyncio.wait_for(watching, BOUND_S), running

    seen, running = asyncio.run(scenario())
    return seen, shown, running


def test_all_of_a_load_is_seen_to_its_end() -> None:
    seen, shown, load = watched(Load)

    assert seen.stages == (stage(2, 100, 10),)
    assert [interval.at_s for interval in seen.timeline] == [1.0, 2.0, 3.0]
    assert (seen.ended_at_s - seen.started_at_s, seen.interrupted) == (3.0, False)
    assert shown == [0, 0, 1], "failures so far"
    assert load.ended


def test_what_is_interrupted_ends_at_once_and_keeps_the_stage_that_was_under_way_without_its_warm_up() -> None:
    seen, _, load = watched(lambda clock: Load(clock, endless=True), stops=True)

    assert load.ended
    assert seen.interrupted
    (unfinished,) = seen.stages
    assert (unfinished.users, unfinished.span_s, unfinished.succeeded, unfinished.failed) == (2, 2.0, 200, 1)
    assert unfinished.latency == latencies(10, 20, times=100)
    assert len(seen.timeline) == 3, "the warm-up is a part of the timeline"


def test_a_load_that_breaks_is_an_error() -> None:
    with pytest.raises(HostError, match="status 1"):
        watched(lambda clock: Load(clock, broken=True))
