"""Closed-loop users over keep-alive connections.

A user sends a request, waits for its answer and sends the next. Users stay from stage to stage and new ones join them,
so a stage's warm-up is not spent on an empty endpoint. Nothing is retried: what fails is counted.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterator
from typing import Protocol

from include.sagemaker_local.clock import Clock, SystemClock
from include.sagemaker_local.http1.errors import HttpError
from include.sagemaker_local.http1.messages import Request, Response
from include.sagemaker_local.load.answers import answer_of, answer_of_error
from include.sagemaker_local.load.course import Step, next_step
from include.sagemaker_local.load.enough import longest_s
from include.sagemaker_local.load.histogram import Histogram
from include.sagemaker_local.load.plan import LoadPlan
from include.sagemaker_local.load.progress import Progress
from include.sagemaker_local.load.recorder import Answer, StageRecorder
from include.sagemaker_local.load.stage import Failure, StageResult
from include.sagemaker_local.wire.sigv4 import signed

# A signature is good for 15 minutes; making one for each request would cost the core that is to send them.
_SIGNATURE_AGE_S = 300.0

# A refused connection fails within microseconds. Without a pause its user would do nothing but burn a core that the
# endpoint under test needs to come back.
_PAUSE_AFTER_LOST_CONNECTION_S = 0.01

# As often as CloudWatch's finest metrics, and as people like to look.
_PROGRESS_INTERVAL_S = 1.0


class Client(Protocol):
    """What sends a request; the project's HttpClient in earnest."""

    async def request(self, host: str, port: int, request: Request, *, timeout_s: float) -> Response:
        """The response. Raises HttpError when there is none."""


class Generator:
    """Runs one plan, once."""

    def __init__(
        self,
        plan: LoadPlan,
        client: Client,
        clock: Clock | None = None,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> None:
        self._plan = plan
        self._client = client
        self._clock = clock or SystemClock()
        self._requests = _requests(plan, self._clock)
        self._second = _Second(self._clock.monotonic_s())
        self._on_progress = on_progress
        self._users: list[asyncio.Task[None]] = []
        self._recorder: StageRecorder | None = None
        self._stage_over = asyncio.Event()

    async def stages(self) -> AsyncGenerator[StageResult, None]:
        """The results, stage after stage, until the plan's rules end it. `aclose()` ends the load at once."""
        done: list[StageResult] = []
        watch = asyncio.create_task(self._tell())
        try:
            while isinstance(step := next_step(self._plan.course, done, self._plan.rules), Step):
                done.append(await self._stage(step))
                yield done[-1]
            self._tell_rest()
        finally:
            watch.cancel()
            await self._dismiss()

    async def _tell(self) -> None:
        """Once a second what the last one was like."""
        while True:
            await asyncio.sleep(_PROGRESS_INTERVAL_S)
            self._tell_rest()

    def _tell_rest(self) -> None:
        """What was answered since the last time, so that in all nothing is left out."""
        second, self._second = self._second, _Second(self._clock.monotonic_s())
        if self._on_progress is not None:
            self._on_progress(second.progress(self._clock, len(self._users)))

    async def _stage(self, step: Step) -> StageResult:
        if step.rate_per_s is not None:
            raise ValueError("this generator has closed-loop users only; it cannot send at a rate")
        self._stage_over.clear()
        self._recorder = StageRecorder(step, time.monotonic())
        while len(self._users) > step.users:
            self._users.pop().cancel()
        while len(self._users) < step.users:
            self._users.append(asyncio.create_task(self._user()))
        await self._wait_for_stage_or_death(longest_s(step, self._plan.timeout_s))
        return self._recorder.result(time.monotonic())

    async def _wait_for_stage_or_death(self, at_most_s: float) -> None:
        """Return when the stage is over or has taken too long. The error of a user that died of a bug is raised."""
        over = asyncio.create_task(self._stage_over.wait())
        try:
            finished, _ = await asyncio.wait(
                [over, *self._users], timeout=at_most_s, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            over.cancel()
        for task in finished:
            if task is not over:
                task.result()

    async def _user(self) -> None:
        while True:
            answer = await self._ask(next(self._requests))
            self._second.add(answer)
            if self._recorder is not None and self._recorder.add(answer, time.monotonic()):
                self._stage_over.set()
            if answer.failure is Failure.CONNECTION:
                await asyncio.sleep(_PAUSE_AFTER_LOST_CONNECTION_S)

    async def _ask(self, request: Request) -> Answer:
        plan = self._plan
        began_ns = time.perf_counter_ns()
        try:
            response = await self._client.request(plan.host, plan.port, request, timeout_s=plan.timeout_s)
        except HttpError as error:
            return answer_of_error(error, _microseconds_since(began_ns))
        return answer_of(response, _microseconds_since(began_ns))

    async def _dismiss(self) -> None:
        for user in self._users:
            user.cancel()
        await asyncio.gather(*self._users, return_exceptions=True)
        self._users.clear()


class _Second:
    """What was answered since the last time that anybody was told."""

    def __init__(self, began_s: float) -> None:
        self._began_s = began_s
        self._failures: Counter[Failure] = Counter()
        self._latency = Histogram()
        self._model_latency = Histogram()

    def add(self, answer: Answer) -> None:
        if answer.failure is not None:
            self._failures[answer.failure] += 1
            return
        self._latency.record(answer.latency_us)
        if answer.containers_us:
            self._model_latency.record(sum(answer.containers_us.values()))

    def progress(self, clock: Clock, users: int) -> Progress:
        failures, latency = dict(self._failures), self._latency
        seconds = clock.monotonic_s() - self._began_s
        return Progress(clock.now_s(), seconds, users, latency.count, failures, latency, self._model_latency)


def _requests(plan: LoadPlan, clock: Clock) -> Iterator[Request]:
    """All users draw from one endless row, so that every payload is used as often as every other."""
    authority = f"[{plan.host}]:{plan.port}" if ":" in plan.host else f"{plan.host}:{plan.port}"
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in plan.headers]
    headers.append((b"host", authority.encode("latin-1")))
    plain = [Request(b"POST", plan.target.encode("latin-1"), headers, payload) for payload in plan.payloads]
    while plain:
        signed_s = clock.now_s()
        requests = [signed(request, plan.key, plan.region, "sagemaker", signed_s) for request in plain]
        while clock.now_s() - signed_s < _SIGNATURE_AGE_S:
            yield from requests


def _microseconds_since(began_ns: int) -> int:
    return (time.perf_counter_ns() - began_ns) // 1000
