"""How a transform job ends when it does not run through: failed, stopped, interrupted."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from include.sagemaker_local.errors import ArtifactError, ContainerError, HostError
from include.sagemaker_local.lifecycle import TransformEvent, TransformStatus
from tests.fakes.containers import Reply, Seen, echo, hang
from tests.fakes.objects import DictObjects
from tests.fakes.transform_bench import Bench, within_limit
from tests.fakes.transforms import REGION
from tests.fakes.waiting import until


@pytest.fixture
def bench(tmp_path: Path) -> Any:
    bench = Bench(tmp_path)
    yield bench
    bench.store.close()


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (
            ContainerError("predict", "exited with status 1", log_tail=("Traceback", "oh")),
            "AlgorithmError: container 'predict' exited with status 1. Its last log lines: Traceback | oh",
        ),
        (ArtifactError("s3://m/m.tar.gz is not gzip"), "ClientError: s3://m/m.tar.gz is not gzip"),
        (HostError("no port is left"), "InternalError: no port is left"),
    ],
)
def test_a_fleet_that_does_not_come_up(bench: Bench, error: Any, reason: str) -> None:
    async def scenario() -> None:
        async with bench.runner([echo()]):
            bench.fleets.refusal = error
            bench.add()
            bench.running.wake()
            job = await bench.until(TransformStatus.FAILED)
            assert job.failure_reason == reason
            assert not bench.fleets.open_now

    within_limit(scenario())


def test_a_bucket_for_the_results_must_be_there_before_anything_runs(bench: Bench) -> None:
    bench.objects.buckets.clear()
    bench.add()
    bench.run([echo()], status=TransformStatus.FAILED)
    assert "there is no bucket for s3://out/results" in str(bench.job().failure_reason)
    assert not bench.fleets.opened


def test_a_job_that_is_stopped_stores_nothing(bench: Bench) -> None:
    bench.objects.objects["s3://in/data/b.csv"] = b"wait\n"
    bench.add(BatchStrategy="SingleRecord", MaxConcurrentTransforms=1, MaxPayloadInMB=1)

    def behave(seen: Seen) -> Reply | None:
        return None if b"wait" in seen.body else echo()(seen)

    async def scenario() -> None:
        async with bench.runner([behave]) as ((container,),):
            await until(
                lambda: any(b"wait" in one.body for one in container.seen), "the second file is being transformed"
            )
            bench.store.move_transform_job(REGION, "job", TransformEvent.STOP)
            bench.running.wake()
            job = await bench.until(TransformStatus.STOPPED)
            assert job.ended_at_s is not None
            assert not bench.fleets.open_now

    within_limit(scenario())
    assert bench.results == {}


def test_a_job_that_waits_can_be_stopped_while_another_runs(bench: Bench) -> None:
    bench.add("first")
    bench.add("second", created_at_s=2.0)

    async def scenario() -> None:
        async with bench.runner([hang()]) as ((container,),):
            await until(lambda: container.seen, "the first job runs")
            bench.store.move_transform_job(REGION, "second", TransformEvent.STOP)
            bench.running.wake()
            await bench.until(TransformStatus.STOPPED, "second")
            assert bench.job("first").status is TransformStatus.IN_PROGRESS
            assert len(bench.fleets.opened) == 1

    within_limit(scenario())


def test_a_job_that_was_under_way_runs_anew_after_a_restart(bench: Bench) -> None:
    bench.add()

    async def interrupted() -> None:
        async with bench.runner([hang()]) as ((container,),):
            await until(lambda: container.seen, "the job runs")
        assert bench.job().status is TransformStatus.IN_PROGRESS
        assert not bench.fleets.open_now

    within_limit(interrupted())
    bench.run([echo()])
    assert list(bench.results) == ["s3://out/results/a.csv.out"]


def test_a_stop_that_comes_while_the_fleet_is_being_closed_waits_for_it(bench: Bench) -> None:
    bench.add()

    async def scenario() -> None:
        async with bench.runner([echo()]):
            bench.fleets.may_close.clear()
            await bench.fleets.closing.wait()
            bench.store.move_transform_job(REGION, "job", TransformEvent.STOP)
            bench.running.wake()
            await asyncio.sleep(0.05)  # nothing happens, which has no event
            assert bench.job().status is TransformStatus.STOPPING
            assert bench.fleets.open_now
            bench.fleets.may_close.set()
            await bench.until(TransformStatus.STOPPED)
            assert not bench.fleets.open_now

    within_limit(scenario())
    assert bench.results == {}


def test_closing_the_queue_during_a_stop_leaves_nothing_running(bench: Bench) -> None:
    bench.add()

    async def scenario() -> None:
        async with bench.runner([hang()]) as ((container,),):
            await until(lambda: container.seen, "the job runs")
            bench.fleets.may_close.clear()
            bench.store.move_transform_job(REGION, "job", TransformEvent.STOP)
            bench.running.wake()
            await bench.fleets.closing.wait()
            closed = asyncio.create_task(bench.running.close())
            await asyncio.sleep(0.05)
            assert not closed.done()
            bench.fleets.may_close.set()
            await closed
            assert not bench.fleets.open_now
            assert bench.job().status is TransformStatus.STOPPED

    within_limit(scenario())


class HeldObjects(DictObjects):
    """Writing takes until the test says so."""

    def __init__(self, objects: dict[str, bytes]) -> None:
        super().__init__(objects)
        self.writing, self.release = asyncio.Event(), asyncio.Event()

    async def write(self, uri: str, content: bytes) -> None:
        self.writing.set()
        await self.release.wait()
        await super().write(uri, content)


def test_a_stop_that_comes_while_results_are_stored_comes_too_late(bench: Bench) -> None:
    bench.objects = held = HeldObjects({"s3://in/data/a.csv": b"1\n", "s3://out/x": b""})
    bench.add()

    async def scenario() -> None:
        async with bench.runner([echo()]):
            await held.writing.wait()
            bench.store.move_transform_job(REGION, "job", TransformEvent.STOP)
            bench.running.wake()
            held.release.set()
            await bench.until(TransformStatus.COMPLETED)

    within_limit(scenario())
    assert bench.results["s3://out/results/a.csv.out"] == b"1\n"
