"""Jobs with the real load generator, through a real gateway."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from include.sagemaker_local.clock import SystemClock
from include.sagemaker_local.lifecycle import JobStatus
from include.sagemaker_local.load.process import drive
from tests.fakes.gateway import busy, serving
from tests.fakes.recommendation_bench import LIMIT_S, JobBench
from tests.fakes.recommendations import ENDPOINT, endpoint_record, job_record


def within_limit(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(test, LIMIT_S))


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[JobBench]:
    bench = JobBench(tmp_path, SystemClock())
    bench.package("ml.c5.large")
    yield bench
    bench.store.close()


def test_with_the_real_load_generator_through_a_real_gateway(bench: JobBench) -> None:
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


def test_stopping_the_real_load_generator_leaves_nothing_that_asks(bench: JobBench) -> None:
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
