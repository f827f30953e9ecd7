from __future__ import annotations

import asyncio
import contextlib
import http.client
import logging
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from include.sagemaker_local.http1.messages import Request, Response
from tests.fakes.http_servers import connected, exchange, read_answer, server

Run = Callable[[Coroutine[Any, Any, None]], None]


def test_a_request_may_come_byte_by_byte(run: Run) -> None:
    async def main() -> None:
        async with server() as started, connected(started.port) as (reader, writer):
            for byte in b"POST /a?b=c HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello":
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(0)
            status, headers, body = await read_answer(reader)
            assert (status, headers["x-seen"], body) == (200, "POST /a?b=c", b"hello")

    run(main())


def test_header_names_come_in_lower_case_and_values_without_white_space_around_them(run: Run) -> None:
    async def main() -> None:
        seen: list[Request] = []

        async def keep(request: Request) -> Response:
            seen.append(request)
            return Response(200)

        async with server(keep) as started, connected(started.port) as (reader, writer):
            writer.write(b"GET / HTTP/1.1\r\nX-Name: \t two words \t\r\nX-NAME: again\r\nX-Empty:\r\n\r\n")
            await read_answer(reader)
        assert seen[0].headers == [(b"x-name", b"two words"), (b"x-name", b"again"), (b"x-empty", b"")]
        assert seen[0].header(b"x-name") == b"two words"
        assert seen[0].header(b"x-missing") is None

    run(main())


def test_pipelined_requests_are_answered_in_order_and_one_at_a_time(run: Run) -> None:
    async def main() -> None:
        running: list[bytes] = []
        first_may_end = asyncio.Event()

        async def slow_first(request: Request) -> Response:
            running.append(request.target)
            if request.target == b"/0":
                await first_may_end.wait()
            return Response(200, body=request.target)

        async with server(slow_first) as started, connected(started.port) as (reader, writer):
            writer.write(b"".join(b"GET /%d HTTP/1.1\r\n\r\n" % number for number in range(50)))
            async with connected(started.port) as (
                other_reader,
                other_writer,
            ):  # proof that the server goes on meanwhile
                other_writer.write(b"GET /other HTTP/1.1\r\n\r\n")
                assert (await read_answer(other_reader))[2] == b"/other"
            assert running == [b"/0", b"/other"]
            first_may_end.set()
            assert [(await read_answer(reader))[2] for _ in range(50)] == [b"/%d" % number for number in range(50)]

    run(main())


