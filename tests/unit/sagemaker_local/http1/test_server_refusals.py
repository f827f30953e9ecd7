"""What the server does not take."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from include.sagemaker_local.http1.messages import Request, Response
from tests.fakes.http_servers import connected, exchange, read_answer, server

Run = Callable[[Coroutine[Any, Any, None]], None]


def test_pipelined_requests_behind_a_refusal_are_not_served(run: Run) -> None:
    async def main() -> None:
        async with server() as started:
            answers = await exchange(
                started.port, b"GET /1 HTTP/1.1\r\n\r\nGET /2 NOISE\r\n\r\nGET /3 HTTP/1.1\r\n\r\n"
            )
            assert answers.count(b"HTTP/1.1 ") == 2
            assert answers.index(b"GET /1") < answers.index(b"HTTP/1.1 400 Bad Request")

    run(main())


@pytest.mark.parametrize(
    "head",
    [b"Content-Length: 1001\r\n\r\n", b"Expect: 100-continue\r\nContent-Length: 1001\r\n\r\n"],
    ids=["plain", "expecting 100"],
)
def test_a_body_announced_as_too_large_is_refused_before_it_is_sent(run: Run, head: bytes) -> None:
    async def main() -> None:
        async with server() as started, connected(started.port) as (reader, writer):
            writer.write(b"POST / HTTP/1.1\r\n" + head)
            status, headers, body = await read_answer(reader)
            assert (status, headers["connection"]) == (413, "close")
            assert b"at most 1000 bytes" in body
            assert await reader.read() == b""

    run(main())


def test_a_client_that_sends_it_all_the_same_still_reads_the_refusal(run: Run) -> None:
    async def main() -> None:
        async with server() as started, connected(started.port) as (reader, writer):
            writer.write(b"POST / HTTP/1.1\r\nContent-Length: 8000000\r\n\r\n")
            for _ in range(8):
                writer.write(b"x" * 1_000_000)
                await writer.drain()
            assert (await read_answer(reader))[0] == 413

    run(main())


def test_a_chunked_body_that_grows_too_large_is_refused(run: Run) -> None:
    async def main() -> None:
        async with server() as started, connected(started.port) as (reader, writer):
            chunk = b"1f4\r\n" + b"x" * 500 + b"\r\n"
            writer.write(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + 3 * chunk)
            assert (await read_answer(reader))[0] == 413

    run(main())


def test_a_body_of_exactly_the_limit_is_taken(run: Run) -> None:
    async def main() -> None:
        async with server() as started, connected(started.port) as (reader, writer):
            writer.write(b"POST / HTTP/1.1\r\nContent-Length: 1000\r\n\r\n" + b"x" * 1000)
            assert (await read_answer(reader))[0] == 200

    run(main())


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: many\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
    ],
    ids=["TLS", "no target", "length is no number", "two framings", "two lengths"],
)
def test_what_is_not_http_is_answered_with_400(run: Run, sent: bytes) -> None:
    async def main() -> None:
        async with server() as started, connected(started.port) as (reader, writer):
            writer.write(sent)
            assert (await read_answer(reader))[0] == 400
            assert await reader.read() == b""

    run(main())


def test_a_head_without_end_is_refused(run: Run) -> None:
    async def main() -> None:
        async with server() as started, connected(started.port) as (reader, writer):
            writer.write(b"GET / HTTP/1.1\r\nX-Long: ")
            await writer.drain()
            answer = asyncio.ensure_future(read_answer(reader))
            while not answer.done():
                writer.write(b"x" * 10_000)
                await writer.drain()
                await asyncio.sleep(0)
            assert (await answer)[0] == 431

    run(main())


def test_a_header_with_a_line_break_is_never_sent(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async def inject(request: Request) -> Response:
            return Response(200, [(b"x-a", b"b\r\nset-cookie: stolen")])

        async with server(inject) as started, connected(started.port) as (reader, writer):
            writer.write(b"GET / HTTP/1.1\r\n\r\n")
            status, headers, _ = await read_answer(reader)
            assert status == 500
            assert "set-cookie" not in headers

    run(main())


@pytest.mark.parametrize("framing", [b"Content-Length: 22\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n16\r\n"])
def test_a_body_behind_an_offer_of_http_2_is_not_taken_for_a_request(run: Run, framing: bytes) -> None:
    async def main() -> None:
        offer = b"POST / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n" + framing
        async with server() as started, connected(started.port) as (reader, writer):
            writer.write(offer + b"GET /hidden HTTP/1.1\r\n\r\n")
            status, _, body = await read_answer(reader)
            assert (status, b"Upgrade" in body) == (400, True)
            assert await reader.read() == b""

    run(main())
