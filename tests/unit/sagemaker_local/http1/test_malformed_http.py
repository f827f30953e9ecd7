"""Bytes from outside: whatever they are, the server answers with a 4xx or ends the connection, and goes on serving.

The examples are the same in every run (derandomize): to look for more, raise max_examples and leave that out.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from include.sagemaker_local.http1.messages import Request, Response
from include.sagemaker_local.http1.server import HttpServer, start_server

BOUND_S = 20.0
MAX_BODY_BYTES = 1000
STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) ")
QUICK = settings(
    max_examples=40, derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)

TOKEN = st.text("!#$%&'*+-.^_`|~abcXYZ019", min_size=1, max_size=12).map(str.encode)
JUNK = st.binary(max_size=60)
METHOD = st.one_of(
    st.sampled_from([b"GET", b"POST", b"PUT", b"HEAD", b"OPTIONS", b"get", b"PRI", b"CONNECT"]), TOKEN, JUNK
)
TARGET = st.one_of(st.sampled_from([b"/", b"*", b"/a?b=c", b"http://h/x", b"", b"/%zz", b"/\xff"]), JUNK)
VERSION = st.one_of(st.sampled_from([b"HTTP/1.1", b"HTTP/1.0", b"HTTP/2.0", b"HTTP/1.", b"", b"http/1.1"]), JUNK)
NAMES = [b"Host", b"Content-Length", b"Transfer-Encoding", b"Connection", b"Expect", b"Upgrade", b"X", b""]
NAME = st.one_of(st.sampled_from(NAMES), TOKEN, JUNK)
LENGTHS = [b"0", b"5", b"-1", b"+5", b"5, 5", b"9" * 30, b"0x5"]
CODINGS = [b"chunked", b"gzip, chunked", b"chunked, chunked"]
WORDS = [b"close", b"keep-alive", b"100-continue", b"websocket", b"", b" \t"]
VALUE = st.one_of(st.sampled_from([*LENGTHS, *CODINGS, *WORDS]), JUNK)
LINE_END = st.sampled_from([b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r", b"\r\n "])
CHUNKS = [b"5\r\nhello\r\n", b"0\r\n\r\n", b"5;x=y\r\nhello\r\n", b"-1\r\n", b"fffffffffff\r\n", b"5\r\nhel"]
CHUNK = st.one_of(st.sampled_from(CHUNKS), JUNK)


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    """Something like a request: every part of it right or wrong on its own."""
    end = draw(LINE_END)
    head = b" ".join([draw(METHOD), draw(TARGET), draw(VERSION)]) + end
    for name, value in draw(st.lists(st.tuples(NAME, VALUE), max_size=5)):
        head += name + draw(st.sampled_from([b": ", b":", b" : ", b""])) + value + end
    body = draw(st.one_of(JUNK, st.lists(CHUNK, max_size=4).map(b"".join)))
    return head + draw(st.sampled_from([end, b"\r\n", b""])) + body


async def greet(request: Request) -> Response:
    return Response(200, [(b"x-length", b"%d" % len(request.body))], b"hello")


async def say(port: int, pieces: list[bytes]) -> bytes:
    """Everything that the server answers to `pieces`, until it or we have nothing more to say."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        writer.write_eof()
        return await reader.read()
    except ConnectionError:
        return b""  # closed while we were still writing
    finally:
        writer.close()


async def check(server: HttpServer, pieces: list[bytes]) -> list[int]:
    """The statuses of the answers. The server must still answer a good request afterwards."""
    async with asyncio.timeout(BOUND_S):
        answered = await say(server.port, pieces)
        statuses = [int(status) for status in STATUS.findall(answered)]
        assert all(status < 500 for status in statuses), (statuses, pieces)
        good = await say(server.port, [b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"])
        assert good.startswith(b"HTTP/1.1 200 ")
        assert good.endswith(b"hello")
    return statuses


def serving(test: Callable[[HttpServer], Awaitable[None]]) -> None:
    async def main() -> None:
        server = await start_server(greet, max_body_bytes=MAX_BODY_BYTES)
        try:
            await test(server)
        finally:
            await server.close(0)

    asyncio.run(main())


@QUICK
@given(st.lists(requests(), min_size=1, max_size=3))
def test_requests_of_which_any_part_may_be_wrong(sent: list[bytes]) -> None:
    async def test(server: HttpServer) -> None:
        await check(server, [b"".join(sent)])

    serving(test)


@QUICK
@given(st.binary(max_size=300))
def test_any_bytes_at_all(sent: bytes) -> None:
    async def test(server: HttpServer) -> None:
        await check(server, [sent])

    serving(test)


@QUICK
@given(requests(), st.lists(st.integers(1, 400), max_size=6, unique=True).map(sorted))
def test_it_does_not_matter_where_the_pieces_are_cut(sent: bytes, cuts: list[int]) -> None:
    async def test(server: HttpServer) -> None:
        edges = [0, *[cut for cut in cuts if cut < len(sent)], len(sent)]
        pieces = [sent[start:end] for start, end in pairwise(edges)]
        whole, cut = await check(server, [sent]), await check(server, pieces)
        # What is refused may be cut off by a reset before it is read; what is answered is answered alike.
        assert whole == cut or not whole or not cut

    serving(test)


@QUICK
@given(st.integers(0, 12), st.integers(0, 200))
def test_good_requests_before_a_bad_one_are_answered_in_order(good: int, size: int) -> None:
    async def test(server: HttpServer) -> None:
        request = b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%b" % (size, b"x" * size)
        statuses = await check(server, [request * good, b"NO SUCH THING\r\n\r\n"])
        assert statuses == [200] * good + [400]

    serving(test)


@QUICK
@given(st.sampled_from([b"a", b"X-Long: ", b"GET /", b"\r\n"]), st.integers(65_000, 300_000))
def test_heads_without_an_end_are_refused(what: bytes, size: int) -> None:
    async def test(server: HttpServer) -> None:
        head = b"GET / HTTP/1.1\r\nX: " if what == b"a" else b"GET / HTTP/1.1\r\n" if what.startswith(b"X") else b""
        statuses = await check(server, [head + (what * size)[:size]])
        assert set(statuses) <= {400, 414, 431}

    serving(test)


@QUICK
@given(st.integers(0, 3000), st.booleans(), st.integers(0, 3000))
def test_bodies_that_are_too_large_or_end_too_early(announced: int, chunked: bool, sent: int) -> None:
    async def test(server: HttpServer) -> None:
        body = b"x" * sent
        if chunked:
            head, body = b"Transfer-Encoding: chunked", b"%x\r\n%b" % (max(1, announced), body)
        else:
            head = b"Content-Length: %d" % announced
        statuses = await check(server, [b"POST / HTTP/1.1\r\nHost: h\r\n" + head + b"\r\n\r\n" + body])
        assert statuses[:1] in ([], [200], [400], [413])
        if announced > MAX_BODY_BYTES and not chunked:
            assert statuses in ([413], [])

    serving(test)
