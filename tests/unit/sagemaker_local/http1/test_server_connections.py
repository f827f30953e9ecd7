"""How connections begin, wait and end."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from include.sagemaker_local.http1.messages import Request, Response
from include.sagemaker_local.http1.server import start_server
from tests.fakes.http_servers import LIMIT, connected, echo, read_answer, server

Run = Callable[[Coroutine[Any, Any, None]], None]


def test_a_client_that_does_not_read_gets_no_more_work_done_for_it(run: Run) -> None:
    async def main() -> None:
        served = 0
        body = b"x" * 1_000_000

        async def large(request: Request) -> Response:
            nonlocal served
            served += 1
            return Response(200, body=body)

        async with server(large) as started, connected(started.port) as (reader, writer):
            writer.write(b"GET / HTTP/1.1\r\n\r\n" * 100)
            await writer.drain()
            for _ in range(3):  # others are served all the while
                async with connected(started.port) as (other_reader, other_writer):
                    other_writer.write(b"GET / HTTP/1.1\r\n\r\n")
                    assert len((await read_answer(other_reader))[2]) == len(body)
            assert served - 3 < 50
            for _ in range(100):
                assert len((await read_answer(reader))[2]) == len(body)

    run(main())


def test_a_client_that_has_closed_its_sending_half_still_gets_its_answers(run: Run) -> None:
    async def main() -> None:
        may_end = asyncio.Event()

        async def wait(request: Request) -> Response:
            await may_end.wait()
            return Response(200, body=request.target)

        async with server(wait) as started, connected(started.port) as (reader, writer):
            writer.write(b"GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n")
            writer.write_eof()
            await asyncio.sleep(0)
            may_end.set()
            assert (await read_answer(reader))[2] == b"/1"
            assert (await read_answer(reader))[2] == b"/2"
            assert await reader.read() == b""

    run(main())


def test_a_handler_is_finished_although_its_client_is_gone(run: Run) -> None:
    async def main() -> None:
        begun, may_end, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

        async def work(request: Request) -> Response:
            begun.set()
            await may_end.wait()
            ended.set()
            return Response(200)

        async with server(work) as started:
            async with connected(started.port) as (_, writer):
                writer.write(b"GET / HTTP/1.1\r\n\r\n")
                await begun.wait()
                writer.transport.abort()
            may_end.set()
            await ended.wait()

    run(main())


@pytest.mark.parametrize(
    ("head", "connection"),
    [
        (b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n", "close"),
        (b"GET / HTTP/1.0\r\n\r\n", "close"),
    ],
)
def test_the_connection_ends_when_the_client_wants_it(run: Run, head: bytes, connection: str) -> None:
    async def main() -> None:
        async with server() as started, connected(started.port) as (reader, writer):
            writer.write(head)
            assert (await read_answer(reader))[1]["connection"] == connection
            assert await reader.read() == b""

    run(main())


def test_http_1_0_keep_alive_is_confirmed(run: Run) -> None:
    async def main() -> None:
        async with server() as started, connected(started.port) as (reader, writer):
            for _ in range(2):
                writer.write(b"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n")
                assert (await read_answer(reader))[1]["connection"] == "keep-alive"

    run(main())


def test_close_waits_for_what_has_begun_and_takes_nothing_new(run: Run) -> None:
    async def main() -> None:
        begun, may_end = asyncio.Event(), asyncio.Event()

        async def work(request: Request) -> Response:
            begun.set()
            await may_end.wait()
            return Response(200, body=b"done")

        started = await start_server(work, max_body_bytes=LIMIT)
        async with connected(started.port) as (idle_reader, _), connected(started.port) as (reader, writer):
            writer.write(b"GET / HTTP/1.1\r\n\r\n")
            await begun.wait()
            closing = asyncio.ensure_future(started.close(10))
            assert await idle_reader.read() == b""  # an idle connection is closed at once
            with pytest.raises(OSError):
                await asyncio.open_connection("127.0.0.1", started.port)
            assert not closing.done()
            may_end.set()
            _, headers, body = await read_answer(reader)
            assert (headers["connection"], body) == ("close", b"done")
            await closing

    run(main())


def test_close_cuts_what_does_not_end_in_time(run: Run) -> None:
    async def main() -> None:
        begun, cancelled = asyncio.Event(), asyncio.Event()

        async def hang(request: Request) -> Response:
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.set()
            return Response(200)

        started = await start_server(hang, max_body_bytes=LIMIT)
        async with connected(started.port) as (reader, writer):
            writer.write(b"GET / HTTP/1.1\r\n\r\n")
            await begun.wait()
            await started.close(0.01)
            assert cancelled.is_set()
            with contextlib.suppress(ConnectionResetError):
                assert await reader.read() == b""

    run(main())


def test_a_port_in_use_is_an_os_error(run: Run) -> None:
    async def main() -> None:
        async with server() as started:
            with pytest.raises(OSError, match="in use"):
                await start_server(echo, port=started.port, max_body_bytes=LIMIT)

    run(main())


def test_it_listens_on_a_socket_that_it_is_given(run: Run) -> None:
    async def main() -> None:
        bound = socket.create_server(("127.0.0.1", 0))
        started = await start_server(echo, sock=bound, max_body_bytes=LIMIT)
        assert started.port == bound.getsockname()[1]
        async with connected(started.port) as (reader, writer):
            writer.write(b"GET / HTTP/1.1\r\n\r\n")
            assert (await read_answer(reader))[0] == 200
        await started.close(0)

    run(main())
