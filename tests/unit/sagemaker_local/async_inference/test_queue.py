"""What becomes of asynchronous requests, whatever happens meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from include.sagemaker_local.async_inference.backlog import BacklogSampler
from include.sagemaker_local.data import model_error
from include.sagemaker_local.errors import ArtifactError
from include.sagemaker_local.http1.messages import Response
from include.sagemaker_local.metrics.series import Datum
from include.sagemaker_local.store.records import AsyncRequestRecord
from tests.fakes.async_requests import ENDPOINT, INFERENCE, REGION, AsyncRig, Behaviour, Held, add_endpoint, echo
from tests.fakes.invocations import run
from tests.fakes.waiting import until


@contextlib.asynccontextmanager
async def working(directory: Path, behave: Behaviour = echo) -> AsyncIterator[AsyncRig]:
    rig = AsyncRig(directory, behave)
    add_endpoint(rig.store, INFERENCE)
    rig.serve("i-0")
    rig.queue.start()
    try:
        yield rig
    finally:
        await rig.queue.close()
        rig.store.close()


async def done(rig: AsyncRig) -> None:
    await until(lambda: not rig.waiting, "every request has its result")


def test_a_result_is_written_and_told_of(tmp_path: Path) -> None:
    async def main() -> None:
        async with working(tmp_path) as rig:
            rig.accept("one")
            await done(rig)
            await until(lambda: rig.published, "the topic is told")
            assert rig.objects.objects == {"s3://out/one.out": b"out of in one"}
            ((topic, message),) = rig.published
            assert topic == "arn:good"
            told = json.loads(message)
            assert told["invocationStatus"] == "Completed"
            assert told["inferenceId"] == "one"
            assert told["responseParameters"] == {"contentType": "text/csv", "outputLocation": "s3://out/one.out"}
            assert told["requestParameters"] == {"endpointName": ENDPOINT}
            assert told["receivedTime"] == "2023-11-14T22:13:20.125Z"

    run(main())


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (
            model_error.answered_with_error("primary", 400, b"bad row"),
            "ClientError: Received client error (400) from model. See the SageMaker Endpoint logs in your account for "
            "more information.",
        ),
        (
            model_error.timed_out("primary"),
            "ServerError: Received server error (0) from model. See the SageMaker Endpoint logs in your account for "
            "more information.",
        ),
        (
            ArtifactError("there is no object at s3://in/x"),
            "ClientError: the input cannot be read: there is no object at s3://in/x.",
        ),
    ],
)
def test_a_failure_is_written_and_told_of(tmp_path: Path, error: Exception, reason: str) -> None:
    async def fail(record: AsyncRequestRecord, instance_id: str) -> Response:
        raise error

    async def main() -> None:
        async with working(tmp_path, fail) as rig:
            rig.accept("one")
            await done(rig)
            await until(lambda: rig.published, "the topic is told")
            assert rig.objects.objects == {"s3://failed/one-error.out": reason.encode()}
            ((topic, message),) = rig.published
            assert (topic, json.loads(message)["failureReason"]) == ("arn:bad", reason)
            assert json.loads(message)["invocationStatus"] == "Failed"
            assert len(rig.asked) == 1

    run(main())


def test_requests_are_taken_in_order_and_only_so_many_at_a_time_on_an_instance(tmp_path: Path) -> None:
    async def main() -> None:
        held = Held()
        async with working(tmp_path, held) as rig:
            rig.serve("i-0", "i-1")
            for number in range(7):
                rig.accept(str(number))
            await until(lambda: held.now == 4, "both instances are full")
            assert [name for name, _ in rig.asked] == ["0", "1", "2", "3"]
            assert sorted(instance for _, instance in rig.asked) == ["i-0", "i-0", "i-1", "i-1"]
            held.go.set()
            await done(rig)
            assert held.most == 4
            assert len(rig.objects.objects) == 7

    run(main())


def test_what_a_server_left_is_taken_up_by_the_next_one(tmp_path: Path) -> None:
    async def main() -> None:
        held = Held()
        async with working(tmp_path, held) as rig:
            for number in range(3):
                rig.accept(str(number))
            await until(lambda: held.now == 2, "two are under way")
        rig = AsyncRig(tmp_path, echo)
        assert rig.waiting == 3
        rig.serve("i-9")
        rig.queue.start()
        await done(rig)
        await rig.queue.close()
        assert sorted(rig.objects.objects) == ["s3://out/0.out", "s3://out/1.out", "s3://out/2.out"]
        rig.store.close()

    run(main())


def test_a_request_whose_fleet_was_stopped_is_answered_by_the_next(tmp_path: Path) -> None:
    async def main() -> None:
        async with working(tmp_path) as rig:

            async def stopped(record: AsyncRequestRecord, instance_id: str) -> Response:
                if instance_id == "i-0":
                    rig.serve("i-1")
                    raise model_error.exited("primary")
                return await echo(record, instance_id)

            rig.behave = stopped
            rig.accept("one")
            await done(rig)
            assert rig.asked == [("one", "i-0"), ("one", "i-1")]
            assert list(rig.objects.objects) == ["s3://out/one.out"]

    run(main())


def test_a_request_waits_for_its_endpoint_but_not_longer_than_it_may(tmp_path: Path) -> None:
    async def main() -> None:
        async with working(tmp_path) as rig:
            rig.routes.drop(REGION, ENDPOINT)
            rig.accept("late", ttl_s=60)
            rig.accept("patient", ttl_s=600)
            rig.clock.advance(61)
            await until(lambda: "s3://failed/late-error.out" in rig.objects.objects, "the old one fails")
            assert b"RequestTTLSeconds" in rig.objects.objects["s3://failed/late-error.out"]
            assert rig.waiting == 1
            rig.serve("i-0")
            await done(rig)
            assert "s3://out/patient.out" in rig.objects.objects

    run(main())


def test_requests_to_an_endpoint_that_was_deleted_fail(tmp_path: Path) -> None:
    async def main() -> None:
        async with working(tmp_path) as rig:
            rig.routes.drop(REGION, ENDPOINT)
            rig.accept("one")
            rig.store.remove_endpoint(REGION, ENDPOINT)
            await done(rig)
            assert b"was deleted" in rig.objects.objects["s3://failed/one-error.out"]

    run(main())


def _tried(rig: AsyncRig, left: int) -> bool:
    return len(rig.asked) == 2 - left and rig.objects.refusals == left


def test_a_result_that_cannot_be_written_is_not_given_up(tmp_path: Path) -> None:
    async def main() -> None:
        async with working(tmp_path) as rig:
            rig.objects.refusals = 2
            rig.accept("one")
            for left in (1, 0):
                await until(partial(_tried, rig, left), "it was asked and could not be written")
                assert rig.waiting == 1
                rig.clock.advance(6)
            await done(rig)
            assert rig.objects.objects == {"s3://out/one.out": b"out of in one"}

    run(main())


def test_an_asker_that_breaks_does_not_end_the_queue(tmp_path: Path) -> None:
    async def main() -> None:
        async with working(tmp_path) as rig:

            async def broken(record: AsyncRequestRecord, instance_id: str) -> Response:
                rig.behave = echo
                raise ValueError("a fault of ours")

            rig.behave = broken
            rig.accept("one")
            await until(lambda: rig.asked, "it was asked")
            rig.clock.advance(6)
            await done(rig)
            assert "s3://out/one.out" in rig.objects.objects

    run(main())


class NoSamples:
    async def sample(self) -> list[tuple[str, Datum]]:
        return []


def test_the_backlog_is_a_metric(tmp_path: Path) -> None:
    async def main() -> None:
        held = Held()
        async with working(tmp_path, held) as rig:
            for number in range(3):
                rig.accept(str(number))
            await asyncio.sleep(0)
            found = await BacklogSampler(rig.store, NoSamples()).sample()
            values = {datum.metric.name: datum.distribution.total for _, datum in found}
            assert values == {
                "ApproximateBacklogSize": 3,
                "ApproximateBacklogSizePerInstance": 3,
                "HasBacklogWithoutCapacity": 0,
            }
            assert {datum.metric.dimensions for _, datum in found} == {(("EndpointName", ENDPOINT),)}
            held.go.set()

    run(main())
