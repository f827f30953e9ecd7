"""Turns single answers into a StageResult: what belongs to the warm-up, what is measured, and when it is enough.

PURE: no I/O, no third-party imports; the time of every answer is handed in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from include.sagemaker_local.load.course import Step
from include.sagemaker_local.load.enough import is_enough
from include.sagemaker_local.load.histogram import Histogram
from include.sagemaker_local.load.marks import Marker, Marks
from include.sagemaker_local.load.stage import Failure, StageResult


@dataclass(frozen=True, slots=True)
class Answer:
    """How one request ended. `containers_us` holds each container's latency; it is empty for a failure."""

    latency_us: int
    failure: Failure | None = None
    detail: str | None = None  # what a failed request got, for a person
    containers_us: Mapping[str, int] = field(default_factory=dict)


class StageRecorder:
    """Counts the answers of one step that begins at `begins_s`.

    The measured part opens with the first answer after the warm-up, which itself is not counted, and closes with the
    first at which there is enough (`enough.is_enough`).
    """

    def __init__(self, step: Step, begins_s: float) -> None:
        self._step = step
        self._opens_at_s = begins_s + step.warm_up_s
        self._opened_s: float | None = None
        self._closed_s: float | None = None
        self._marker: Marker | None = None
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
                self._marker = Marker(now_s)
            return False
        self._count(answer)
        if self._marker is not None and self._latency.count == self._marker.due:
            self._marker.mark(now_s)
        if is_enough(self._step, now_s - self._opened_s, self._counted):
            self._closed_s = now_s
        return self._closed_s is not None

    def result(self, now_s: float) -> StageResult:
        """What was measured. A stage that is not complete, because it took too long, is cut off at `now_s`."""
        if self._closed_s is None:
            self._closed_s = now_s
        opened_s = self._closed_s if self._opened_s is None else self._opened_s
        return StageResult(
            users=self._step.users,
            span_s=self._closed_s - opened_s,
            succeeded=self._latency.count,
            failures=dict(self._failures),
            first_failure=self._first_failure,
            latency=self._latency,
            model_latency=self._model_latency,
            container_latency=self._containers,
            marks=Marks() if self._marker is None else self._marker.marks(),
            rate_per_s=self._step.rate_per_s,
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
