"""Which connection a request takes, and what becomes of it."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from include.sagemaker_local.http1.client import HttpClient
from include.sagemaker_local.http1.client_connection import ClientConnection
from include.sagemaker_local.http1.errors import ConnectionFailed, RequestTimeout
from include.sagemaker_local.http1.messages import Request, Response
from include.sagemaker_local.http1.server import start_server
from tests.fakes.containers import answer, die, echo, hang, in_turn, serving
from tests.fakes.http_clients import client, post, send
from tests.fakes.waiting import until

Run = Callable[[Coroutine[Any, Any, None]], None]


def only_connection(http: HttpClient, port: int) -> ClientConnection:
    (connection,) = http._pools["127.0.0.1", port]._open
    return connection


def test_requests_one_after_the_other_share_a_connection(run: Run) -> None:
    async def main() -> None:
        async with serving(echo()) as container, client() as http:
            for number in range(5):
                answered = await send(http, container, post(b"%d" % number))
                assert (answered.status, answered.body) == (200, b"%d" % number)
                assert answered.header(b"content-type") == b"text/csv"
            assert container.connections == 1
            seen = container.seen[0]
            assert (seen.method, seen.target) == ("POST", "/invocations")
            assert seen.header("host") == f"127.0.0.1:{container.port}"
            assert seen.header("content-length") == "1"

    run(main())


def test_requests_at_the_same_time_have_connections_of_their_own(run: Run) -> None:
    async def main() -> None:
        async with serving(echo()) as container, client() as http:
            bodies = [b"%d" % number for number in range(20)]
            answers = await asyncio.gather(*(send(http, container, post(body)) for body in bodies))
            assert [answered.body for answered in answers] == bodies
            assert container.connections == 20

    run(main())


def test_giving_up_just_when_the_answer_came_leaves_the_connection_to_others(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        async with serving(echo()) as container, client() as http:
            await send(http, container, post())
            asking = asyncio.create_task(send(http, container, post(b"given up")))
            complete = ClientConnection._complete

            def complete_and_give_up(connection: ClientConnection, status: int, *, reusable: bool) -> None:
                complete(connection, status, reusable=reusable)
                asking.cancel()

            with monkeypatch.context() as patched:
                patched.setattr(ClientConnection, "_complete", complete_and_give_up)
                with pytest.raises(asyncio.CancelledError):
                    await asking
            assert only_connection(http, container.port).usable
            assert (await send(http, container, post(b"next"))).body == b"next"
            assert container.connections == 1

    run(main())


def test_small_messages_are_not_held_back(run: Run) -> None:
    async def main() -> None:
        async with serving(echo()) as container, client() as http:
            await send(http, container, post())
            raw_socket = only_connection(http, container.port)._transport.get_extra_info("socket")
            assert raw_socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0

    run(main())


def test_an_idle_connection_that_the_peer_has_closed_is_replaced(run: Run) -> None:
    async def main() -> None:
        async with serving(echo()) as container, client() as http:
            await send(http, container, post())
            connection = only_connection(http, container.port)
            await container.hang_up_idle()
            await until(lambda: not connection.usable, "the client knows that the connection is closed")
            assert (await send(http, container, post())).body == b"hello"
            assert (container.connections, len(container.seen)) == (2, 2)

    run(main())


def test_a_close_that_only_the_kernel_knows_of_is_noticed_too(run: Run) -> None:
    """The loop is kept busy from before the peer closes until the next request is sent."""
    accepted: list[socket.socket] = []

    async def main() -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        port = listener.getsockname()[1]

        def serve_once() -> None:
            connection, _ = listener.accept()
            accepted.append(connection)
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

        async with client() as http:
            first = threading.Thread(target=serve_once)
            first.start()
            await http.request("127.0.0.1", port, post(), timeout_s=10)
            first.join()
            only_connection(http, port).idle_since_s -= 1  # beyond the time for which a connection is trusted
            accepted[0].close()
            second = threading.Thread(target=serve_once)
            second.start()
            assert (await http.request("127.0.0.1", port, post(), timeout_s=10)).status == 200
            second.join()
        accepted[1].close()
        listener.close()

    run(main())


def test_a_post_is_not_sent_twice(run: Run) -> None:
    async def main() -> None:
        async with serving(in_turn(echo(), die())) as container, client() as http:
            await send(http, container, post())
            with pytest.raises(ConnectionFailed, match="before it answered"):
                await send(http, container, post())
            assert len(container.seen) == 2

    run(main())


def test_a_get_on_an_idle_connection_is_sent_once_more(run: Run) -> None:
    async def main() -> None:
        async with serving(in_turn(answer(200), die(), answer(200, b"again"))) as container, client() as http:
            get = Request(b"GET", b"/ping", [])
            await send(http, container, get)
            assert (await send(http, container, get)).body == b"again"
            assert len(container.seen) == 3

    run(main())


def test_a_get_on_a_new_connection_is_not_sent_again(run: Run) -> None:
    async def main() -> None:
        async with serving(die()) as container, client() as http:
            with pytest.raises(ConnectionFailed):
                await send(http, container, Request(b"GET", b"/ping", []))
            assert len(container.seen) == 1

    run(main())


def test_a_peer_that_does_not_answer_in_time(run: Run) -> None:
    async def main() -> None:
        async with serving(in_turn(hang(), echo())) as container, client() as http:
            with pytest.raises(RequestTimeout):
                await send(http, container, post(), timeout_s=0.05)
            assert (await send(http, container, post())).body == b"hello"
            assert container.connections == 2  # the late answer must not meet the next request

    run(main())


def test_a_shorter_timeout_on_a_used_connection_counts(run: Run) -> None:
    async def main() -> None:
        async with serving(in_turn(echo(), hang())) as container, client() as http:
            await send(http, container, post(), timeout_s=60)
            with pytest.raises(RequestTimeout):
                await send(http, container, post(), timeout_s=0.05)

    run(main())


def test_the_timer_of_an_earlier_request_does_not_end_a_later_one(run: Run) -> None:
    async def main() -> None:
        may_end = asyncio.Event()

        async def second_waits(request: Request) -> Response:
            if request.body == b"second":
                await may_end.wait()
            return Response(200, body=request.body)

        started = await start_server(second_waits, max_body_bytes=1000)
        async with client() as http:
            await http.request("127.0.0.1", started.port, post(b"first"), timeout_s=0.05)
            connection = only_connection(http, started.port)
            first_timer = connection._timer
            second = asyncio.ensure_future(http.request("127.0.0.1", started.port, post(b"second"), timeout_s=10))
            await until(lambda: connection._timer is not first_timer, "the first timer has rung")
            may_end.set()
            assert (await second).body == b"second"
        await started.close(0)

    run(main())


def test_a_cancelled_request_takes_its_connection_with_it(run: Run) -> None:
    async def main() -> None:
        async with serving(in_turn(hang(), echo())) as container, client() as http:
            waiting = asyncio.ensure_future(send(http, container, post()))
            await until(lambda: container.seen, "the request has arrived")
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            assert (await send(http, container, post())).body == b"hello"
            assert container.connections == 2

    run(main())


def test_close_ends_what_is_under_way(run: Run) -> None:
    async def main() -> None:
        async with serving(hang()) as container, client() as http:
            waiting = asyncio.ensure_future(send(http, container, post()))
            await until(lambda: container.seen, "the request has arrived")
            await http.close()
            with pytest.raises(ConnectionFailed):
                await waiting

    run(main())


def test_a_peer_that_hangs_up_at_once(run: Run) -> None:
    async def main() -> None:
        async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.close()

        listener = await asyncio.start_server(hang_up, "127.0.0.1", 0)
        port = listener.sockets[0].getsockname()[1]
        async with client() as http:
            for _ in range(20):  # the end may come before or after the request is written
                with pytest.raises(ConnectionFailed):
                    await http.request("127.0.0.1", port, post(), timeout_s=10)
            await until(lambda: not http._pools["127.0.0.1", port]._open, "no connection is kept")
        listener.close()

    run(main())


def test_nobody_listens(run: Run) -> None:
    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0)) as unused:
            port = unused.getsockname()[1]
        async with client() as http:
            with pytest.raises(ConnectionFailed, match=f"127.0.0.1:{port}"):
                await http.request("127.0.0.1", port, post(), timeout_s=10)

    run(main())
