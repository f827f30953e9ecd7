"""Watches a load from its beginning to its end, or until somebody has seen enough."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Protocol

from include.sagemaker_local.clock import Clock
from include.sagemaker_local.load.course import Step, next_step
from include.sagemaker_local.load.plan import LoadPlan
from include.sagemaker_local.load.progress import Progress
from include.sagemaker_local.load.stage import StageResult
from include.sagemaker_local.load.timeline import Interval, Timeline, together


class Drive(Protocol):
    """Runs a load plan; `load.process.drive` in earnest."""

    def __call__(
        self, plan: LoadPlan, on_progress: Callable[[Progress], None] | None = None
    ) -> AsyncGenerator[StageResult, None]:
        """The stages as they end. The load ends with the generator."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What was seen. Of a test that was interrupted, the last stage is what there was of it."""

    stages: tuple[StageResult, ...]
    timeline: tuple[Interval, ...]
    started_at_s: float
    ended_at_s: float
    interrupted: bool


async def watch(
    plan: LoadPlan, drive: Drive, clock: Clock, stop: asyncio.Event, show: Callable[[Progress, int], None]
) -> Watched:
    """Run `plan` until it ends or `stop` is set, which ends the load at once.

    `show` is told of every second, and how many requests have failed so far. Raises what `drive` raises.
    """
    seen = _Seen(plan, clock, show)
    load = asyncio.create_task(seen.all(drive))
    told = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({load, told}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        told.cancel()
        load.cancel()
        await asyncio.wait({load})
    if not load.cancelled():
        load.result()
    stages = (*seen.stages, *seen.unfinished()) if load.cancelled() else tuple(seen.stages)
    return Watched(stages, seen.timeline.intervals(), seen.started_at_s, clock.now_s(), load.cancelled())


class _Seen:
    def __init__(self, plan: LoadPlan, clock: Clock, show: Callable[[Progress, int], None]) -> None:
        self.started_at_s = clock.now_s()
        self.stages: list[StageResult] = []
        self.timeline = Timeline(self.started_at_s)
        self._plan = plan
        self._clock = clock
        self._show = show
        self._failed = 0
        self._stage_begins()

    async def all(self, drive: Drive) -> None:
        async with aclosing(drive(self._plan, self._add)) as stages:
            async for stage in stages:
                self.stages.append(stage)
                self._stage_begins()

    def unfinished(self) -> tuple[StageResult, ...]:
        """The stage that was interrupted, when anything is known of it."""
        seen = self._since_stage
        if seen is None or not seen.requests:
            return ()
        return (
            StageResult(
                users=seen.users,
                span_s=seen.seconds,
                succeeded=seen.succeeded,
                failures=seen.failures,
                latency=seen.latency,
                model_latency=seen.model_latency,
                rate_per_s=seen.rate_per_s,
            ),
        )

    def _stage_begins(self) -> None:
        step = next_step(self._plan.course, self.stages, self._plan.rules)
        self._warm_at_s = self._clock.now_s() + (step.warm_up_s if isinstance(step, Step) else 0.0)
        self._since_stage: Progress | None = None

    def _add(self, progress: Progress) -> None:
        self.timeline.add(progress)
        self._failed += progress.failed
        if progress.at_s - progress.seconds >= self._warm_at_s:
            self._since_stage = together([self._since_stage, progress] if self._since_stage else [progress])
        self._show(progress, self._failed)
