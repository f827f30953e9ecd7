"""One keep-alive connection of a load: writes a request, logs how it ended, and hands itself back for the next.

There is no task, future or timer for a request. Nearly all answers of an endpoint have a head that is the same to the
byte as the one before and come in one piece: those are recognised by comparing bytes. All others go to the parser.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from include.sagemaker_local.http1.errors import ProtocolError
from include.sagemaker_local.load.answer_log import AnswerLog
from include.sagemaker_local.load.answers import Answer, container_latencies, failed_answer, no_answer
from include.sagemaker_local.load.known_answers import KnownAnswers
from include.sagemaker_local.load.requests import Requests
from include.sagemaker_local.load.response_reader import Reading, ResponseReader
from include.sagemaker_local.load.stage import Failure

# A refused connection fails within microseconds. Without a pause whoever needs it would do nothing but burn a core that
# the endpoint under test needs to come back.
PAUSE_AFTER_LOST_CONNECTION_S = 0.01

# No response is this short: nothing is recognised by comparing bytes.
_NEVER = -1


def _not_at_all(service_us: int) -> None:
    """Where the log does not keep it."""


class Owner(Protocol):
    """Whose connection it is. Every request ends with exactly one of these two, after it was logged."""

    def free(self, now_ns: int) -> None:
        """The request got an answer and the connection can carry another one."""

    def lost(self, failure: Failure | None) -> None:
        """The connection is gone, with the request that it carried: `failure` says how that ended.

        None: it carried none, or one that had been answered.
        """


class Dial(Protocol):
    """What opens connections; a Dialer in earnest."""

    async def connect(self, kit: Kit, owner: Owner) -> Connection:
        """An open connection. Raises HttpError."""


@dataclass(frozen=True, slots=True)
class Kit:
    """What all connections of a load share. `now_ns` is a clock that never goes back."""

    dial: Dial
    requests: Requests
    log: AnswerLog
    known: KnownAnswers
    timeout_s: float
    asks_on: bool
    """Whether a connection asks again as soon as it has an answer (closed loop), or hands itself back (open loop)."""
    now_ns: Callable[[], int]
    broke: Callable[[BaseException], None]
    """Told of an error that is nobody's but ours."""


