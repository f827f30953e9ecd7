"""Turns single answers into a StageResult: what belongs to the warm-up, what is measured, and when it is enough.

PURE: no I/O, no third-party imports; the time of every answer is handed in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from include.sagemaker_local.load.histogram import Histogram
from include.sagemaker_local.load.stage import Failure, StageResult


@dataclass(frozen=True, slots=True)
class Answer:
    """How one request ended. `containers_us` holds each container's latency; it is empty for a failure."""

    latency_us: int
    failure: Failure | None = None
    detail: str | None = None  # what a failed request got, for a person
    containers_us: Mapping[str, int] = field(default_factory=dict)


class StageRecorder:
    """Counts the answers of one stage.

    The measured part opens with the first answer at or after `opens_at_s`, which itself is not counted, and closes with
    the first at or after `closes_at_s` by which `min_answers` were counted.
    """

    def __init__(self, users: int, *, opens_at_s: float, closes_at_s: float, min_answers: int) -> None:
        self._users = users
        self._opens_at_s = opens_at_s
        self._closes_at_s = closes_at_s
        self._min_answers = min_answers
        self._opened_s: float | None = None
        self._closed_s: float | None = None
        self._counted = 0
        self._failures: Counter[Failure] = Counter()
        self._first_failure: str | None = None
        self._latency = Histogram()
        self._model_latency = Histogram()
        self._containers: dict[str, Histogram] = {}

    def add(self, answer: Answer, now_s: float) -> bool:
        """Take one answer; True once the stage is complete. Later answers change nothing."""
        if self._closed_s is not None:
            return True
        if self._opened_s is None:
            if now_s >= self._opens_at_s:
                self._opened_s = now_s
            return False
        self._count(answer)
        if now_s >= self._closes_at_s and self._counted >= self._min_answers:
            self._closed_s = now_s
        return self._closed_s is not None

    def result(self, now_s: float) -> StageResult:
        """What was measured. A stage that is not complete, because it took too long, is cut off at `now_s`."""
        if self._closed_s is None:
            self._closed_s = now_s
        opened_s = self._closed_s if self._opened_s is None else self._opened_s
        return StageResult(
            users=self._users,
            span_s=self._closed_s - opened_s,
            succeeded=self._latency.count,
            failures=dict(self._failures),
            first_failure=self._first_failure,
            latency=self._latency,
            model_latency=self._model_latency,
            container_latency=self._containers,
        )

    def _count(self, answer: Answer) -> None:
        self._counted += 1
        if answer.failure is not None:
            self._failures[answer.failure] += 1
            self._first_failure = self._first_failure or answer.detail
            return
        self._latency.record(answer.latency_us)
        if answer.containers_us:
            self._model_latency.record(sum(answer.containers_us.values()))
        for name, latency_us in answer.containers_us.items():
            self._containers.setdefault(name, Histogram()).record(latency_us)
