"""A load test second by second, in a number of intervals that stays bounded however long the test is.

PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from include.sagemaker_local.load.progress import Progress

# Two of them for every pixel that a figure has would be 1,200; half as many still show whatever lasted for a second
# in a test of ten minutes.
MOST_INTERVALS = 600


@dataclass(frozen=True, slots=True)
class Interval:
    """`seconds` of a test, up to `at_s` after its beginning, warm-ups included.

    Latencies are those of the requests that succeeded in it, None when none did. `wanted_per_s` is what an open loop
    was to send, None in a closed one.
    """

    at_s: float
    seconds: float
    users: int
    succeeded: int
    failed: int
    wanted_per_s: float | None = None
    p50_ms: float | None = None
    p95_ms: float | None = None
    p99_ms: float | None = None

    @property
    def middle_s(self) -> float:
        """Where a figure shows it."""
        return self.at_s - self.seconds / 2

    @property
    def per_second(self) -> float:
        """Requests that succeeded, a second."""
        return self.succeeded / self.seconds if self.seconds > 0 else 0.0

    @property
    def failed_per_second(self) -> float:
        """Requests that failed, a second."""
        return self.failed / self.seconds if self.seconds > 0 else 0.0


class Timeline:
    """Collects a test's progress. When it has too many intervals, every two become one."""

    def __init__(self, started_at_s: float) -> None:
        self._started_at_s = started_at_s
        self._done: list[Progress] = []
        self._open: list[Progress] = []
        self._together = 1

    def add(self, progress: Progress) -> None:
        """Take what the last second was like; in the order of time."""
        self._open.append(progress)
        if len(self._open) < self._together:
            return
        self._done.append(together(self._open))
        self._open = []
        if len(self._done) == MOST_INTERVALS:
            self._done = [together(self._done[at : at + 2]) for at in range(0, MOST_INTERVALS, 2)]
            self._together *= 2

    def intervals(self) -> tuple[Interval, ...]:
        """All of the test so far."""
        last = [together(self._open)] if self._open else []
        return tuple(self._interval(each) for each in (*self._done, *last))

    def _interval(self, progress: Progress) -> Interval:
        latency = progress.latency
        percentiles = [round(latency.percentile_us(percent) / 1000, 4) for percent in (50, 95, 99) if latency.count]
        return Interval(
            round(progress.at_s - self._started_at_s, 3),
            round(progress.seconds, 3),
            progress.users,
            progress.succeeded,
            progress.failed,
            progress.rate_per_s,
            *percentiles,
        )


def together(parts: Sequence[Progress]) -> Progress:
    """One after the other as one. Users and rate are those at its end."""
    whole = parts[0]
    for part in parts[1:]:
        failures = {
            kind: whole.failures.get(kind, 0) + part.failures.get(kind, 0) for kind in {*whole.failures, *part.failures}
        }
        whole = replace(
            part,
            seconds=whole.seconds + part.seconds,
            succeeded=whole.succeeded + part.succeeded,
            failures=failures,
            latency=whole.latency.merge(part.latency),
            model_latency=whole.model_latency.merge(part.model_latency),
        )
    return whole
