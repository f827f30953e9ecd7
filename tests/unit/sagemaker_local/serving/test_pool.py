"""The queue before the workers. A worker here is the test's end of a socket pair, and a process that only sleeps."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable

import pytest

from include.sagemaker_local.http1.messages import Request, Response
from include.sagemaker_local.serving import frames, pool
from include.sagemaker_local.serving.front import Front
from include.sagemaker_local.serving.pool import WorkerPool
from include.sagemaker_local.serving.worker import READY, ForkedWorker
from tests.fakes.waiting import until

PING = Request(b"GET", b"/ping", [])


class Hand:
    """Plays the workers: `socks` are their ends, in the order in which they were forked."""

    def __init__(self) -> None:
        self.socks: list[socket.socket] = []
        self.pids: list[int] = []

    def fork(self) -> ForkedWorker:
        front, mine = socket.socketpair()
        mine.setblocking(False)
        pid = os.posix_spawn("/bin/sleep", ["sleep", "60"], {})
        self.socks.append(mine)
        self.pids.append(pid)
        return ForkedWorker(pid, front)

    async def say(self, worker: int, status: int, body: bytes = b"") -> None:
        await asyncio.get_running_loop().sock_sendall(self.socks[worker], frames.encode(status, [], body))

    async def hear(self, worker: int) -> bytes:
        reader = frames.FrameReader()
        async with asyncio.timeout(10):
            while (frame := reader.feed(await asyncio.get_running_loop().sock_recv(self.socks[worker], 65536))) is None:
                pass
        return frame.body


def is_child(pid: int) -> bool:
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return False
    return True


def run(scenario: Callable[[WorkerPool, Hand], Awaitable[None]], *, size: int = 1, timeout_s: float = 60) -> None:
    async def whole() -> None:
        hand = Hand()
        workers = WorkerPool(hand.fork, size, timeout_s)
        await workers.start()
        try:
            await scenario(workers, hand)
        finally:
            workers.stop()
            for sock in hand.socks:
                sock.close()
            assert not any(map(is_child, hand.pids))  # collected, each of them

    asyncio.run(whole())


def ask(workers: WorkerPool, body: bytes) -> asyncio.Task[Response]:
    return asyncio.create_task(workers.submit(Request(b"POST", b"/invocations", [], body)))


def test_it_is_ready_when_every_worker_is() -> None:
    async def scenario(workers: WorkerPool, hand: Hand) -> None:
        front = Front(workers)
        assert (await front.handle(PING)).status == 503
        await hand.say(0, READY)
        await hand.say(1, READY)
        await until(lambda: workers.ready, "both are ready")
        assert (await front.handle(PING)).status == 200
        hand.socks[1].close()
        await until(lambda: len(hand.socks) == 3, "the dead one is replaced")
        assert (await front.handle(PING)).status == 503

    run(scenario, size=2)


def test_requests_wait_in_the_order_of_their_arrival_and_one_is_in_flight() -> None:
    async def scenario(workers: WorkerPool, hand: Hand) -> None:
        tasks = [ask(workers, body) for body in (b"a", b"b", b"c")]  # before the model is loaded
        await hand.say(0, READY)
        for body, task in zip((b"a", b"b", b"c"), tasks, strict=True):
            assert await hand.hear(0) == body
            with pytest.raises(BlockingIOError):
                hand.socks[0].recv(1)  # nothing else was sent
            await hand.say(0, 200, body.upper())
            assert (await task).body == body.upper()

    run(scenario)


def test_a_request_whose_caller_is_gone_is_passed_over() -> None:
    async def scenario(workers: WorkerPool, hand: Hand) -> None:
        gone, stays = ask(workers, b"gone"), ask(workers, b"stays")
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.wait([gone])
        await hand.say(0, READY)
        assert await hand.hear(0) == b"stays"
        await hand.say(0, 200)
        assert (await stays).status == 200

    run(scenario)


def test_a_worker_that_dies_fails_its_own_request_and_is_replaced() -> None:
    async def scenario(workers: WorkerPool, hand: Hand) -> None:
        await hand.say(0, READY)
        first, second = ask(workers, b"deadly"), ask(workers, b"fine")
        assert await hand.hear(0) == b"deadly"
        hand.socks[0].close()
        failed = await first
        assert failed.status == 500
        assert b"the model process exited" in failed.body
        await until(lambda: len(hand.socks) == 2, "another worker was forked")
        assert not workers.ready
        await hand.say(1, READY)
        assert await hand.hear(1) == b"fine"
        await hand.say(1, 200)
        assert (await second).status == 200
        await until(lambda: workers.ready, "the new one counts")
        assert not workers.failed.is_set()

    run(scenario)


def test_a_worker_that_takes_too_long_is_killed() -> None:
    async def scenario(workers: WorkerPool, hand: Hand) -> None:
        await hand.say(0, READY)
        task = ask(workers, b"endless")
        assert await hand.hear(0) == b"endless"
        await until(lambda: os.waitid(os.P_PID, hand.pids[0], os.WEXITED | os.WNOHANG | os.WNOWAIT), "it was killed")
        hand.socks[0].close()  # as the kernel does
        late = await task
        assert late.status == 500
        assert b"within 0.05 seconds" in late.body

    run(scenario, timeout_s=0.05)


def test_a_worker_that_dies_before_it_is_ready_is_a_failed_start() -> None:
    async def scenario(workers: WorkerPool, hand: Hand) -> None:
        hand.socks[0].close()
        async with asyncio.timeout(10):
            await workers.failed.wait()
        assert len(hand.socks) == 1

    run(scenario)


def test_a_full_queue_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "_MAX_QUEUED", 2)

    async def scenario(workers: WorkerPool, hand: Hand) -> None:
        waiting = [ask(workers, b"1"), ask(workers, b"2")]
        await asyncio.sleep(0)
        assert (await workers.submit(Request(b"POST", b"/invocations", []))).status == 503
        workers.stop()
        assert [(await task).status for task in waiting] == [503, 503]

    run(scenario)
