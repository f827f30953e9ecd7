"""Connections through a gateway to the main process, both in this process, with the protocol spoken byte by byte."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import uvloop

from include.sagemaker_local.edge.relay import EdgeConnection, Relay
from include.sagemaker_local.http1 import unix_socket
from include.sagemaker_local.http1.messages import Handler, Request, Response
from include.sagemaker_local.http1.server import HttpServer, start_server
from tests.fakes.http_servers import connected, exchange, read_answer
from tests.fakes.waiting import until

BOUND_S = 30.0
BIG = 40 * 1024 * 1024  # more than all socket buffers on the way


def run(main: Callable[[], Awaitable[None]]) -> None:
    for factory in (asyncio.new_event_loop, uvloop.new_event_loop):
        with asyncio.Runner(loop_factory=factory) as runner:
            runner.run(asyncio.wait_for(main(), BOUND_S))


async def in_main(request: Request) -> Response:
    return Response(200, [(b"x-by", b"main"), (b"x-host", request.header(b"host") or b"")], request.body)


async def in_gateway(request: Request) -> Response:
    return Response(200, [(b"x-by", b"gateway")], request.body)


@contextlib.asynccontextmanager
async def gateway(
    main: Handler = in_main, handler: Handler = in_gateway, limit: int = 2 * BIG
) -> AsyncIterator[tuple[HttpServer, HttpServer]]:
    with unix_socket.listen("test") as sock:
        name = unix_socket.name_of(sock)
        behind = await start_server(main, sock=sock, max_body_bytes=limit)
        front = await start_server(handler, max_body_bytes=1000, connection=lambda book: EdgeConnection(book, name))
        try:
            yield front, behind
        finally:
            await asyncio.gather(front.close(0), behind.close(0))


def clients(front: HttpServer) -> list[EdgeConnection]:
    return [one for one in front._book.open if isinstance(one, EdgeConnection)]


def test_whose_a_connection_is_shows_at_the_beginning_of_each_request() -> None:
    async def main() -> None:
        async with gateway() as (front, _), connected(front.port) as (reader, writer):
            for target, by in ((b"/endpoints/e/invocations", "gateway"), (b"/b", "main"), (b"/endpoints/e", "main")):
                writer.write(b"POST %b HTTP/1.1\r\nHost: h:1\r\nContent-Length: 2\r\n\r\nhi" % target)
                _, headers, body = await read_answer(reader)
                assert (headers["x-by"], body) == (by, b"hi")
            assert headers["x-host"] == "h:1"
            # A beginning that may still be both is read here.
            async with connected(front.port) as (other_reader, other):
                other.write(b"POST /endpo")
                await until(lambda: any(not one.at_rest for one in clients(front)), "it has begun")
                other.write(b"ints/e/invocations HTTP/1.1\r\n\r\n")
                assert (await read_answer(other_reader))[1]["x-by"] == "gateway"

    run(main)


def test_large_bodies_pass_both_ways_and_heads_without_body_and_100_continue_too() -> None:
    async def main() -> None:
        async def handle(request: Request) -> Response:
            if request.method == b"HEAD":
                return Response(200, [(b"content-length", b"123")])
            return Response(200, [], request.body)

        async with gateway(handle) as (front, _), connected(front.port) as (reader, writer):
            body = bytes(range(256)) * (BIG // 256)
            writer.write(b"PUT /b/k HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % BIG)
            writer.write(body)
            assert (await read_answer(reader))[2] == body
            writer.write(b"HEAD /b/k HTTP/1.1\r\n\r\n")
            assert b"content-length: 123\r\n" in await reader.readuntil(b"\r\n\r\n")
            writer.write(b"PUT /b/k HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
            assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
            writer.write(b"hi")
            assert (await read_answer(reader))[2] == b"hi"
            writer.write(b"PUT /b/k HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (3 * BIG))
            assert (await read_answer(reader))[0] == 413  # the main process's limit, not the gateway's

    run(main)


def test_a_client_that_reads_slowly_holds_the_main_process_up_and_nobody_here() -> None:
    async def main() -> None:
        async def large(request: Request) -> Response:
            return Response(200, [], b"x" * BIG)

        async with gateway(large) as (front, _), connected(front.port) as (reader, writer):
            writer.write(b"GET /b/k HTTP/1.1\r\n\r\n")
            await reader.readexactly(1)
            relay = next(one for one in front._book.open if isinstance(one, Relay))
            client = relay._client.transport
            assert client is not None
            async with connected(front.port) as (other_reader, other):
                other.write(b"POST /endpoints/e/invocations HTTP/1.1\r\nContent-Length: 0\r\n\r\n")
                assert (await read_answer(other_reader))[1]["x-by"] == "gateway"
            assert client.get_write_buffer_size() < 4 * 1024 * 1024
            assert len(await reader.readuntil(b"\r\n\r\n") + await reader.readexactly(BIG)) > BIG

    run(main)


def test_a_client_that_has_said_all_still_gets_its_answer() -> None:
    async def main() -> None:
        async with gateway() as (front, _), connected(front.port) as (reader, writer):
            writer.write(b"PUT /b/k HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi")
            writer.write_eof()
            assert (await reader.read()).endswith(b"\r\n\r\nhi")
            assert b"400" in await exchange(front.port, b"what is this\r\n\r\n")

    run(main)


def test_both_ends_of_a_relay_end_together() -> None:
    async def main() -> None:
        begun, may_end = asyncio.Event(), asyncio.Event()

        async def wait(request: Request) -> Response:
            begun.set()
            await may_end.wait()
            return Response(200)

        async with gateway(wait) as (front, behind):
            async with connected(front.port) as (_, writer):
                writer.write(b"GET / HTTP/1.1\r\n\r\n")
                await begun.wait()
            may_end.set()
            await until(lambda: not front._book.open, "the client's end is gone")
            await until(lambda: not behind._book.open, "the main process's end is gone, too")

    run(main)


def test_closing_answers_what_is_under_way_and_needs_no_grace_for_what_is_not() -> None:
    async def main() -> None:
        begun, may_end = asyncio.Event(), asyncio.Event()

        async def wait(request: Request) -> Response:
            if request.target == b"/wait":
                begun.set()
                await may_end.wait()
            return Response(200)

        async with (
            gateway(wait) as (front, behind),
            connected(front.port) as (reader, writer),
            connected(front.port) as (idle_reader, idle),
        ):
            idle.write(b"GET / HTTP/1.1\r\n\r\n")
            await read_answer(idle_reader)
            writer.write(b"GET /wait HTTP/1.1\r\n\r\n")
            await begun.wait()
            closing = asyncio.gather(front.close(BOUND_S), behind.close(BOUND_S))
            assert await idle_reader.read() == b""
            may_end.set()
            assert (await read_answer(reader))[1]["connection"] == "close"
            await closing

    run(main)


def test_without_a_main_process_the_connection_ends() -> None:
    async def main() -> None:
        async with gateway() as (front, behind):
            await behind.close(0)
            with contextlib.suppress(ConnectionResetError):
                assert await exchange(front.port, b"GET / HTTP/1.1\r\n\r\n") == b""
            await until(lambda: not front._book.open, "the connection is forgotten")

    run(main)


def test_a_request_in_the_middle_of_others_is_the_handlers_to_pass_on() -> None:
    async def main() -> None:
        async with gateway() as (front, _), connected(front.port) as (reader, writer):
            writer.write(b"POST /endpoints/e/invocations HTTP/1.1\r\nContent-Length: 0\r\n\r\nGET /b HTTP/1.1\r\n\r\n")
            for _ in range(2):
                assert (await read_answer(reader))[1]["x-by"] == "gateway"

    run(main)