def test_a_chunked_body_is_put_together_and_trailers_are_dropped(run: Run) -> None:
    async def main() -> None:
        async def show(request: Request) -> Response:
            return Response(200, [(b"x-trailer", request.header(b"x-trailer") or b"none")], request.body)

        async with server(show) as started, connected(started.port) as (reader, writer):
            writer.write(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
            await writer.drain()
            writer.write(b"4;x=y\r\ndefg\r\n0\r\nX-Trailer: late\r\n\r\nGET /next HTTP/1.1\r\n\r\n")
            status, headers, body = await read_answer(reader)
            assert (status, headers["x-trailer"], body) == (200, "none", b"abcdefg")
            assert (await read_answer(reader))[0] == 200

    run(main())


def test_a_client_that_waits_for_100_continue_gets_it_once(run: Run) -> None:
    async def main() -> None:
        async with server() as started, connected(started.port) as (reader, writer):
            writer.write(b"PUT /object HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
            assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
            writer.write(b"hello")
            assert (await read_answer(reader))[2] == b"hello"
            writer.write(b"GET /next HTTP/1.1\r\n\r\n")
            assert (await read_answer(reader))[0] == 200

    run(main())


def test_100_continue_does_not_overtake_the_answer_before_it(run: Run) -> None:
    async def main() -> None:
        may_end = asyncio.Event()

        async def wait(request: Request) -> Response:
            await may_end.wait()
            return Response(200, body=request.target)

        async with server(wait) as started, connected(started.port) as (reader, writer):
            writer.write(b"GET /1 HTTP/1.1\r\n\r\nPUT /2 HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
            await writer.drain()
            may_end.set()
            assert (await read_answer(reader))[2] == b"/1"
            assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
            writer.write(b"ok")
            assert (await read_answer(reader))[2] == b"/2"

    run(main())


def test_head_204_and_304_have_no_body(run: Run) -> None:
    async def main() -> None:
        async def answers(request: Request) -> Response:
            if request.target == b"/object":
                return Response(200, [(b"content-length", b"12345")])
            return Response(int(request.target[1:]), body=b"must not be sent")

        async with server(answers) as started:
            sent = b"HEAD /object HTTP/1.1\r\n\r\nHEAD /200 HTTP/1.1\r\n\r\nGET /204 HTTP/1.1\r\n\r\n"
            received = await exchange(started.port, sent + b"GET /304 HTTP/1.1\r\nConnection: close\r\n\r\n")
            assert b"must not be sent" not in received
            head_object, head_200, no_content, not_modified, nothing = received.split(b"\r\n\r\n")
            assert head_object == b"HTTP/1.1 200 OK\r\ncontent-length: 12345"
            assert head_200 == b"HTTP/1.1 200 OK\r\ncontent-length: 16"
            assert no_content == b"HTTP/1.1 204 No Content"
            assert not_modified == b"HTTP/1.1 304 Not Modified\r\nconnection: close"
            assert nothing == b""

    run(main())


def test_a_handler_that_fails_is_logged_and_answered_with_500(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async def fail(request: Request) -> Response:
            if request.target == b"/bad":
                raise KeyError("a bug")
            return Response(200)

        async with server(fail) as started, connected(started.port) as (reader, writer):
            writer.write(b"GET /bad HTTP/1.1\r\n\r\nGET /good HTTP/1.1\r\n\r\n")
            status, _, body = await read_answer(reader)
            assert status == 500
            assert b"a bug" not in body
            assert (await read_answer(reader))[0] == 200

    with caplog.at_level(logging.ERROR):
        run(main())
    assert "GET /bad" in caplog.text
    assert "KeyError: 'a bug'" in caplog.text


def test_a_cancelled_handler_ends_the_connection(run: Run) -> None:
    async def main() -> None:
        async def cancelled(request: Request) -> Response:
            raise asyncio.CancelledError

        async with server(cancelled) as started, connected(started.port) as (reader, writer):
            writer.write(b"GET / HTTP/1.1\r\n\r\n")
            with contextlib.suppress(ConnectionResetError):
                assert await reader.read() == b""

    run(main())


def test_an_offer_of_http_2_is_declined(run: Run) -> None:
    async def main() -> None:
        offer = b"GET /offer HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
        async with server() as started, connected(started.port) as (reader, writer):
            writer.write(offer + offer + b"GET /next HTTP/1.1\r\n\r\n")
            for target in ("/offer", "/offer", "/next"):
                assert (await read_answer(reader))[1]["x-seen"] == f"GET {target}"

    run(main())


def test_the_standard_librarys_client_is_served_on_one_connection(run: Run) -> None:
    def drive(port: int) -> None:
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        client.request("POST", "/a", body=b"plain")
        first_socket = client.sock
        assert client.getresponse().read() == b"plain"
        client.request("POST", "/b", body=iter([b"in ", b"chunks"]), encode_chunked=True)
        assert client.getresponse().read() == b"in chunks"
        client.request("HEAD", "/c")
        answer_to_head = client.getresponse()
        assert (answer_to_head.getheader("x-seen"), answer_to_head.read()) == ("HEAD /c", b"")
        client.request("GET", "/d")
        assert client.getresponse().status == 200
        assert client.sock is first_socket
        client.close()

    async def main() -> None:
        async with server() as started:
            await asyncio.to_thread(drive, started.port)

    run(main())


def test_boto3_puts_an_object(run: Run) -> None:
    """Its PutObject sends Expect: 100-continue and waits."""
    boto3 = pytest.importorskip("boto3", reason="boto3 belongs to the Airflow half's requirements")

    def put(port: int) -> dict[str, Any]:
        s3 = boto3.client(
            "s3",
            endpoint_url=f"http://127.0.0.1:{port}",
            region_name="us-east-1",
            aws_access_key_id="local",
            aws_secret_access_key="local",
        )
        answered: dict[str, Any] = s3.put_object(Bucket="bucket", Key="key", Body=b"x" * 100)
        return answered

    async def main() -> None:
        seen: list[Request] = []

        async def store(request: Request) -> Response:
            seen.append(request)
            return Response(200, [(b"etag", b'"abc"')])

        async with server(store) as started:
            answered = await asyncio.to_thread(put, started.port)
        assert answered["ETag"] == '"abc"'
        assert seen[0].header(b"expect") == b"100-continue"
        assert b"x" * 100 in seen[0].body  # newer clients wrap it in chunks with a checksum

    run(main())