class Connection(asyncio.Protocol):
    """A connection to `authority`, which carries one request at a time."""

    __slots__ = (
        "_asks_on", "_authority", "_awaited", "_due_ns", "_expected_bytes", "_free", "_kit", "_log_end",
        "_log_latency", "_log_service", "_now_ns", "_owner", "_partial", "_reader", "_ready", "_transport",
        "_turn", "_usual_bytes", "_usual_head", "_write", "ended", "sent_ns",
    )  # fmt: skip

    def __init__(self, authority: str, kit: Kit, owner: Owner) -> None:
        self.sent_ns = 0
        """When the latest request was written."""
        self.ended = False
        self._authority = authority
        self._kit = kit
        self._owner = owner
        self._awaited = False  # a request was sent and its answer has not come
        self._partial = False  # a part of it has
        self._due_ns = 0
        self._usual_head = b""
        self._usual_bytes = _NEVER
        self._expected_bytes = _NEVER  # _usual_bytes while a whole answer may come, else _NEVER
        self._reader = ResponseReader()
        self._transport: asyncio.Transport = None  # type: ignore[assignment]  # set before anything else is called
        # What is used for every request is looked up once.
        self._free = owner.free
        self._now_ns = kit.now_ns
        self._turn, self._ready = kit.requests.turn, kit.requests.ready
        batch = kit.log.batch
        self._log_end, self._log_latency = batch.ends_ns.append, batch.latencies_us.append
        self._log_service = batch.services_us.append if kit.log.timed else _not_at_all
        self._asks_on = kit.asks_on

    def ask(self, due_ns: int, now_ns: int) -> None:
        """Write the next request. Its latency counts from `due_ns`."""
        self._due_ns = due_ns
        self.sent_ns = now_ns
        self._awaited = True
        self._expected_bytes = self._usual_bytes
        self._write(self._ready[next(self._turn)])

    def give_up(self, now_ns: int) -> None:
        """No answer in time: the connection ends, or that answer would be taken for the next request's."""
        self._fail(Failure.TIMEOUT, f"{self._authority} did not answer within {self._kit.timeout_s:g} s", now_ns)

    def finish(self) -> None:
        """End with the answer that is awaited; its owner is not told of it."""
        self._asks_on = False
        self._free = lambda now_ns: self.abort()
        if not self._awaited:
            self.abort()

    def abort(self) -> None:
        """Close now and say nothing more."""
        self.ended = True
        self._awaited = False
        self._expected_bytes = _NEVER
        self._transport.abort()

    def is_overdue(self, sent_before_ns: int) -> bool:
        """Whether a request is under way that was sent before then."""
        return self._awaited and self.sent_ns < sent_before_ns

    # -- asyncio's callbacks

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asyncio: connected. TCP_NODELAY is set by asyncio and uvloop alike."""
        self._transport = transport  # type: ignore[assignment]  # uvloop's are not asyncio's classes
        # A request is to leave when it is written and its time is taken, not at the end of the event loop's turn.
        self._transport.set_write_buffer_limits(high=0)
        self._write: Callable[[Any], None] = (
            self._transport.writelines if self._kit.requests.in_pieces else self._transport.write
        )

    def data_received(self, data: bytes) -> None:
        """Asyncio: bytes have come."""
        try:
            if len(data) == self._expected_bytes and data.startswith(self._usual_head):
                now_ns = self._now_ns()
                self._log_latency((now_ns - self._due_ns) // 1000)
                self._log_end(now_ns)
                if self._asks_on:  # what `ask` would do, where its call would be felt
                    self._due_ns = self.sent_ns = now_ns
                    self._write(self._ready[next(self._turn)])
                else:
                    self._log_service((now_ns - self.sent_ns) // 1000)
                    self._finish(now_ns)
            else:
                self._read(data)
        except Exception as error:  # asyncio would close the connection, and it would be counted as the peer's failure
            self._kit.broke(error)

    def eof_received(self) -> None:
        """Asyncio: the peer will send no more. A body without a length ends here."""
        if self._awaited and (reading := self._reader.end()) is not None:
            self._complete(reading, self._now_ns())

    def connection_lost(self, exc: Exception | None) -> None:
        """Asyncio: the connection is gone."""
        try:
            self._end(exc)
        except Exception as error:
            self._kit.broke(error)

    # -- the work

    def _end(self, error: Exception | None) -> None:
        if self.ended:
            return
        if not self._awaited:
            self._leave(None)
            return
        when = "in the middle of its answer" if self._partial else "before it answered"
        reason = f": {error}" if error else ""
        self._fail_connection(f"{self._authority} closed the connection {when}{reason}")

    def _read(self, data: bytes) -> None:
        """An answer that is not as the one before, or a part of one."""
        now_ns = self._now_ns()
        if self.ended:
            return
        if not self._awaited:
            self._leave(None)  # nothing was asked
            return
        if not self._partial and (known := self._kit.known.recognise(data)) is not None:
            if known.usual_head is not None:
                self._usual_head, self._usual_bytes = known.usual_head, len(data)
            self._log_success(known.container_latency, now_ns)
            self._finish(now_ns)
            return
        try:
            reading = self._reader.feed(data)
        except ProtocolError as error:
            self._fail_connection(f"{self._authority} {error}")
            return
        if reading is None:
            self._partial, self._expected_bytes = True, _NEVER
            return
        if reading.plain and 200 <= reading.status < 300 and not self._partial:
            self._kit.known.learn(data, reading.body_bytes)
        self._complete(reading, now_ns)

    def _complete(self, reading: Reading, now_ns: int) -> None:
        if 200 <= reading.status < 300:
            self._log_success(reading.container_latency, now_ns)
        else:
            latency_us, service_us = self._took_us(now_ns)
            self._kit.log.note(failed_answer(reading.status, reading.body_start, latency_us), service_us, now_ns)
        # A peer that answers before it has read the whole request is not fit for another one.
        if reading.reusable and self._transport.get_write_buffer_size() == 0:
            self._finish(now_ns)
        else:
            self._leave(None)

    def _finish(self, now_ns: int) -> None:
        self._awaited = self._partial = False
        self._expected_bytes = _NEVER
        self._free(now_ns)

    def _fail_connection(self, detail: str) -> None:
        self._fail(Failure.CONNECTION, detail, self._now_ns())

    def _fail(self, failure: Failure, detail: str, now_ns: int) -> None:
        latency_us, service_us = self._took_us(now_ns)
        self._kit.log.note(no_answer(failure, detail, latency_us), service_us, now_ns)
        self._leave(failure)

    def _leave(self, failure: Failure | None) -> None:
        self.abort()
        self._owner.lost(failure)

    def _log_success(self, container_latency: bytes | None, now_ns: int) -> None:
        latency_us, service_us = self._took_us(now_ns)
        containers_us = container_latencies(container_latency)
        if containers_us:
            self._kit.log.note(Answer(latency_us, containers_us=containers_us), service_us, now_ns)
        else:
            self._kit.log.succeeded(latency_us, service_us, now_ns)

    def _took_us(self, now_ns: int) -> tuple[int, int]:
        """How long the request took from when it was due, and from when it was sent."""
        return (now_ns - self._due_ns) // 1000, (now_ns - self.sent_ns) // 1000
