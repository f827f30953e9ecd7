"""The queue of jobs: one at a time, stoppable at any moment, started over after a restart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from include.sagemaker_local.clock import SystemClock
from include.sagemaker_local.errors import HostError
from include.sagemaker_local.jobs.benchmark import Drive
from include.sagemaker_local.jobs.host import Host
from include.sagemaker_local.jobs.recommendation_queue import RecommendationQueue
from include.sagemaker_local.jobs.runner import JobRunner
from include.sagemaker_local.lifecycle import JobEvent, JobStatus, TransformEvent, TransformStatus
from include.sagemaker_local.load.process import drive
from include.sagemaker_local.settings import Settings
from include.sagemaker_local.store.records import RecommendationJobRecord, RecommendationStepRecord
from include.sagemaker_local.store.store import Store
from tests.fakes.containers import echo
from tests.fakes.gateway import busy, serving
from tests.fakes.recommendations import (
    ENDPOINT,
    PAYLOAD_URL,
    REGION,
    DictObjects,
    FakeDrive,
    FakeFleets,
    endpoint_record,
    job_record,
    package_record,
    payload_archive,
)
from tests.fakes.stages import Endpoint, closed_loop
from tests.fakes.transform_bench import Bench as TransformBench
from tests.fakes.waiting import until

LIMIT_S = 60.0
HEALTHY = closed_loop(workers=2, service_ms=10)


def within_limit(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(test, LIMIT_S))


class Bench:
    """A store with one package that allows one type, fleets, and a runner that is made when the test wants it."""

    def __init__(self, directory: Path) -> None:
        self.store = Store(directory / "state.sqlite", SystemClock())
        self.fleets = FakeFleets()
        self.endpoint: Endpoint | None = HEALTHY
        self.drive = FakeDrive(lambda name: self.endpoint)
        self.settings = Settings(data_dir=directory, load_stage_s=0.15)
        self.store.add_model_package(package_record(instance_types=("ml.c5.large",)))

    @asynccontextmanager
    async def runner(self, *, port: int = 1, drive: Drive | None = None) -> AsyncIterator[JobRunner]:
        runner = JobRunner([self.queue(port, drive)])
        runner.start()
        try:
            yield runner
        finally:
            await runner.close()

    def queue(self, port: int = 1, drive: Drive | None = None) -> RecommendationQueue:
        return RecommendationQueue(
            self.store,
            self.fleets,
            DictObjects({PAYLOAD_URL: payload_archive(b"1,2", b"3,4")}),
            self.settings,
            SystemClock(),
            lambda: port,
            host=Host(2, 7.7),
            drive=drive or self.drive,
        )

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


@pytest.fixture
def bench(tmp_path: Path) -> Any:
    bench = Bench(tmp_path)
    yield bench
    bench.store.close()


def test_a_job_runs_to_its_end_and_keeps_its_results(bench: Bench) -> None:
    async def scenario() -> None:
        async with bench.runner() as runner:
            bench.store.add_job(job_record())
            runner.wake()
            job = await bench.until(JobStatus.COMPLETED)

        assert job.completed_at_s is not None
        assert job.failure_reason is None
        assert len(job.recommendations) == 1
        assert [step.status for step in bench.store.steps(REGION, "job")] == [JobStatus.COMPLETED]

    within_limit(scenario())


def test_a_failed_job_says_why(bench: Bench) -> None:
    async def scenario() -> None:
        async with bench.runner() as runner:
            bench.store.add_job(job_record(endpoint="gone"))
            runner.wake()
            job = await bench.until(JobStatus.FAILED)

        assert "Could not find endpoint gone" in str(job.failure_reason)

    within_limit(scenario())


def test_jobs_run_one_at_a_time_in_the_order_in_which_they_were_created(bench: Bench) -> None:
    async def scenario() -> None:
        for number, name in enumerate(("c", "a", "b")):
            bench.store.add_job(job_record(name, created_at_s=float(number)))
        async with bench.runner():
            for name in ("c", "a", "b"):
                await bench.until(JobStatus.COMPLETED, name)

        ended = sorted((bench.job(name).completed_at_s or 0, name) for name in ("a", "b", "c"))
        assert bench.fleets.most_at_once == 1  # and FakeDrive asserts the same of the load
        assert [bench.job(name).completed_at_s for name in ("c", "a", "b")] == [at_s for at_s, _ in ended]

    within_limit(scenario())


def test_a_job_created_while_another_runs_is_taken_up_afterwards(bench: Bench) -> None:
    async def scenario() -> None:
        bench.endpoint = None
        async with bench.runner() as runner:
            bench.store.add_job(job_record("first"))
            runner.wake()
            await bench.drive.began.wait()
            bench.store.add_job(job_record("second", created_at_s=2.0))
            runner.wake()
            bench.endpoint = HEALTHY
            bench.stop(runner, "first")
            await bench.until(JobStatus.COMPLETED, "second")

    within_limit(scenario())


def test_stopping_in_the_middle_of_the_load_ends_it_and_closes_the_fleet(bench: Bench) -> None:
    async def scenario() -> None:
        bench.endpoint = None  # a load that never ends
        bench.store.add_job(job_record())
        async with bench.runner() as runner:
            await bench.drive.began.wait()
            bench.stop(runner)
            job = await bench.until(JobStatus.STOPPED)

            assert bench.drive.running == 0
            assert not bench.fleets.open_now
            assert job.recommendations == ()
            assert [step.status for step in bench.store.steps(REGION, "job")] == [JobStatus.STOPPED]

    within_limit(scenario())


def test_a_job_stopped_before_it_began_never_begins(bench: Bench) -> None:
    async def scenario() -> None:
        bench.store.add_job(job_record())
        bench.store.move_job(REGION, "job", JobEvent.STOP)
        async with bench.runner():
            await bench.until(JobStatus.STOPPED)

        assert bench.fleets.log == []

    within_limit(scenario())


def test_closing_ends_the_load_and_leaves_the_job_for_the_next_start(bench: Bench) -> None:
    async def scenario() -> None:
        bench.endpoint = None
        bench.store.add_job(job_record())
        async with bench.runner():
            await bench.drive.began.wait()
        assert (bench.drive.running, bench.fleets.open_now) == (0, {})
        assert bench.job().status is JobStatus.IN_PROGRESS

        bench.endpoint = HEALTHY
        async with bench.runner():
            await bench.until(JobStatus.COMPLETED)
        assert [step.status for step in bench.store.steps(REGION, "job")] == [JobStatus.COMPLETED]

    within_limit(scenario())


def test_after_a_restart_measurements_of_the_old_process_are_void(bench: Bench) -> None:
    async def scenario() -> None:
        bench.store.add_job(job_record(status=JobStatus.IN_PROGRESS))
        for position in range(3):
            old = RecommendationStepRecord("job", position, JobStatus.COMPLETED, {"ModelConfiguration": {}})
            bench.store.put_step(REGION, old)
        bench.store.add_job(job_record("stopping", status=JobStatus.STOPPING))

        async with bench.runner():
            await bench.until(JobStatus.COMPLETED)
            await bench.until(JobStatus.STOPPED, "stopping")

        assert len(bench.store.steps(REGION, "job")) == 1

    within_limit(scenario())


def test_a_reset_in_the_middle_of_a_job_ends_its_load(bench: Bench) -> None:
    async def scenario() -> None:
        bench.endpoint = None
        bench.store.add_job(job_record())
        async with bench.runner() as runner:
            await bench.drive.began.wait()
            bench.store.reset()
            runner.wake()
            await until(lambda: bench.drive.running == 0 and not bench.fleets.open_now, "the load has ended")

            # and the queue still works
            bench.endpoint = HEALTHY
            bench.store.add_model_package(package_record(instance_types=("ml.c5.large",)))
            bench.store.add_job(job_record("next"))
            runner.wake()
            await bench.until(JobStatus.COMPLETED, "next")

    within_limit(scenario())


def test_an_error_of_our_own_fails_the_job_and_not_the_queue(bench: Bench) -> None:
    async def scenario() -> None:
        def bug(users: int) -> Any:
            raise ZeroDivisionError("oh")

        bench.endpoint = bug
        bench.store.add_job(job_record())
        async with bench.runner() as runner:
            job = await bench.until(JobStatus.FAILED)
            assert str(job.failure_reason).startswith("InternalError: ZeroDivisionError: oh")
            assert not bench.fleets.open_now

            bench.endpoint = HEALTHY
            bench.store.add_job(job_record("next", created_at_s=2.0))
            runner.wake()
            await bench.until(JobStatus.COMPLETED, "next")

    within_limit(scenario())


def test_a_job_that_ends_while_the_disk_is_full_keeps_its_results(bench: Bench) -> None:
    refusals = 3

    class FullDisk(Store):
        def move_job(self, region: str, name: str, event: JobEvent, **changes: Any) -> RecommendationJobRecord:
            nonlocal refusals
            if event is JobEvent.COMPLETE and refusals:
                refusals -= 1
                raise HostError("cannot use the database: database or disk is full")
            return super().move_job(region, name, event, **changes)

    async def scenario() -> None:
        bench.store.close()
        bench.store = FullDisk(bench.settings.data_dir / "state.sqlite", SystemClock())
        bench.store.add_job(job_record())
        runner = JobRunner([bench.queue()], retry_s=0.001)
        runner.start()
        try:
            job = await bench.until(JobStatus.COMPLETED)
        finally:
            await runner.close()
        assert (refusals, len(job.recommendations)) == (0, 1)

    within_limit(scenario())


def test_with_the_real_load_generator_through_a_real_gateway(bench: Bench) -> None:
    async def scenario() -> None:
        bench.store.add_endpoint(endpoint_record())
        bench.store.add_job(job_record(endpoint=ENDPOINT, stopping={"MaxInvocations": 1}))
        async with (
            serving(busy(workers=1, service_s=0.004)) as gateway,
            bench.runner(port=gateway.port, drive=drive),
        ):
            job = await bench.until(JobStatus.COMPLETED)

        assert {target.split("/")[2][:6] for target in gateway.targets} == {"stagin", "sm-epc"}
        assert set(gateway.bodies) == {b"1,2", b"3,4"}
        assert gateway.heads[0]["accept"] == "application/json"
        (recommendation,), (performance,) = job.recommendations, job.endpoint_performances
        for entry in (recommendation, performance):
            metrics: Any = entry["Metrics"]
            assert metrics["ModelLatency"] == 4
            assert (
                0 < metrics["MaxInvocations"] <= 60 / 0.004 * 1.01
            )  # a sleeping worker is never faster than its sleep

    within_limit(scenario())


def test_stopping_the_real_load_generator_leaves_nothing_that_asks(bench: Bench) -> None:
    async def scenario() -> None:
        bench.store.add_job(job_record(stopping={"FlatInvocations": "Continue"}))
        async with (
            serving(busy(workers=1, service_s=0.002)) as gateway,
            bench.runner(port=gateway.port, drive=drive) as runner,
        ):
            await gateway.asked.wait()
            bench.stop(runner)
            await bench.until(JobStatus.STOPPED)
            await gateway.abandoned.wait()

            assert not gateway.connections
            assert not bench.fleets.open_now

    within_limit(scenario())


def test_transform_jobs_wait_for_a_recommendation_job_and_for_one_another(bench: Bench, tmp_path: Path) -> None:
    """One queue for both kinds: nothing else may run during a load test."""
    (tmp_path / "transforms").mkdir()
    transforms = TransformBench(tmp_path / "transforms")
    transforms.store.close()
    transforms.store = bench.store
    transforms.add("one", created_at_s=2.0)
    transforms.add("two", created_at_s=3.0)
    transforms.add("three", created_at_s=4.0)

    async def scenario() -> None:
        bench.endpoint = None  # a load that never ends
        bench.store.add_job(job_record(created_at_s=1.0))
        async with transforms.runner([echo()], beside=[bench.queue()]):
            await bench.drive.began.wait()
            assert transforms.fleets.opened == []
            bench.store.move_transform_job(REGION, "two", TransformEvent.STOP)
            transforms.running.wake()
            await transforms.until(TransformStatus.STOPPED, "two")
            assert (bench.job().status, transforms.fleets.opened) == (JobStatus.IN_PROGRESS, [])
            bench.stop(transforms.running)
            await transforms.until(TransformStatus.COMPLETED, "three")
        assert [deployment.config_name for deployment in transforms.fleets.opened] == ["one", "three"]
        assert transforms.job("one").status is TransformStatus.COMPLETED
        assert bench.fleets.open_now == {}

    within_limit(scenario())
