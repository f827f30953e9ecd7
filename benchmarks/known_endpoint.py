"""An HTTP endpoint whose truth is known: so many workers, each busy for the same time with every request.

    python -m benchmarks.known_endpoint WORKERS SERVICE_MS [SCATTER SEED]

Requests wait in one line, first come, first served. When a worker is free again is added up and not looked up, so a
timer that rings late delays one answer and takes nothing from the capacity, which is WORKERS / SERVICE_MS however busy
the machine is. With a SCATTER the time is spread evenly by that share on both sides. Prints its port on loopback, then
answers until its stdin closes, each answer with the time that it spent here (`x-local-container-latency-us`).
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import cast

import uvloop

from include.sagemaker_local.load.precise_timer import PreciseTimer

_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length: "
_ANSWER = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nx-local-container-latency-us: model=%d\r\n\r\n{}"


@contextlib.contextmanager
def known_endpoint(workers: int, service_ms: float, scatter: float = 0.0, seed: int = 0) -> Iterator[int]:
    """The port of such an endpoint in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.known_endpoint", *map(str, (workers, service_ms, scatter, seed))]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield int(process.stdout.readline() if process.stdout else 0)
    finally:
        process.communicate()


class Workers:
    """What is under way, and who is free when; times are those of time.perf_counter_ns."""

    def __init__(self, workers: int, service_ns: Callable[[], int]) -> None:
        self._service_ns = service_ns
        self._free_ns = [0] * workers
        self._under_way: list[tuple[int, int, Connection, int]] = []
        self._number = 0
        self._timer = PreciseTimer(asyncio.get_running_loop(), self._rang)

    def work(self, connection: Connection) -> None:
        """Answer one request of that connection when a worker has done it."""
        now_ns = time.perf_counter_ns()
        done_ns = max(now_ns, heapq.heappop(self._free_ns)) + self._service_ns()
        heapq.heappush(self._free_ns, done_ns)
        self._number += 1
        heapq.heappush(self._under_way, (done_ns, self._number, connection, now_ns))
        self._timer.set(self._under_way[0][0])

    def _rang(self) -> None:
        while self._under_way and self._under_way[0][0] <= time.perf_counter_ns():
            _, _, connection, arrived_ns = heapq.heappop(self._under_way)
            connection.answer((time.perf_counter_ns() - arrived_ns) // 1000)
        if self._under_way:
            self._timer.set(self._under_way[0][0])


class Connection(asyncio.Protocol):
    """One client that waits for each answer. Reads no more of a request than where it ends."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody has connected."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """A part of a request, or a whole one."""
        self._received += data
        head, found, body = self._received.partition(_HEAD_END)
        if not found:
            return
        length = int(head.lower().partition(_LENGTH)[2].partition(b"\r\n")[0] or 0)
        if len(body) >= length:
            self._received = body[length:]
            self._workers.work(self)

    def answer(self, latency_us: int) -> None:
        """Send the answer, unless nobody is there any more."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write((_ANSWER % latency_us).encode("ascii"))


async def _serve(workers: int, service_ms: float, scatter: float, seed: int) -> None:
    loop, noise = asyncio.get_running_loop(), random.Random(seed)
    line = Workers(workers, lambda: round(service_ms * 1e6 * noise.uniform(1 - scatter, 1 + scatter)))
    server = await loop.create_server(lambda: Connection(line), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    _workers, _service_ms, _scatter, _seed = [*sys.argv[1:], "0", "0"][:4]
    uvloop.run(_serve(int(_workers), float(_service_ms), float(_scatter), int(_seed)))
