"""Where connections write how requests ended, and what is made of it a few times a second.

A load of a hundred thousand answers a second has ten microseconds for each, so an answer is two numbers that are
appended to lists; sorting them into histograms is done for many at once, which costs a fraction of doing it one by one.
PURE: no I/O, no third-party imports; the moment of every answer is handed in.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from include.sagemaker_local.load.answers import Answer
from include.sagemaker_local.load.histogram import Histogram
from include.sagemaker_local.load.stage import Failure

FAILED = -1
"""What stands in place of the latency of a request that got no prediction."""


@dataclass(frozen=True, slots=True)
class Batch:
    """How requests ended, in order: when (`ends_ns`), and how long each took (`latencies_us`, or FAILED).

    `notes` is more about some of them, by their place in the batch, in order. `services_us` is how long each took from
    the moment at which it was sent; it is empty where requests are sent when they are due.
    """

    ends_ns: list[int] = field(default_factory=list)
    latencies_us: list[int] = field(default_factory=list)
    services_us: list[int] = field(default_factory=list)
    notes: list[tuple[int, Answer]] = field(default_factory=list)

    def part(self, first: int, end: int) -> Batch:
        """Those from `first` to before `end`."""
        if first == 0 and end == len(self.ends_ns):
            return self
        notes = [(place - first, answer) for place, answer in self.notes if first <= place < end]
        services = self.services_us[first:end] if self.services_us else []
        return Batch(self.ends_ns[first:end], self.latencies_us[first:end], services, notes)

    def successes_ns(self) -> list[int]:
        """When the predictions came."""
        if not any(answer.failure for _, answer in self.notes):
            return self.ends_ns
        return [end_ns for end_ns, us in zip(self.ends_ns, self.latencies_us, strict=True) if us != FAILED]


class AnswerLog:
    """The answers since the last `take`. `timed`: how long they took from when they were sent is written, too."""

    def __init__(self, *, timed: bool = False) -> None:
        self.timed = timed
        self.batch = Batch()

    def succeeded(self, latency_us: int, service_us: int, now_ns: int) -> None:
        """A prediction of which no more is known. (A connection in a hurry appends to the batch's lists itself.)"""
        self.batch.latencies_us.append(latency_us)
        self.batch.ends_ns.append(now_ns)
        if self.timed:
            self.batch.services_us.append(service_us)

    def note(self, answer: Answer, service_us: int, now_ns: int) -> None:
        """An answer of which there is more to say."""
        self.batch.notes.append((len(self.batch.ends_ns), answer))
        failed = answer.failure is not None
        self.succeeded(FAILED if failed else answer.latency_us, FAILED if failed else service_us, now_ns)

    def take(self) -> Batch:
        """What was written so far. The lists that are written to stay the same ones, so that they can be held."""
        now = self.batch
        taken = Batch(now.ends_ns[:], now.latencies_us[:], now.services_us[:], now.notes[:])
        for each in (now.ends_ns, now.latencies_us, now.services_us, now.notes):
            each.clear()
        return taken


class Tally:
    """What batches add up to."""

    def __init__(self) -> None:
        self.failures: Counter[Failure] = Counter()
        self.failed_statuses: Counter[int] = Counter()
        self.first_failure: str | None = None
        self.latency = Histogram()
        self.service_latency = Histogram()
        self.model_latency = Histogram()
        self.containers: dict[str, Histogram] = {}

    @property
    def answers(self) -> int:
        """All of them, failed ones included."""
        return self.latency.count + self.failures.total()

    def add(self, batch: Batch) -> None:
        """Count every answer of the batch."""
        _record(self.latency, batch.latencies_us)
        _record(self.service_latency, batch.services_us)
        models_us: list[int] = []
        containers_us: defaultdict[str, list[int]] = defaultdict(list)
        for _, answer in batch.notes:
            if answer.failure is not None:
                self.failures[answer.failure] += 1
                self.first_failure = self.first_failure or answer.detail
                if answer.status is not None:
                    self.failed_statuses[answer.status] += 1
                continue
            models_us.append(sum(answer.containers_us.values()))
            for name, latency_us in answer.containers_us.items():
                containers_us[name].append(latency_us)
        _record(self.model_latency, models_us)
        for name, latencies_us in containers_us.items():
            _record(self.containers.setdefault(name, Histogram()), latencies_us)


def _record(histogram: Histogram, latencies_us: list[int]) -> None:
    for latency_us, times in Counter(latencies_us).items():
        if latency_us != FAILED:
            histogram.record(latency_us, times)
