"""Clients who send so many requests a second, whatever comes back, and remember every one that was lost."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from types import TracebackType
from urllib.parse import urlsplit

from include.sagemaker_local.http1.client import HttpClient
from include.sagemaker_local.http1.messages import Request

BOUND_S = 30.0
_SCOPE = "local/20260101/us-east-1/sagemaker/aws4_request"
_SIGNATURE = f"AWS4-HMAC-SHA256 Credential={_SCOPE}, SignedHeaders=host, Signature={'0' * 64}".encode()


class SteadyLoad:
    """InvokeEndpoint on endpoint `e` at a steady rate, from a thread and an event loop of its own."""

    def __init__(self, url: str, per_second: int = 200) -> None:
        address = urlsplit(url)
        assert address.hostname is not None
        assert address.port is not None
        self._host, self._port = address.hostname, address.port
        self._interval_s = 1 / per_second
        self.answers: Counter[bytes] = Counter()
        """The bodies that came back with 200, and how often."""
        self.lost: list[str] = []
        """What every other request got."""
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))

    @property
    def answered(self) -> int:
        """How many requests came back with 200."""
        return sum(self.answers.values())

    def __enter__(self) -> SteadyLoad:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        self._thread.join()

    async def _run(self) -> None:
        client, loop, under_way = HttpClient(), asyncio.get_running_loop(), set[asyncio.Task[None]]()
        due_s = loop.time()
        while not self._stopped.is_set():
            task = asyncio.create_task(self._ask(client))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
            due_s += self._interval_s  # a late one is followed by the next at once: the rate stays what it is
            await asyncio.sleep(max(0.0, due_s - loop.time()))
        if under_way:
            await asyncio.wait(under_way)
        await client.close()

    async def _ask(self, client: HttpClient) -> None:
        headers = [(b"content-type", b"text/plain"), (b"authorization", _SIGNATURE)]
        request = Request(b"POST", b"/endpoints/e/invocations", headers, b"x")
        try:
            response = await client.request(self._host, self._port, request, timeout_s=BOUND_S)
        except Exception as error:
            self.lost.append(repr(error))
            return
        if response.status == 200:
            self.answers[bytes(response.body)] += 1
        else:
            self.lost.append(f"{response.status} {response.body.decode(errors='replace')}")
