"""Everything that recommendation jobs need, without containers or load: a real store, and fakes for all the rest."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from include.sagemaker_local.clock import Clock, SystemClock
from include.sagemaker_local.jobs.client_metrics import ClientMetrics
from include.sagemaker_local.jobs.host import Host
from include.sagemaker_local.jobs.journal import LOG_GROUP
from include.sagemaker_local.jobs.outcome import Outcome
from include.sagemaker_local.jobs.recommendation import run_job
from include.sagemaker_local.jobs.recommendation_queue import RecommendationQueue
from include.sagemaker_local.jobs.runner import JobRunner
from include.sagemaker_local.jobs.tools import Drive, Tools, Watchers
from include.sagemaker_local.jobs.utilisation import Look
from include.sagemaker_local.lifecycle import JobEvent, JobStatus
from include.sagemaker_local.metrics.series import MetricSeries
from include.sagemaker_local.settings import Settings
from include.sagemaker_local.store.records import RecommendationJobRecord, RecommendationStepRecord
from include.sagemaker_local.store.store import Store
from tests.fakes.clock import ManualClock
from tests.fakes.log_sink import RememberedLogs
from tests.fakes.objects import DictObjects
from tests.fakes.recommendations import (
    PAYLOAD_URL,
    REGION,
    FakeDrive,
    FakeFleets,
    job_record,
    package_record,
    payload_archive,
)
from tests.fakes.stages import Endpoint, closed_loop
from tests.fakes.waiting import until

HEALTHY = closed_loop(workers=2, service_ms=10)
SMALL_HOST = Host(2, 7.7)
LIMIT_S = 60.0


class SteadyMeter:
    """Instances that keep `busy_cpus` busy all the time and hold `memory_percent`. None: nothing is known.

    `busier_per_s` CPUs more are busy with every second.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.busy_cpus: float | None = 1.5
        self.busier_per_s = 0.0
        self.memory_percent = 25.0

    async def look(self, region: str, endpoint_name: str) -> Look | None:
        now_s = self._clock.monotonic_s()
        if self.busy_cpus is None:
            return None
        return Look(now_s, self.busy_cpus * now_s + self.busier_per_s * now_s**2 / 2, self.memory_percent)


class ToldTraffic:
    """What others send: the counts that were told it, one for each time that it is asked, and 0 then."""

    def __init__(self) -> None:
        self.counts: list[int] = []
        self.asked: list[tuple[str, str, float]] = []

    async def others(self, region: str, endpoint_name: str, since_s: float) -> int:
        self.asked.append((region, endpoint_name, since_s))
        return self.counts.pop(0) if self.counts else 0


class JobBench:
    """A store, fleets, load that is made up. What is not in `behaviours`, by endpoint name, behaves as `endpoint`."""

    def __init__(self, directory: Path, clock: Clock | None = None, *, host: Host = SMALL_HOST) -> None:
        self.clock = clock or ManualClock()
        self.store = Store(directory / "state.sqlite", SystemClock())
        self.fleets = FakeFleets()
        self.objects = DictObjects({PAYLOAD_URL: payload_archive(b"1,2", b"3,4")})
        self.endpoint: Endpoint | None = HEALTHY
        self.behaviours: dict[str, Endpoint] = {}
        self.drive = FakeDrive(lambda name: self.behaviours.get(name, self.endpoint), self.clock)
        self.settings = Settings(data_dir=directory, load_stage_s=0.15)
        self.meter, self.traffic, self.logs = SteadyMeter(self.clock), ToldTraffic(), RememberedLogs()
        self.series = MetricSeries()
        self.host = host
        self.free_cores: tuple[int, ...] = ()

    @contextmanager
    def apart(self, region: str, endpoint_name: str) -> Iterator[tuple[int, ...]]:
        """The cores that there are for the load generator of a test."""
        yield self.free_cores

    def tools(self, *, port: int = 4566, drive: Drive | None = None) -> Tools:
        watchers = Watchers(self.meter, self.traffic, ClientMetrics(self.series, interval_s=60.0), self.logs, self)
        return Tools(
            self.store,
            self.fleets,
            self.objects,
            self.settings,
            self.clock,
            lambda: port,
            self.host,
            drive or self.drive,
            watchers,
        )

    def package(self, *instance_types: str, **accepted: Any) -> None:
        self.store.add_model_package(package_record(instance_types=instance_types, **accepted))

    def run(self, **job: Any) -> Outcome:
        """A job from its record to its outcome, at once and without a queue."""
        record = job_record(**job)
        self.store.add_job(record)
        return asyncio.run(asyncio.wait_for(run_job(record, self.tools()), LIMIT_S))

    def steps(self, name: str = "job") -> list[RecommendationStepRecord]:
        return self.store.steps(REGION, name)

    def benchmark(self, position: int) -> Any:
        """InferenceBenchmark of a step, as clients see it."""
        return self.steps()[position].benchmark

    def step_ends(self) -> list[tuple[JobStatus, object]]:
        return [(step.status, step.benchmark.get("FailureReason")) for step in self.steps()]

    def log(self, stream: str, name: str = "job") -> list[str]:
        """The lines of one of the job's log streams, `execution` or `Endpoint/<name>`."""
        return self.logs.lines[LOG_GROUP, f"{name}/{stream}"]

    @asynccontextmanager
    async def runner(self, *, port: int = 1, drive: Drive | None = None) -> AsyncIterator[JobRunner]:
        runner = JobRunner([self.queue(port, drive)])
        runner.start()
        try:
            yield runner
        finally:
            await runner.close()

    def queue(self, port: int = 1, drive: Drive | None = None) -> RecommendationQueue:
        return RecommendationQueue(self.store, self.tools(port=port, drive=drive))

    def job(self, name: str = "job") -> RecommendationJobRecord:
        job = self.store.job(REGION, name)
        assert job is not None
        return job

    async def until(self, status: JobStatus, name: str = "job") -> RecommendationJobRecord:
        await until(lambda: self.job(name).status is status, f"{name} is {status}", bound_s=LIMIT_S)
        return self.job(name)

    def stop(self, runner: JobRunner, name: str = "job") -> None:
        """What StopInferenceRecommendationsJob does."""
        self.store.move_job(REGION, name, JobEvent.STOP)
        runner.wake()
