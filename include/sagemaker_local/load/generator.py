"""Runs a plan: one step of load after the other, over connections that stay.

The work of a request is done in `connection.py`; here, a few times a second, its log is turned into figures, requests
that took too long are ended, and whoever watches is told.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from functools import partial

from include.sagemaker_local.clock import Clock, SystemClock
from include.sagemaker_local.load.answer_log import AnswerLog, Tally
from include.sagemaker_local.load.closed_loop import ClosedLoop
from include.sagemaker_local.load.connection import Dial, Kit
from include.sagemaker_local.load.course import Step, next_step
from include.sagemaker_local.load.due_times import due_times
from include.sagemaker_local.load.enough import longest_s
from include.sagemaker_local.load.known_answers import KnownAnswers
from include.sagemaker_local.load.open_loop import OpenLoop
from include.sagemaker_local.load.own_share import Spent, share, spent_now, was_the_limit
from include.sagemaker_local.load.plan import LoadPlan
from include.sagemaker_local.load.precise_timer import PreciseTimer
from include.sagemaker_local.load.progress import Progress
from include.sagemaker_local.load.recorder import StageRecorder
from include.sagemaker_local.load.requests import Requests
from include.sagemaker_local.load.stage import StageResult

# How late the end of a step, or a timeout, may be seen. At a hundred thousand answers a second there are then 5,000 to
# be sorted at once, which takes half a millisecond.
_TICK_S = 0.05

# As often as CloudWatch's finest metrics, and as people like to look.
_PROGRESS_INTERVAL_S = 1.0


class Generator:
    """Runs one plan, once. Belongs to one event loop."""

    def __init__(
        self,
        plan: LoadPlan,
        dial: Dial,
        clock: Clock | None = None,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> None:
        self._plan = plan
        self._dial = dial
        self._clock = clock or SystemClock()
        self._on_progress = on_progress
        self._requests = Requests(plan, self._clock)
        self._known = KnownAnswers()
        self._log = AnswerLog()
        self._loop: ClosedLoop | OpenLoop | None = None
        self._waiting = 0
        self._second = Tally()
        self._second_began_s = self._clock.monotonic_s()
        self._broken: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def stages(self) -> AsyncGenerator[StageResult, None]:
        """The results, stage after stage, until the plan's rules end it. `aclose()` ends the load at once."""
        done: list[StageResult] = []
        try:
            while isinstance(step := next_step(self._plan.course, done, self._plan.rules), Step):
                done.append(await self._stage(step))
                yield done[-1]
            self._tell(done[-1].rate_per_s if done else None)
        finally:
            self._broken.cancel()
            if self._loop is not None:
                self._loop.stop()

    async def _stage(self, step: Step) -> StageResult:
        begins_ns = time.perf_counter_ns()
        cut_off_ns = begins_ns + round(longest_s(step, self._plan.timeout_s) * 1e9)
        recorder = StageRecorder(step, begins_ns)
        loop = self._loop = self._loop_for(step)
        opened: Spent | None = None
        over = False
        while not over and time.perf_counter_ns() < cut_off_ns:
            await self._pause()
            self._waiting = loop.waiting  # before the work here makes requests wait that would have been sent by now
            loop.sweep(time.perf_counter_ns())
            self._requests.refresh()
            batch = self._log.take()
            self._second.add(batch)
            over = recorder.take(batch)
            if opened is None and recorder.opened:
                opened = spent_now()
            if self._clock.monotonic_s() - self._second_began_s >= _PROGRESS_INTERVAL_S:
                self._tell(step.rate_per_s)
        own = 0.0 if opened is None else share(opened, spent_now())
        result = recorder.result(time.perf_counter_ns())
        return replace(result, waiting=self._waiting, generator_share=own, generator_busy=was_the_limit(own))

    def _loop_for(self, step: Step) -> ClosedLoop | OpenLoop:
        """What sends the step's requests: if it can, what sent those of the step before, with its connections."""
        if step.rate_per_s is None:
            closed = self._loop if isinstance(self._loop, ClosedLoop) else ClosedLoop(self._fresh_kit())
            closed.set_users(step.users)
            return closed
        timer_of = partial(PreciseTimer, asyncio.get_running_loop())
        opened = self._loop if isinstance(self._loop, OpenLoop) else OpenLoop(self._fresh_kit(timed=True), timer_of)
        due = due_times(time.perf_counter_ns(), step.rate_per_s, step.poisson_seed)
        opened.set_rate(due, step.rate_per_s, step.users)
        return opened

    def _fresh_kit(self, *, timed: bool = False) -> Kit:
        """What the connections of another loop than before work with, `timed` for an open one; those before end."""
        if self._loop is not None:
            self._loop.stop()
            self._second.add(self._log.take())
        self._log = AnswerLog(timed=timed)
        return Kit(
            dial=self._dial,
            requests=self._requests,
            log=self._log,
            known=self._known,
            timeout_s=self._plan.timeout_s,
            asks_on=not timed,
            now_ns=time.perf_counter_ns,
            broke=self._broke,
        )

    async def _pause(self) -> None:
        """Let the connections work. Raises what broke in them."""
        await asyncio.wait([self._broken], timeout=_TICK_S)
        if self._broken.done():
            self._broken.result()

    def _broke(self, error: BaseException) -> None:
        if not self._broken.done():
            self._broken.set_exception(error)

    def _tell(self, rate_per_s: float | None) -> None:
        """What was answered since the last time, so that in all nothing is left out."""
        second, self._second = self._second, Tally()
        began_s, self._second_began_s = self._second_began_s, self._clock.monotonic_s()
        if self._on_progress is None or self._loop is None:
            return
        self._on_progress(
            Progress(
                at_s=self._clock.now_s(),
                seconds=self._second_began_s - began_s,
                users=self._loop.users,
                succeeded=second.latency.count,
                failures=dict(second.failures),
                latency=second.latency,
                model_latency=second.model_latency,
                rate_per_s=rate_per_s,
                waiting=self._waiting,
            )
        )
