"""What is known of heads is what parser and renderer say, whatever comes: compared on input that hypothesis makes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.sagemaker_local.http1.client_connection import ClientConnection
from include.sagemaker_local.http1.errors import HttpError
from include.sagemaker_local.http1.known_heads import KnownHeads
from include.sagemaker_local.http1.messages import Request, Response
from include.sagemaker_local.http1.rendering import render_request_head

_LINES = [
    b"Content-Type: text/csv",
    b"content-length: 3",
    b"Content-Length: 03",
    b"Content-Length: 0",
    b"Content-Length: 4",
    b"CONTENT-LENGTH:  3 ",
    b"Transfer-Encoding: chunked",
    b"Connection: close",
    b"Connection: keep-alive",
    b"Date: today",
    b"Set-Cookie: a",
    b"X-Folded: a\r\n b",
    b"no colon",
    b": no name",
    b"X-Control: \x01",
]
_STATUS = [b"HTTP/1.1 200 OK", b"HTTP/1.1 204 No Content", b"HTTP/1.1 304 Not Modified", b"HTTP/1.1 100 Continue",
           b"HTTP/1.0 200 OK", b"HTTP/1.1 500 Oh", b"HTTP/1.1 200", b"HTTP/1.1 OK"]  # fmt: skip
_BODIES = [
    b"",
    b"abc",
    b"abcd",
    b"3\r\nabc\r\n0\r\n\r\n",
    b"abcHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    b"\r\n\r\n",
]
answers = st.builds(
    lambda status, lines, body: b"\r\n".join([status, *lines, b"", body]),
    st.sampled_from(_STATUS),
    st.lists(st.sampled_from(_LINES), max_size=4),
    st.sampled_from(_BODIES) | st.binary(max_size=8),
)


class Wire(asyncio.Transport):
    """Takes everything and goes nowhere."""

    def __init__(self) -> None:
        super().__init__()
        self.aborted = False

    def write(self, data: Any) -> None:
        pass

    def get_write_buffer_size(self) -> int:
        return 0

    def is_closing(self) -> bool:
        return self.aborted

    def abort(self) -> None:
        self.aborted = True


class Owner:
    def release(self, connection: ClientConnection) -> None:
        pass

    def forget(self, connection: ClientConnection) -> None:
        pass


def outcome(answer: asyncio.Future[Response], wire: Wire) -> tuple[object, ...]:
    if not answer.done():
        return ("waits", wire.aborted)
    error = answer.exception()
    if error is not None:
        return (type(error), wire.aborted)
    response = answer.result()
    return (response.status, response.headers, response.body, wire.aborted)


def read(data: bytes, heads: KnownHeads, loop: asyncio.AbstractEventLoop, pieces: int) -> tuple[object, ...]:
    """What a new connection makes of the data, in so many pieces."""
    connection, wire = ClientConnection("peer", loop, Owner(), heads), Wire()
    connection.connection_made(wire)
    answer = connection.send(b"", b"", b"POST", loop.time() + 60)
    size = -(-len(data) // pieces) or 1
    for start in range(0, len(data), size):
        if not wire.aborted:
            connection.data_received(data[start : start + size])
    if connection._timer is not None:
        connection._timer.cancel()
    return outcome(answer, wire)


@given(st.lists(answers, min_size=1, max_size=4), st.integers(1, 3))
def test_an_answer_is_read_the_same_whatever_came_before_it(data: list[bytes], pieces: int) -> None:
    loop = asyncio.new_event_loop()
    try:
        heads = KnownHeads()
        for each in [*data, *data]:
            assert read(each, heads, loop, pieces) == read(each, KnownHeads(), loop, 1)
    finally:
        loop.close()


def test_a_known_head_needs_no_parser_and_its_headers_are_the_callers_own(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = asyncio.new_event_loop()
    connection, wire = ClientConnection("peer", loop, Owner(), KnownHeads()), Wire()
    connection.connection_made(wire)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nContent-Length: 3\r\n\r\n"
    for body in (b"abc", b"def"):
        answer = connection.send(b"", b"", b"POST", loop.time() + 60)
        connection.data_received(head + body)
        response = answer.result()
        assert (response.body, len(response.headers)) == (body, 2)
        response.headers.clear()
        connection._parser = None  # from now on it is not asked
    for method, streamed in ((b"HEAD", False), (b"POST", True)):  # their answers end elsewhere
        connection.send(b"", b"", method, loop.time() + 60, streamed=streamed)
        with pytest.raises(AttributeError):
            connection.data_received(head + b"abc")
        connection._answer = None
    loop.close()


def test_it_forgets_before_it_grows() -> None:
    heads = KnownHeads()
    for number in range(1000):
        data = b"HTTP/1.1 200 OK\r\ndate: %d\r\ncontent-length: 0\r\n\r\n" % number
        heads.learn(data, Response(200, [(b"date", b"%d" % number), (b"content-length", b"0")]))
        heads.request_head(Request(b"POST", b"/%d" % number, []), b"peer")
        assert heads.response(data) is not None
    assert len(heads._responses) <= 256
    assert len(heads._requests) <= 256


_names = st.sampled_from([b"content-type", b"accept", b"host", b"connection", b"x-a", b"content-length"])
_values = st.sampled_from([b"a", b"b", b"", b"text/csv", b"break\r\nx: y"])
requests = st.builds(
    Request,
    st.sampled_from([b"GET", b"POST", b"PUT", b"BAD\n"]),
    st.sampled_from([b"/", b"/invocations", b"/\r"]),
    st.lists(st.tuples(_names, _values), max_size=10),
    st.sampled_from([b"", b"a", b"bb"]),
)


@given(st.lists(requests, max_size=6), st.sampled_from([b"one:1", b"two:2"]))
def test_a_request_is_written_the_same_whatever_was_written_before(written: list[Request], authority: bytes) -> None:
    heads = KnownHeads()
    for request in [*written, *written]:
        try:
            expected = render_request_head(request, authority)
        except ValueError:
            with pytest.raises(ValueError, match="line break"):
                heads.request_head(request, authority)
        else:
            assert heads.request_head(request, authority) == expected
            heads.request_head(request, b"another:3")


def test_what_is_known_is_only_as_good_as_its_errors() -> None:
    """Junk is junk also after a good answer with the same beginning."""
    loop = asyncio.new_event_loop()
    heads = KnownHeads()
    good = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"
    read(good, heads, loop, 1)
    assert read(good + b"junk", heads, loop, 1) == read(good + b"junk", KnownHeads(), loop, 1)
    assert issubclass(read(b"junk", heads, loop, 1)[0], HttpError)  # type: ignore[arg-type]
    loop.close()
