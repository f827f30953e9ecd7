"""The queue of jobs: one at a time, in order, started over after a restart."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from include.sagemaker_local.clock import SystemClock
from include.sagemaker_local.errors import HostError
from include.sagemaker_local.jobs.runner import JobRunner
from include.sagemaker_local.lifecycle import JobEvent, JobStatus, TransformEvent, TransformStatus
from include.sagemaker_local.store.records import RecommendationJobRecord, RecommendationStepRecord
from include.sagemaker_local.store.store import Store
from tests.fakes.containers import echo
from tests.fakes.recommendation_bench import HEALTHY, LIMIT_S, JobBench
from tests.fakes.recommendations import REGION, job_record, package_record
from tests.fakes.transform_bench import Bench as TransformBench
from tests.fakes.waiting import until


def within_limit(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(test, LIMIT_S))


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[JobBench]:
    bench = JobBench(tmp_path, SystemClock())
    bench.package("ml.c5.large")
    yield bench
    bench.store.close()


def test_a_job_runs_to_its_end_and_keeps_its_results(bench: JobBench) -> None:
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


def test_a_failed_job_says_why(bench: JobBench) -> None:
    async def scenario() -> None:
        async with bench.runner() as runner:
            bench.store.add_job(job_record(endpoint="gone"))
            runner.wake()
            job = await bench.until(JobStatus.FAILED)

        assert "Could not find endpoint gone" in str(job.failure_reason)

    within_limit(scenario())


def test_jobs_run_one_at_a_time_in_the_order_in_which_they_were_created(bench: JobBench) -> None:
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


def test_a_job_created_while_another_runs_is_taken_up_afterwards(bench: JobBench) -> None:
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


def test_closing_ends_the_load_and_leaves_the_job_for_the_next_start(bench: JobBench) -> None:
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


def test_after_a_restart_measurements_of_the_old_process_are_void(bench: JobBench) -> None:
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


def test_a_reset_in_the_middle_of_a_job_ends_its_load(bench: JobBench) -> None:
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


def test_an_error_of_our_own_fails_the_job_and_not_the_queue(bench: JobBench) -> None:
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


def test_a_job_that_ends_while_the_disk_is_full_keeps_its_results(bench: JobBench) -> None:
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


def test_transform_jobs_wait_for_a_recommendation_job_and_for_one_another(bench: JobBench, tmp_path: Path) -> None:
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
