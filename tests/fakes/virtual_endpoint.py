"""A load test in virtual time: closed-loop users on an endpoint whose truth is known, event by event.

The endpoint has `workers` that take one request at a time from one queue, first come, first served. A request takes
`service_s()` of a worker, and `overhead_s()` of nobody's time on its way. The rules, the recorder and the statistics
are the real ones; only what sends and answers requests is simulated, so a test of minutes takes milliseconds.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from include.sagemaker_local.load.answer_log import AnswerLog
from include.sagemaker_local.load.answers import Answer
from include.sagemaker_local.load.course import Course, Step, next_step
from include.sagemaker_local.load.recorder import StageRecorder
from include.sagemaker_local.load.rules import StopReason, StopRules
from include.sagemaker_local.load.stage import StageResult

TICK_S = 0.05  # how often the generator looks at its answers


@dataclass(frozen=True, slots=True)
class _Request:
    sent_s: float
    arrived_s: float = 0.0
    done_s: float = 0.0


@dataclass
class VirtualEndpoint:
    """What is under way in it, and what time it is."""

    workers: int
    service_s: Callable[[], float]
    overhead_s: Callable[[], float] = lambda: 0.0
    now_s: float = 0.0
    _busy: int = 0
    _line: deque[_Request] = field(default_factory=deque)
    _events: list[tuple[float, int, str, _Request]] = field(default_factory=list)
    _number: int = 0

    def send(self) -> None:
        """A user's request sets out; half of the overhead lies before the queue and half behind the worker."""
        self._at(self.now_s + self.overhead_s() / 2, "arrives", _Request(self.now_s))

    def next_answer(self) -> Answer:
        """The next answer that reaches a user; time goes on until then."""
        while True:
            self.now_s, _, what, request = heapq.heappop(self._events)
            if what == "arrives":
                self._line.append(replace(request, arrived_s=self.now_s))
            elif what == "done":
                self._busy -= 1
                self._at(self.now_s + self.overhead_s() / 2, "answered", replace(request, done_s=self.now_s))
            else:
                model_us = round((request.done_s - request.arrived_s) * 1e6)
                return Answer(round((self.now_s - request.sent_s) * 1e6), containers_us={"model": model_us})
            while self._line and self._busy < self.workers:
                self._busy += 1
                self._at(self.now_s + self.service_s(), "done", self._line.popleft())

    def _at(self, moment_s: float, what: str, request: _Request) -> None:
        self._number += 1
        heapq.heappush(self._events, (moment_s, self._number, what, request))


def run(
    course: Course, endpoint: VirtualEndpoint, rules: StopRules | None = None
) -> tuple[list[StageResult], StopReason]:
    """All stages of a load test on `endpoint`, and why it stopped."""
    stages: list[StageResult] = []
    users = 0
    while isinstance(step := next_step(course, stages, rules or StopRules()), Step):
        for _ in range(step.users - users):
            endpoint.send()
        stages.append(_stage(step, endpoint, leaving=max(0, users - step.users)))
        users = step.users
    return stages, step


def _stage(step: Step, endpoint: VirtualEndpoint, leaving: int) -> StageResult:
    """One stage. `leaving` users go with their next answer."""
    recorder, log = StageRecorder(step, _ns(endpoint)), AnswerLog()
    over = False
    while not over:
        looks_at_s = endpoint.now_s + TICK_S
        while endpoint.now_s < looks_at_s:
            log.note(endpoint.next_answer(), 0, _ns(endpoint))
            if leaving:
                leaving -= 1
            else:
                endpoint.send()
        over = recorder.take(log.take())
    return recorder.result(_ns(endpoint))


def _ns(endpoint: VirtualEndpoint) -> int:
    return round(endpoint.now_s * 1e9)
