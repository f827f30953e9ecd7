"""One connection of a load, byte by byte and nanosecond by nanosecond."""

from __future__ import annotations

import pytest

from include.sagemaker_local.load.answer_log import FAILED, Batch
from include.sagemaker_local.load.connection import Connection
from include.sagemaker_local.load.stage import Failure
from tests.fakes.load_connection import MS, OK, FakeOwner, FakeTransport, ManualNanoseconds, kit

SPLIT = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nx-local-container-latency-us: a=%d,b=2\r\n\r\nok"


class Line:
    """A connection with all that belongs to it. `ask` at 0 unless told otherwise."""

    def __init__(self, *payloads: bytes, timed: bool = False, asks_on: bool = False) -> None:
        self.clock = ManualNanoseconds()
        self.kit = kit(self.clock, None, *payloads, timed=timed, asks_on=asks_on)
        self.owner, self.transport = FakeOwner(), FakeTransport()
        self.connection = Connection("model:80", self.kit, self.owner)
        self.connection.connection_made(self.transport)

    def ask(self, due_ms: int = 0, now_ms: int = 0) -> None:
        self.connection.ask(due_ms * MS, now_ms * MS)

    def receive(self, *pieces: bytes, at_ms: int = 1) -> None:
        self.clock.now_ns = at_ms * MS
        for piece in pieces:
            self.connection.data_received(piece)

    @property
    def batch(self) -> Batch:
        return self.kit.log.take()


@pytest.mark.parametrize("size", [1, 2, 7, 37, len(OK)])
def test_an_answer_is_read_whatever_pieces_it_comes_in(size: int) -> None:
    line = Line()
    for number in range(3):
        line.ask()
        line.receive(*[OK[begin : begin + size] for begin in range(0, len(OK), size)], at_ms=number + 1)

    batch = line.batch
    assert batch.latencies_us == [1_000, 2_000, 3_000]
    assert batch.ends_ns == line.owner.freed_at_ns == [1 * MS, 2 * MS, 3 * MS]
    assert (batch.notes, line.owner.losses) == ([], [])


def test_known_answers_do_not_go_to_the_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    line = Line()
    line.ask()
    line.receive(OK)
    for answer in (OK, OK):
        monkeypatch.setattr(line.connection, "_reader", None)
        line.ask()
        line.receive(answer)

    assert line.batch.latencies_us == [1_000] * 3


def test_a_body_that_looks_like_an_answer_is_a_body() -> None:
    line = Line()
    for _ in range(2):
        line.ask()
        line.receive(OK)
    line.ask()
    line.receive(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % (2 * len(OK)), OK, at_ms=2)
    assert line.batch.latencies_us == [1_000] * 2

    line.receive(OK, at_ms=3)
    assert line.batch.latencies_us == [3_000]


def test_what_one_connection_learnt_all_of_a_load_know(monkeypatch: pytest.MonkeyPatch) -> None:
    line = Line()
    line.ask()
    line.receive(OK)
    other = Connection("model:80", line.kit, FakeOwner())
    other.connection_made(FakeTransport())
    monkeypatch.setattr(other, "_reader", None)
    other.ask(0, 0)
    other.data_received(OK)

    assert line.batch.latencies_us == [1_000] * 2


def test_containers_latencies_are_read_of_answers_that_are_known_and_of_those_that_are_not() -> None:
    line = Line()
    for number in (1, 20, 300):
        line.ask()
        line.receive(SPLIT % number)

    assert [answer.containers_us["a"] for _, answer in line.batch.notes] == [1, 20, 300]


def test_latency_counts_from_when_it_was_due_and_service_from_when_it_was_sent() -> None:
    line = Line(timed=True)
    for answer in (OK, OK, SPLIT % 1, b"HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n"):
        line.ask(due_ms=1, now_ms=4)
        line.receive(answer, at_ms=6)

    batch = line.batch
    assert batch.latencies_us == [5_000, 5_000, 5_000, FAILED]
    assert batch.services_us == [2_000, 2_000, 2_000, FAILED]


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" + OK,
        b"HTTP/1.1 204 No Content\r\n\r\n",
    ],
)
def test_answers_that_keep_the_connection(answer: bytes) -> None:
    line = Line()
    for _ in range(2):
        line.ask()
        line.receive(answer)

    assert line.batch.latencies_us == [1_000] * 2
    assert not line.transport.aborted


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok",
        OK + OK,  # the second one would be taken for the answer to the next request
        OK + b"garbage",
    ],
)
def test_answers_that_count_and_end_the_connection(answer: bytes) -> None:
    line = Line()
    line.ask()
    line.receive(answer)

    assert line.batch.latencies_us == [1_000]
    assert line.transport.aborted
    assert (line.owner.losses, line.owner.freed_at_ns) == ([None], [])


def test_a_body_without_a_length_ends_with_the_connection() -> None:
    line = Line()
    line.ask()
    line.receive(b"HTTP/1.1 200 OK\r\n\r\nok")
    assert line.batch.ends_ns == []

    line.connection.eof_received()
    line.connection.connection_lost(None)

    assert line.batch.latencies_us == [1_000]
    assert line.owner.losses == [None]


