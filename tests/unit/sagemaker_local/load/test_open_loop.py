"""An open loop in virtual time: nothing here waits for a clock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from itertools import pairwise
from typing import Any

import pytest

from include.sagemaker_local.http1.errors import ConnectionFailed
from include.sagemaker_local.load.answer_log import FAILED
from include.sagemaker_local.load.due_times import due_times
from include.sagemaker_local.load.open_loop import OpenLoop
from include.sagemaker_local.load.stage import Failure
from tests.fakes.load_connection import MS, OK, FakeDial, FakeTimer, ManualNanoseconds, kit, settle


class Bench:
    """An open loop of a request every 10 ms over at most `most` connections, and a server that the test plays."""

    def __init__(self, most: int, *, timeout_s: float = 60) -> None:
        self.clock, self.dial = ManualNanoseconds(), FakeDial()
        self.kit = kit(self.clock, self.dial, timed=True, timeout_s=timeout_s)
        self.timers: list[FakeTimer] = []
        self.loop = OpenLoop(self.kit, self.timer)
        self.answered: list[int] = []
        self.most = most

    def timer(self, rang: Callable[[], None]) -> FakeTimer:
        self.timers.append(FakeTimer(rang))
        return self.timers[-1]

    def start(self) -> None:
        self.loop.set_rate(due_times(0, 100), 100, self.most)

    async def run_until(self, end_ms: int) -> None:
        """Ring whenever the timer was set to."""
        (timer,) = self.timers
        while timer.at_ns is not None and timer.at_ns <= end_ms * MS:
            self.clock.now_ns = max(self.clock.now_ns, timer.at_ns)
            timer.at_ns = None
            timer.rang()
            await settle()
        self.clock.now_ns = end_ms * MS

    async def answer_all(self) -> None:
        """Answer every request that waits for it, and what is sent because of that."""
        while waiting := [
            (connection, transport)
            for connection, transport in zip(self.dial.connections, self.dial.transports, strict=True)
            if len(transport.written) > self.answers_of(transport)
        ]:
            for connection, transport in waiting:
                self.answered.append(id(transport))
                connection.data_received(OK)
            await settle()

    def answers_of(self, transport: object) -> int:
        return self.answered.count(id(transport))


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(test, 20))


def test_a_stall_is_felt_by_every_request_that_was_due_meanwhile() -> None:
    async def scenario() -> None:
        bench = Bench(most=1)
        bench.start()
        await settle()
        for now_ms in range(0, 100, 10):  # a server that answers at once
            await bench.run_until(now_ms)
            await bench.answer_all()
        before = bench.kit.log.take()
        await bench.run_until(300)  # and then not at all, for 200 ms
        assert bench.loop.waiting == 20
        await bench.answer_all()
        stalled = bench.kit.log.take()

        assert max(before.latencies_us) <= 1_000  # the first one, for which a connection was opened
        # Due at 100, 110, ... 300 ms: 21 of them, of which only the first one was sent when it was due. A generator
        # that waits for answers would have seen one latency of 200 ms and called the others quick.
        assert stalled.latencies_us == [200_000 - 10_000 * number for number in range(21)]
        assert stalled.services_us == [200_000] + [0] * 20
        assert bench.loop.waiting == 0

    run(scenario())


def test_connections_are_opened_when_they_are_needed_and_no_more_than_may_be() -> None:
    async def scenario() -> None:
        bench = Bench(most=3)
        bench.start()
        await bench.run_until(1)
        assert bench.loop.users == 1

        await bench.run_until(100)
        assert (bench.loop.users, bench.dial.attempts) == (3, 3)
        assert bench.loop.waiting == 8  # 11 were due

    run(scenario())


def test_a_request_for_which_no_connection_is_free_in_time_is_a_timeout() -> None:
    async def scenario() -> None:
        bench = Bench(most=1, timeout_s=0.05)
        bench.start()
        await bench.run_until(100)
        bench.loop.sweep(bench.clock.now_ns)

        batch = bench.kit.log.take()
        assert {answer.failure for _, answer in batch.notes} == {Failure.TIMEOUT}
        details = {answer.detail for _, answer in batch.notes}
        assert details == {"model:80 did not answer within 0.05 s", "no connection was free within 0.05 s"}
        assert batch.latencies_us == batch.services_us == [FAILED] * 5  # due at 0, 10, 20, 30, 40 ms

    run(scenario())


def test_a_refused_connection_costs_a_request_and_then_a_pause() -> None:
    async def scenario() -> None:
        bench = Bench(most=5)
        bench.dial.refusal = ConnectionFailed("refused")
        bench.start()
        await bench.run_until(100)

        failures = [answer.failure for _, answer in bench.kit.log.take().notes]
        assert set(failures) == {Failure.CONNECTION}
        assert 8 <= len(failures) <= 11
        assert bench.dial.attempts == len(failures)

    run(scenario())


def test_a_lost_connection_is_replaced_when_one_is_needed() -> None:
    async def scenario() -> None:
        bench = Bench(most=2)
        bench.start()
        await bench.run_until(1)
        await bench.answer_all()
        bench.dial.connections[0].connection_lost(None)
        assert bench.loop.users == 0

        await bench.run_until(12)
        await bench.answer_all()
        assert bench.dial.attempts == 2
        assert [us for us in bench.kit.log.take().latencies_us if us == FAILED] == []

    run(scenario())


def test_another_rate_goes_on_with_the_same_connections_and_forgets_what_waits() -> None:
    async def scenario() -> None:
        bench = Bench(most=1)
        bench.start()
        await bench.run_until(100)
        bench.loop.set_rate(due_times(100 * MS, 50), 50, 4)
        await bench.answer_all()
        await bench.run_until(139)

        assert bench.loop.users == 2
        assert bench.loop.waiting == 0

    run(scenario())


def test_stopping_it_cuts_all_connections_and_rings_no_more() -> None:
    async def scenario() -> None:
        bench = Bench(most=3)
        bench.start()
        await bench.run_until(50)
        bench.loop.stop()

        assert all(transport.aborted for transport in bench.dial.transports)
        assert bench.timers[0].closed
        assert bench.loop.users == 0

    run(scenario())


def test_requests_are_due_evenly_or_as_a_poisson_process_has_them() -> None:
    even = due_times(5, 4)
    assert [next(even) for _ in range(4)] == [5, 250_000_005, 500_000_005, 750_000_005]

    thirds = due_times(0, 3)
    assert [next(thirds) for _ in range(3_001)][-1] == 1_000 * 1_000 * MS  # what is rounded off does not add up

    poisson, same, other = (due_times(0, 1_000, seed) for seed in (1, 1, 2))
    moments = [next(poisson) for _ in range(20_000)]
    assert moments == sorted(moments)
    assert moments == [next(same) for _ in range(20_000)]
    assert moments[0] != next(other)
    gaps = [after - before for before, after in pairwise(moments)]
    mean_ns = sum(gaps) / len(gaps)
    assert mean_ns == pytest.approx(MS, rel=0.03)
    # Of exponential gaps the mean and the standard deviation are the same.
    deviation_ns = (sum((gap - mean_ns) ** 2 for gap in gaps) / len(gaps)) ** 0.5
    assert deviation_ns == pytest.approx(MS, rel=0.05)


@pytest.mark.parametrize("rate", [0, -1, float("nan")])
def test_a_rate_that_is_none_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match="cannot be due"):
        due_times(0, rate)
