"""A job stops at any moment, and leaves no load and no fleet."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from include.sagemaker_local.clock import SystemClock
from include.sagemaker_local.lifecycle import JobEvent, JobStatus
from tests.fakes.recommendation_bench import LIMIT_S, JobBench
from tests.fakes.recommendations import REGION, job_record


def within_limit(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(test, LIMIT_S))


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[JobBench]:
    bench = JobBench(tmp_path, SystemClock())
    bench.package("ml.c5.large")
    yield bench
    bench.store.close()


def test_stopping_in_the_middle_of_the_load_ends_it_and_closes_the_fleet(bench: JobBench) -> None:
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


def test_a_job_stopped_before_it_began_never_begins(bench: JobBench) -> None:
    async def scenario() -> None:
        bench.store.add_job(job_record())
        bench.store.move_job(REGION, "job", JobEvent.STOP)
        async with bench.runner():
            await bench.until(JobStatus.STOPPED)

        assert bench.fleets.log == []

    within_limit(scenario())