def test_an_answer_before_the_request_was_taken_is_the_last_on_its_connection() -> None:
    line = Line()
    line.ask()
    line.transport.unsent_bytes = 10
    line.receive(OK)

    assert line.batch.latencies_us == [1_000]
    assert line.owner.losses == [None]


@pytest.mark.parametrize(
    ("pieces", "detail"),
    [
        ([], "model:80 closed the connection before it answered"),
        ([OK[:20]], "model:80 closed the connection in the middle of its answer"),
        ([OK[:-1]], "model:80 closed the connection in the middle of its answer"),
    ],
)
def test_a_connection_that_breaks_off_is_a_failure_of_it(pieces: list[bytes], detail: str) -> None:
    line = Line()
    line.ask()
    line.receive(*pieces)
    line.connection.eof_received()
    line.connection.connection_lost(None)

    batch = line.batch
    assert batch.latencies_us == [FAILED]
    assert (batch.notes[0][1].failure, batch.notes[0][1].detail) == (Failure.CONNECTION, detail)
    assert line.owner.losses == [Failure.CONNECTION]


def test_what_is_not_http_is_a_failure_of_the_connection() -> None:
    line = Line()
    line.ask()
    line.receive(b"SSH-2.0-OpenSSH_9.2\r\n")

    ((_, answer),) = line.batch.notes
    assert answer.failure is Failure.CONNECTION
    assert answer.detail is not None
    assert answer.detail.startswith("model:80 answered with something that is not HTTP/1.1")
    assert line.transport.aborted


@pytest.mark.parametrize(
    ("status", "failure"), [(400, Failure.CLIENT_ERROR), (424, Failure.SERVER_ERROR), (503, Failure.SERVER_ERROR)]
)
def test_error_answers_are_failures_and_keep_the_connection(status: int, failure: Failure) -> None:
    line = Line()
    line.ask()
    line.receive(b"HTTP/1.1 %d X\r\ncontent-length: 3000\r\n\r\nbad " % status, b"x" * 2996)

    ((_, answer),) = line.batch.notes
    assert answer.failure is failure
    assert answer.detail == f"HTTP {status} bad {'x' * 287}"
    assert line.owner.freed_at_ns == [MS]


def test_a_request_that_takes_too_long_ends_with_its_connection() -> None:
    line = Line()
    line.ask()
    assert not line.connection.is_overdue(0)
    assert line.connection.is_overdue(1)

    line.connection.give_up(2_000 * MS)
    line.receive(OK)  # too late
    line.connection.connection_lost(None)

    ((_, answer),) = line.batch.notes
    assert (answer.failure, answer.detail) == (Failure.TIMEOUT, "model:80 did not answer within 1 s")
    assert answer.latency_us == 2_000_000
    assert line.owner.losses == [Failure.TIMEOUT]
    assert line.transport.aborted


@pytest.mark.parametrize("end", [lambda c: c.data_received(b"junk"), lambda c: c.connection_lost(None)])
def test_an_idle_connection_that_ends_is_no_failure(end: object) -> None:
    line = Line()
    line.ask()
    line.receive(OK)
    assert callable(end)
    end(line.connection)

    assert line.batch.latencies_us == [1_000]
    assert line.owner.losses == [None]


def test_a_connection_that_is_to_finish_waits_for_its_answer_and_asks_no_more() -> None:
    line = Line()
    line.ask()
    line.connection.finish()
    before = line.transport.aborted

    line.receive(OK)

    assert line.batch.latencies_us == [1_000]
    assert (before, line.transport.aborted) == (False, True)
    assert line.owner.freed_at_ns == []


def test_large_payloads_are_not_copied_to_be_joined_with_their_heads() -> None:
    large = b"x" * 100_000
    line = Line(large, b"small")
    line.ask()

    assert line.kit.requests.in_pieces
    assert line.transport.written[0].endswith(large)


def test_in_a_closed_loop_a_known_answer_is_followed_by_the_next_request_at_once() -> None:
    line = Line(b"a", b"b", b"c", asks_on=True)
    line.ask()
    line.receive(OK, at_ms=2)  # read by the parser; its owner asks again
    line.ask(2, 2)
    line.receive(OK, at_ms=5)  # recognised by its head
    line.ask(5, 5)
    line.receive(OK, OK, at_ms=9)  # as the one before

    assert line.batch.latencies_us == [2_000, 3_000, 4_000, 0]
    assert line.owner.freed_at_ns == [2 * MS, 5 * MS]
    assert [request[-1:] for request in line.transport.written] == [b"a", b"b", b"c", b"a", b"b"]
    assert line.connection.is_overdue(9 * MS + 1)
    assert not line.connection.is_overdue(9 * MS)

    line.connection.finish()
    line.receive(OK, at_ms=10)
    assert line.batch.latencies_us == [1_000]
    assert line.transport.aborted
