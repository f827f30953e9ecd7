"""Turns answers into a StageResult: what belongs to the warm-up, what is measured, and when it is enough.

PURE: no I/O, no third-party imports; the time of every answer is handed in.
"""

from __future__ import annotations

from bisect import bisect_left

from include.sagemaker_local.load.answer_log import Batch, Tally
from include.sagemaker_local.load.course import Step
from include.sagemaker_local.load.enough import is_enough
from include.sagemaker_local.load.marks import Marker, Marks
from include.sagemaker_local.load.precision import is_steady
from include.sagemaker_local.load.stage import StageResult

_NS_PER_S = 1_000_000_000


class StageRecorder:
    """Counts the answers of one step that begins at `begins_ns`.

    The measured part opens with the first answer after the warm-up, which itself is not counted. It closes with the
    first answer after its time; where answers decide what is enough (`enough.is_enough`), with the first after the next
    one was to be expected. So users in step with one another, who get their answers in bursts, open and close it at the
    beginning of one, and no part of a burst counts as a whole.
    """

    def __init__(self, step: Step, begins_ns: int) -> None:
        self._step = step
        self._opens_at_ns = begins_ns + round(step.warm_up_s * _NS_PER_S)
        self._opened_ns: int | None = None
        self._closes_at_ns: int | None = None
        self._closed_ns: int | None = None
        self._steady = False
        self._marker = Marker(0.0)
        self._tally = Tally()

    def take(self, batch: Batch) -> bool:
        """Take the answers that follow on those before; True once the stage is complete. Later ones change nothing."""
        if self._closed_ns is not None:
            return True
        first = 0
        if self._opened_ns is None:
            first = bisect_left(batch.ends_ns, self._opens_at_ns) + 1
            if first > len(batch.ends_ns):
                return False
            self._opened_ns = batch.ends_ns[first - 1]
        closing = self._where_closed(batch.ends_ns, first, self._opened_ns)
        if closing is not None:
            self._closed_ns = batch.ends_ns[closing]
        measured = batch.part(first, len(batch.ends_ns) if closing is None else closing + 1)
        self._mark(measured, self._opened_ns)
        self._tally.add(measured)
        if closing is None and first < len(batch.ends_ns):
            self._look_whether_steady((batch.ends_ns[-1] - self._opened_ns) / _NS_PER_S)
        return closing is not None

    @property
    def opened(self) -> bool:
        """Whether the warm-up is over."""
        return self._opened_ns is not None

    def result(self, now_ns: int) -> StageResult:
        """What was measured. A stage that is not complete, because it took too long, is cut off at `now_ns`."""
        if self._closed_ns is None:
            self._closed_ns = now_ns
        opened_ns = self._closed_ns if self._opened_ns is None else self._opened_ns
        tally = self._tally
        return StageResult(
            users=self._step.users,
            span_s=(self._closed_ns - opened_ns) / _NS_PER_S,
            succeeded=tally.latency.count,
            failures=dict(tally.failures),
            failed_statuses=dict(tally.failed_statuses),
            first_failure=tally.first_failure,
            latency=tally.latency,
            model_latency=tally.model_latency,
            container_latency=tally.containers,
            service_latency=tally.service_latency,
            marks=Marks() if self._opened_ns is None else self._marker.marks(),
            rate_per_s=self._step.rate_per_s,
        )

    def _where_closed(self, ends_ns: list[int], first: int, opened_ns: int) -> int | None:
        """The place of the answer that closes the measured part."""
        enough = first
        if self._closes_at_ns is None:
            place = self._where_enough(ends_ns, first, opened_ns)
            if place is None:
                return None
            enough = place
            self._closes_at_ns = ends_ns[place]
            if self._step.duration_s is None:
                self._closes_at_ns += (ends_ns[place] - opened_ns) // (self._tally.answers + place - first + 1)
        closing = bisect_left(ends_ns, self._closes_at_ns, lo=enough)
        return closing if closing < len(ends_ns) else None

    def _look_whether_steady(self, measured_s: float) -> None:
        """For the answers to come. Looked at only where it would end the stage."""
        if is_enough(self._step, measured_s, self._tally.answers, steady=True):
            self._steady = is_steady(self._marker.marks(), self._step.precision)

    def _where_enough(self, ends_ns: list[int], first: int, opened_ns: int) -> int | None:
        """The place of the answer at which there is enough. What is enough stays enough, so halving finds it."""
        counted = self._tally.answers

        def enough(place: int) -> bool:
            return is_enough(
                self._step, (ends_ns[place] - opened_ns) / _NS_PER_S, counted + place - first + 1, self._steady
            )

        if first == len(ends_ns) or not enough(len(ends_ns) - 1):
            return None
        return first + bisect_left(range(first, len(ends_ns)), True, key=enough)

    def _mark(self, measured: Batch, opened_ns: int) -> None:
        successes_ns, counted = measured.successes_ns(), self._tally.latency.count
        while self._marker.due <= counted + len(successes_ns):
            self._marker.mark((successes_ns[self._marker.due - counted - 1] - opened_ns) / _NS_PER_S)
