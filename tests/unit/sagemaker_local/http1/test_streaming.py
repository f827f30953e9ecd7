"""Answers whose bodies come in pieces, on the wire and from server to client."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from typing import Any

import pytest

from include.sagemaker_local.http1.client import HttpClient
from include.sagemaker_local.http1.client_connection import ClientConnection
from include.sagemaker_local.http1.errors import ConnectionFailed, ProtocolError, RequestTimeout
from include.sagemaker_local.http1.messages import Handler, Request, Response, StreamedResponse
from include.sagemaker_local.http1.server import HttpServer, start_server
from tests.fakes.containers import answer, hang, in_turn, raw, serving
from tests.fakes.http_clients import client, post
from tests.fakes.http_servers import LIMIT, connected, exchange, server

Run = Callable[[Coroutine[Any, Any, None]], None]
PIECE = b"x" * 65_536
KEPT_BY_KERNEL = 512  # pieces: 32 MiB, more than any socket buffer of loopback


class Spoken:
    """Pieces, and what became of them."""

    def __init__(self, *pieces: bytes, error: Exception | None = None, wait: asyncio.Event | None = None) -> None:
        self.pieces = pieces
        self.error = error
        self.wait = wait
        self.asked = 0
        self.closed = asyncio.Event()

    async def __call__(self) -> AsyncGenerator[bytes, None]:
        try:
            for piece in self.pieces:
                self.asked += 1
                yield piece
                if self.wait is not None:
                    await self.wait.wait()
            if self.error is not None:
                raise self.error
        finally:
            self.closed.set()


def says(spoken: Spoken, status: int = 200, length: int | None = None) -> Handler:
    async def handle(request: Request) -> Response:
        if request.target == b"/whole":
            return Response(200, [], b"whole")
        return StreamedResponse(status, [(b"x-a", b"b"), (b"content-length", b"9")], spoken(), length)

    return handle


@contextlib.asynccontextmanager
async def both(handler: Handler) -> AsyncIterator[tuple[HttpServer, HttpClient]]:
    async with server(handler) as started, client() as http:
        yield started, http


async def stream(http: HttpClient, started: HttpServer, target: bytes = b"/") -> StreamedResponse:
    return await http.stream("127.0.0.1", started.port, Request(b"GET", target, []), timeout_s=10)


async def read(response: StreamedResponse) -> bytes:
    return b"".join([piece async for piece in response.pieces])


@pytest.mark.parametrize(
    ("request_head", "status", "length", "on_the_wire"),
    [
        ("GET / HTTP/1.1\r\nConnection: close", 200, None, "chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"),
        ("GET / HTTP/1.1\r\nConnection: close", 200, 3, "content-length: 3\r\n\r\nabc"),
        ("HEAD / HTTP/1.1\r\nConnection: close", 200, 3, "content-length: 3\r\n\r\n"),
        ("HEAD / HTTP/1.1\r\nConnection: close", 200, None, "connection: close\r\n\r\n"),
        ("GET / HTTP/1.1\r\nConnection: close", 204, None, "connection: close\r\n\r\n"),
        ("GET / HTTP/1.0", 200, None, "connection: close\r\n\r\nabc"),
        ("GET / HTTP/1.0\r\nConnection: keep-alive", 200, None, "connection: close\r\n\r\nabc"),
    ],
)  # fmt: skip
def test_what_is_written(run: Run, request_head: str, status: int, length: int | None, on_the_wire: str) -> None:
    async def main() -> None:
        spoken = Spoken(b"ab", b"", b"c")
        async with server(says(spoken, status, length)) as started:
            got = await exchange(started.port, f"{request_head}\r\n\r\n".encode())
        assert got.startswith(b"HTTP/1.1 %d" % status)
        assert got.endswith(on_the_wire.encode()), got
        assert got.count(b"content-length") == (length is not None)  # the handler's own is not asked for
        if spoken.asked:
            assert spoken.closed.is_set()

    run(main())


def test_pieces_come_as_they_are_made_and_the_connection_is_used_again(run: Run) -> None:
    async def main() -> None:
        go_on = asyncio.Event()
        async with both(says(Spoken(b"first", b"second", wait=go_on))) as (started, http):
            response = await stream(http, started)
            assert (response.status, response.header(b"x-a"), response.length) == (200, b"b", None)
            assert await anext(response.pieces) == b"first"
            go_on.set()
            assert await read(response) == b"second"
            assert (await stream(http, started, b"/whole")).length == 5
            assert len(http._pools["127.0.0.1", started.port]._open) == 1

    run(main())


def test_a_whole_answer_can_be_read_in_pieces_too(run: Run) -> None:
    async def main() -> None:
        async with both(says(Spoken())) as (started, http):
            for method, body in ((b"GET", b"whole"), (b"HEAD", b"")):
                asked = Request(method, b"/whole", [])
                response = await http.stream("127.0.0.1", started.port, asked, timeout_s=10)
                assert (response.length, await read(response)) == (5, body)
            assert len(http._pools["127.0.0.1", started.port]._open) == 1

    run(main())


@pytest.mark.parametrize("spoken", [Spoken(b"ab", error=RuntimeError("no more")), Spoken(b"abcd")])
def test_an_answer_that_breaks_off_or_is_not_as_long_as_it_says_is_not_taken_for_whole(
    run: Run, spoken: Spoken, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        length = None if spoken.error else 6
        async with both(says(spoken, length=length)) as (started, http):
            response = await stream(http, started)
            with pytest.raises(ConnectionFailed, match="in the middle of its answer"):
                await read(response)

    run(main())
    assert "broke off" in caplog.text


def test_a_client_that_does_not_read_makes_the_server_wait_and_one_that_goes_ends_the_answer(run: Run) -> None:
    async def main() -> None:
        spoken = Spoken(*[PIECE] * KEPT_BY_KERNEL)
        async with server(says(spoken)) as started:
            async with connected(started.port) as (reader, writer):
                writer.write(b"GET / HTTP/1.1\r\n\r\n")
                await reader.readexactly(1)
                async with connected(started.port) as (_, other):  # the server answers others meanwhile
                    other.write(b"GET /whole HTTP/1.1\r\n\r\n")
                    assert not spoken.closed.is_set()
                writer.transport.abort()
            await spoken.closed.wait()
            assert spoken.asked < KEPT_BY_KERNEL

    run(main())


def test_a_reader_that_is_slow_makes_the_peer_wait_and_gets_everything(run: Run) -> None:
    async def main() -> None:
        spoken = Spoken(*[PIECE] * KEPT_BY_KERNEL)
        async with both(says(spoken)) as (started, http):
            response = await stream(http, started)
            size = len(await anext(response.pieces))
            assert (await stream(http, started, b"/whole")).length == 5  # a turn around the loop, and a new connection
            assert spoken.asked < KEPT_BY_KERNEL
            async for piece in response.pieces:
                size += len(piece)
                await asyncio.sleep(0)
            assert size == KEPT_BY_KERNEL * len(PIECE)

    run(main())


def test_closing_the_pieces_ends_the_connection_and_the_peers_answer(run: Run) -> None:
    async def main() -> None:
        spoken = Spoken(*[PIECE] * KEPT_BY_KERNEL)
        async with both(says(spoken)) as (started, http):
            response = await stream(http, started)
            await anext(response.pieces)
            await response.pieces.aclose()
            await spoken.closed.wait()
            with pytest.raises(StopAsyncIteration):
                await anext(response.pieces)
            assert await read(await stream(http, started, b"/whole")) == b"whole"

    run(main())


def test_the_time_limit_ends_with_the_head(run: Run) -> None:
    async def main() -> None:
        go_on = asyncio.Event()
        async with both(says(Spoken(b"first", b"second", wait=go_on))) as (started, http):
            response = await http.stream("127.0.0.1", started.port, Request(b"GET", b"/", []), timeout_s=0.2)
            connection = next(iter(http._pools["127.0.0.1", started.port]._open))
            assert await anext(response.pieces) == b"first"
            connection._rang()
            go_on.set()
            assert await read(response) == b"second"
        async with serving(hang()) as container, client() as http:
            with pytest.raises(RequestTimeout):
                await http.stream("127.0.0.1", container.port, post(), timeout_s=0.05)

    run(main())


def test_bodies_that_are_not_http_and_bodies_without_length(run: Run) -> None:
    async def main() -> None:
        junk = raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\nzz\r\n", hang_up=False)
        to_the_end = raw(b"HTTP/1.1 200 OK\r\n\r\nto the end", hang_up=True)
        async with serving(in_turn(junk, to_the_end, answer(204))) as container, client() as http:
            response = await http.stream("127.0.0.1", container.port, post(), timeout_s=10)
            assert await anext(response.pieces) == b"ab"
            with pytest.raises(ProtocolError):
                await anext(response.pieces)
            response = await http.stream("127.0.0.1", container.port, post(), timeout_s=10)
            assert await read(response) == b"to the end"
            response = await http.stream("127.0.0.1", container.port, post(), timeout_s=10)
            assert (response.status, await read(response)) == (204, b"")

    run(main())


def test_giving_up_just_when_the_head_came_ends_the_answer(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        spoken = Spoken(*[PIECE] * KEPT_BY_KERNEL)
        async with both(says(spoken)) as (started, http):
            asking = asyncio.ensure_future(stream(http, started))
            hand_out = ClientConnection._hand_out

            def hand_out_and_give_up(connection: ClientConnection, status: int) -> None:
                hand_out(connection, status)
                asking.cancel()

            monkeypatch.setattr(ClientConnection, "_hand_out", hand_out_and_give_up)
            with pytest.raises(asyncio.CancelledError):
                await asking
            await spoken.closed.wait()

    run(main())


def test_a_streamed_answer_ends_before_the_server_does(run: Run) -> None:
    async def main() -> None:
        go_on = asyncio.Event()
        started = await start_server(says(Spoken(b"first", b"second", wait=go_on)), max_body_bytes=LIMIT)
        async with client() as http:
            response = await stream(http, started)
            assert await anext(response.pieces) == b"first"
            closing = asyncio.ensure_future(started.close(10))
            await asyncio.sleep(0)
            go_on.set()
            assert await read(response) == b"second"
            await closing

    run(main())
