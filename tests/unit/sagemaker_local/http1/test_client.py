from __future__ import annotations

import http.server
import threading
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

from include.sagemaker_local.http1.errors import ConnectionFailed, ProtocolError
from include.sagemaker_local.http1.messages import Request, Response
from include.sagemaker_local.http1.server import start_server
from tests.fakes.containers import answer, die_mid_answer, echo, in_turn, raw, serving
from tests.fakes.http_clients import client, post, send

Run = Callable[[Coroutine[Any, Any, None]], None]


def test_a_post_without_body_says_so_and_a_get_does_not(run: Run) -> None:
    async def main() -> None:
        async with serving(answer(200)) as container, client() as http:
            await send(http, container, Request(b"POST", b"/", []))
            await send(http, container, Request(b"GET", b"/ping", []))
            assert [seen.header("content-length") for seen in container.seen] == ["0", None]

    run(main())


def test_an_answer_that_breaks_off_is_a_failure_and_not_asked_for_again(run: Run) -> None:
    async def main() -> None:
        async with serving(in_turn(answer(200), die_mid_answer())) as container, client() as http:
            get = Request(b"GET", b"/", [])
            await send(http, container, get)
            with pytest.raises(ConnectionFailed, match="in the middle of its answer"):
                await send(http, container, get)
            assert len(container.seen) == 2

    run(main())


def test_a_chunked_answer_that_breaks_off_is_a_failure(run: Run) -> None:
    async def main() -> None:
        broken = raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", hang_up=True)
        async with serving(broken) as container, client() as http:
            with pytest.raises(ConnectionFailed):
                await send(http, container, post())

    run(main())


@pytest.mark.parametrize(
    ("sent", "hang_up", "body", "reused"),
    [
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
            False,
            b"abcde",
            True,
        ),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc", False, b"abc", False),
        (b"HTTP/1.1 200 OK\r\n\r\nuntil the end", True, b"until the end", False),
        (b"HTTP/1.0 200 OK\r\n\r\nuntil the end", True, b"until the end", False),
        (b"HTTP/1.1 204 No Content\r\n\r\n", False, b"", True),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", False, b"ok", True),
        (b"HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", False, b"ok", True),
    ],
    ids=["chunked", "close", "no length", "HTTP/1.0", "204", "100 first", "103 first"],
)
def test_every_framing_is_understood(run: Run, sent: bytes, hang_up: bool, body: bytes, reused: bool) -> None:
    async def main() -> None:
        async with serving(raw(sent, hang_up=hang_up)) as container, client() as http:
            for _ in range(2):
                answered = await send(http, container, post())
                assert answered.body == body
                assert answered.header(b"x") is None
            assert container.connections == (1 if reused else 2)

    run(main())


def test_an_answer_to_head_has_no_body_whatever_its_length_says(run: Run) -> None:
    async def main() -> None:
        head = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 12345\r\n\r\n")
        async with serving(in_turn(head, head, answer(200, b"body"))) as container, client() as http:
            for _ in range(2):
                answered = await send(http, container, Request(b"HEAD", b"/", []))
                assert (answered.body, answered.header(b"content-length")) == (b"", b"12345")
            assert (await send(http, container, post())).body == b"body"
            assert container.connections == 1

    run(main())


def test_what_is_not_http_is_a_protocol_error(run: Run) -> None:
    async def main() -> None:
        async with serving(raw(b"220 mail.example ESMTP\r\n")) as container, client() as http:
            with pytest.raises(ProtocolError, match=r"127\.0\.0\.1"):
                await send(http, container, post())

    run(main())


@pytest.mark.parametrize(
    "extra", [b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nnot yours", b"\r\njunk", b"HTTP/1.1 200"]
)
def test_bytes_after_an_answer_are_not_taken_for_the_next_one(run: Run, extra: bytes) -> None:
    async def main() -> None:
        twice = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" + extra)
        async with serving(in_turn(twice, answer(200, b"mine"))) as container, client() as http:
            assert (await send(http, container, post())).body == b"ok"
            assert (await send(http, container, post())).body == b"mine"

    run(main())


def test_a_header_with_a_line_break_is_not_sent(run: Run) -> None:
    async def main() -> None:
        async with serving(echo()) as container, client() as http:
            with pytest.raises(ValueError, match="line break"):
                await send(http, container, Request(b"GET", b"/", [(b"x", b"y\r\nz: injected")]))
            assert container.seen == []

    run(main())


def test_a_large_body_goes_and_comes_whole(run: Run) -> None:
    async def main() -> None:
        async def turn(request: Request) -> Response:
            return Response(200, body=request.body[::-1])

        body = bytes(range(256)) * 40_000
        started = await start_server(turn, max_body_bytes=len(body))
        async with client() as http:
            answered = await http.request("127.0.0.1", started.port, post(body), timeout_s=10)
        assert answered.body == body[::-1]
        await started.close(0)

    run(main())


class _Echo(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Silence."""


@pytest.fixture
def standard_library_port() -> Iterator[int]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Echo) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def test_the_standard_librarys_server_answers(run: Run, standard_library_port: int) -> None:
    async def main() -> None:
        async with client() as http:
            for _ in range(3):
                assert (await http.request("127.0.0.1", standard_library_port, post(), timeout_s=10)).body == b"hello"

    run(main())
