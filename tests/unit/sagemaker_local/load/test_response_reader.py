"""What the reader makes of responses does not depend on the pieces that they come in, nor on knowing their heads."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from include.sagemaker_local.http1.errors import ProtocolError
from include.sagemaker_local.load.known_answers import KnownAnswers
from include.sagemaker_local.load.response_reader import Reading, ResponseReader

TOKENS = st.text("abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=12).map(str.encode)
VALUES = st.text("abcXYZ019 =,;/\"'\t", max_size=20).map(lambda text: text.strip().encode())
SPLIT = b"x-local-container-latency-us"


@dataclass(frozen=True)
class Sent:
    """A response as a server sends it, and what is to be read of it."""

    raw: bytes
    status: int
    body: bytes
    latency: bytes | None


@st.composite
def responses(draw: st.DrawFn) -> Sent:
    status = draw(st.sampled_from([200, 201, 400, 424, 500, 503]))
    body = draw(st.binary(max_size=3_000))
    headers = [(b"z-" + draw(TOKENS), draw(VALUES)) for _ in range(draw(st.integers(0, 3)))]
    latency = draw(st.one_of(st.none(), st.sampled_from([b"a=1", b"a=1,b=22"])))
    if latency is not None:
        headers.append((SPLIT, latency))
    chunked = draw(st.booleans())
    headers.append((b"transfer-encoding", b"chunked") if chunked else (b"content-length", b"%d" % len(body)))
    head = b"HTTP/1.1 %d X\r\n" % status + b"".join(b"%b: %b\r\n" % header for header in draw(st.permutations(headers)))
    chunks = (b"%x\r\n%b\r\n" % (len(body), body) if body else b"") + b"0\r\n\r\n"
    return Sent(head + b"\r\n" + (chunks if chunked else body), status, body, latency)


def read(raw: bytes, cuts: list[int]) -> list[Reading]:
    reader, readings, begin = ResponseReader(), [], 0
    for cut in sorted({cut % (len(raw) + 1) for cut in cuts} | {len(raw)}):
        if reading := reader.feed(raw[begin:cut]):
            readings.append(reading)
        begin = cut
    return readings


@given(responses(), st.lists(st.integers(0, 10_000), max_size=6))
def test_a_response_is_read_whole_however_it_is_cut(sent: Sent, cuts: list[int]) -> None:
    (reading,) = read(sent.raw, cuts)

    assert (reading.status, reading.container_latency, reading.body_bytes) == (
        sent.status,
        sent.latency,
        len(sent.body),
    )
    assert reading.body_start == sent.body[:1200]
    assert reading.reusable


@given(responses(), responses())
def test_one_after_the_other_on_one_connection(first: Sent, second: Sent) -> None:
    reader = ResponseReader()

    assert [reader.feed(each.raw) for each in (first, second)] == [read(each.raw, [])[0] for each in (first, second)]


@given(st.lists(responses(), min_size=1, max_size=6))
def test_what_is_recognised_is_what_the_parser_would_have_read(sent: list[Sent]) -> None:
    known = KnownAnswers()
    for each in [*sent, *sent]:
        (reading,) = read(each.raw, [])
        recognised = known.recognise(each.raw)
        if recognised is not None:
            assert reading.plain
            assert 200 <= reading.status < 300
            assert recognised.container_latency == reading.container_latency
        elif reading.plain and 200 <= reading.status < 300:
            known.learn(each.raw, reading.body_bytes)
            assert known.recognise(each.raw) is not None


@given(st.binary(max_size=300), st.binary(max_size=30))
def test_bytes_from_anywhere_are_a_response_or_none_or_refused(raw: bytes, more: bytes) -> None:
    reader = ResponseReader()
    try:
        for piece in (raw, more):
            reading = reader.feed(b"HTTP/1.1 200 OK\r\n" + piece)
            assert reading is None or reading.status >= 200
        reader.end()
    except ProtocolError:
        return


def test_bodies_of_any_size_take_no_memory() -> None:
    reader = ResponseReader()
    reader.feed(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n")
    for _ in range(9):
        assert reader.feed(b"x" * 100_000) is None
    reading = reader.feed(b"x" * 100_000)

    assert reading is not None
    assert (reading.body_bytes, len(reading.body_start)) == (1_000_000, 1200)


def test_heads_that_differ_in_what_names_one_answer_are_one_head() -> None:
    answer = b"HTTP/1.1 200 OK\r\nx-amzn-requestid: %b\r\n%b: m=%b\r\ncontent-length: 2\r\n\r\nok"
    known = KnownAnswers()
    known.learn(answer % (b"one", SPLIT, b"1"), 2)

    found = known.recognise(answer % (b"another", SPLIT, b"12345"))

    assert found is not None
    assert (found.usual_head, found.container_latency) == (None, b"m=12345")
    assert known.recognise(answer % (b"x", SPLIT, b"1") + b"more") is None


def test_what_is_known_is_bounded() -> None:
    known = KnownAnswers()
    answers = [b"HTTP/1.1 200 OK\r\nn: %d\r\ncontent-length: 0\r\n\r\n" % number for number in range(1_000)]
    for answer in answers:
        known.learn(answer, 0)

    assert sum(known.recognise(answer) is not None for answer in answers) <= 256


def test_an_upgrade_is_no_answer() -> None:
    reader = ResponseReader()
    try:
        reader.feed(b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n")
    except ProtocolError:
        return
    raise AssertionError("nobody speaks that protocol")
