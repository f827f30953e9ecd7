"""A job stops at any moment, and leaves no load and no fleet."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from include.sagemaker_local.clock import SystemClock
from include.sagemaker_local.jobs.host import Host
from include.sagemaker_local.lifecycle import JobEvent, JobStatus
from tests.fakes.recommendation_bench import LIMIT_S, JobBench
from tests.fakes.recommendations import REGION, job_record
from tests.fakes.waiting import until

TEN_TESTS: dict[str, Any] = {
    "EndpointConfigurations": [
        {
            "InstanceType": name,
            "EnvironmentParameterRanges": {
                "CategoricalParameterRanges": [
                    {"Name": "A", "Value": ["1", "2", "3"]},
                    {"Name": "B", "Value": ["1", "2"]},
                ]
            },
        }
        for name in ("ml.c5.large", "ml.m5.large")
    ],
    "ResourceLimit": {"MaxNumberOfTests": 10, "MaxParallelOfTests": 4},
}


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
            assert bench.log("execution")[-1] == "The job was stopped; nothing of it runs any more."
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


@pytest.mark.parametrize("closing", [False, True], ids=["stopped", "server closed"])
def test_tests_that_run_side_by_side_all_end(bench: JobBench, closing: bool) -> None:
    async def scenario() -> None:
        bench.host = Host(cores=64, memory_gib=256)
        bench.drive.allowed_at_once = 4
        bench.endpoint = None
        bench.store.add_job(job_record(**TEN_TESTS))
        async with bench.runner() as runner:
            await until(lambda: bench.drive.running == 4, "four tests are under load")
            if not closing:
                bench.stop(runner)
                await bench.until(JobStatus.STOPPED)

        assert (bench.drive.running, bench.fleets.open_now) == (0, {})
        assert len(bench.fleets.opened) == 4
        assert bench.job().status is (JobStatus.IN_PROGRESS if closing else JobStatus.STOPPED)

    within_limit(scenario())


def test_a_job_of_ten_tests_leaves_no_fleet_and_no_load(bench: JobBench) -> None:
    async def scenario() -> None:
        bench.store.add_job(job_record(**TEN_TESTS))
        async with bench.runner():
            job = await bench.until(JobStatus.COMPLETED)

        assert len(job.recommendations) == len(bench.fleets.opened) == 10
        assert sorted(what for what, _ in bench.fleets.log) == ["close"] * 10 + ["open"] * 10
        assert (bench.drive.running, bench.fleets.open_now) == (0, {})

    within_limit(scenario())
