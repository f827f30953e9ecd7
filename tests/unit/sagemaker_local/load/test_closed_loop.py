"""Users who come, go, and lose their connections; without a network."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from include.sagemaker_local.http1.errors import ConnectionFailed, HttpError, RequestTimeout
from include.sagemaker_local.load.closed_loop import ClosedLoop
from include.sagemaker_local.load.stage import Failure
from tests.fakes.load_connection import MS, OK, FakeDial, ManualNanoseconds, kit, settle


class Bench:
    """Users of an endpoint that the test plays. A request may take a second."""

    def __init__(self) -> None:
        self.clock, self.dial = ManualNanoseconds(), FakeDial()
        self.kit = kit(self.clock, self.dial, asks_on=True)
        self.loop = ClosedLoop(self.kit)

    async def work(self, users: int) -> None:
        self.loop.set_users(users)
        await settle()


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(test, 20))


def test_each_user_has_a_connection_and_asks_at_once() -> None:
    async def scenario() -> None:
        bench = Bench()
        await bench.work(3)
        await bench.work(5)

        assert bench.loop.users == bench.dial.attempts == 5
        assert [len(transport.written) for transport in bench.dial.transports] == [1] * 5

    run(scenario())


def test_a_user_too_many_leaves_with_its_answer() -> None:
    async def scenario() -> None:
        bench = Bench()
        await bench.work(2)
        await bench.work(1)
        leaving, left = bench.dial.transports[1], bench.dial.connections[1]
        before = leaving.aborted
        left.data_received(OK)
        await settle()

        assert (before, leaving.aborted) == (False, True)
        assert bench.kit.log.take().latencies_us == [0]
        assert (len(leaving.written), bench.dial.attempts) == (1, 2)

    run(scenario())


def test_a_user_who_leaves_while_connecting_never_asks() -> None:
    async def scenario() -> None:
        bench = Bench()
        bench.loop.set_users(1)
        await bench.work(0)

        assert [transport.written for transport in bench.dial.transports] in ([], [[]])

    run(scenario())


def test_a_connection_that_the_server_closed_after_its_answer_is_replaced_at_once() -> None:
    async def scenario() -> None:
        bench = Bench()
        await bench.work(1)
        bench.dial.connections[0].data_received(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
        await settle()

        assert bench.dial.attempts == 2
        assert len(bench.dial.transports[1].written) == 1

    run(scenario())


def test_after_a_lost_connection_its_user_pauses() -> None:
    async def scenario() -> None:
        bench = Bench()
        await bench.work(1)
        bench.dial.dialled.clear()
        bench.dial.connections[0].connection_lost(None)
        await settle()
        assert bench.dial.attempts == 1

        await bench.dial.dialled.wait()
        await settle()
        assert len(bench.dial.transports[1].written) == 1
        assert [answer.failure for _, answer in bench.kit.log.take().notes] == [Failure.CONNECTION]

    run(scenario())


@pytest.mark.parametrize(
    ("error", "failure"),
    [(ConnectionFailed("refused"), Failure.CONNECTION), (RequestTimeout("not accepted in time"), Failure.TIMEOUT)],
)
def test_a_connection_that_cannot_be_opened_is_a_failure_and_is_tried_again(error: HttpError, failure: Failure) -> None:
    async def scenario() -> None:
        bench = Bench()
        bench.dial.refusal = error
        await bench.work(1)
        assert bench.dial.attempts == 1

        bench.dial.refusal = None
        bench.dial.dialled.clear()
        await bench.dial.dialled.wait()
        await settle()

        ((_, answer),) = bench.kit.log.take().notes
        assert (answer.failure, answer.detail) == (failure, str(error))
        assert len(bench.dial.transports[0].written) == 1

    run(scenario())


def test_a_request_that_takes_too_long_is_ended_and_its_user_goes_on() -> None:
    async def scenario() -> None:
        bench = Bench()
        await bench.work(1)
        bench.loop.sweep(1_000 * MS)
        assert bench.kit.log.take().notes == []

        bench.loop.sweep(1_001 * MS)
        await settle()

        assert [answer.failure for _, answer in bench.kit.log.take().notes] == [Failure.TIMEOUT]
        assert bench.dial.transports[0].aborted
        assert len(bench.dial.transports[1].written) == 1

    run(scenario())


def test_stopping_cuts_every_connection_and_opens_none() -> None:
    async def scenario() -> None:
        bench = Bench()
        await bench.work(3)
        bench.dial.connections[0].connection_lost(None)  # this user pauses
        bench.loop.stop()
        await settle()

        assert all(transport.aborted for transport in bench.dial.transports)
        assert (bench.loop.users, bench.dial.attempts) == (0, 3)
        assert not [task for task in asyncio.all_tasks() if "_User" in repr(task)]

    run(scenario())
