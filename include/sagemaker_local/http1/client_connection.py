"""One connection of the client: writes a request, resolves a future with the response. No task of its own."""

from __future__ import annotations

import asyncio
import select
from typing import Any, Protocol

import httptools

from include.sagemaker_local.http1.body_pieces import BodyPieces
from include.sagemaker_local.http1.errors import ConnectionFailed, HttpError, ProtocolError, RequestTimeout
from include.sagemaker_local.http1.known_heads import KnownHeads
from include.sagemaker_local.http1.messages import Headers, Response, StreamedResponse
from include.sagemaker_local.http1.rendering import send

# Deadlines of one timeout come a few milliseconds before or after that of the timer which is set; to set another one
# costs as much as the rest of a request. A request may end this much too late.
_TIMER_SLACK_S = 0.1

# What announces where a body ends.
_LENGTHS = frozenset((b"content-length", b"transfer-encoding"))


class Owner(Protocol):
    """Who made a connection and is told of its ways."""

    def release(self, connection: ClientConnection) -> None:
        """The connection is free for another request."""

    def forget(self, connection: ClientConnection) -> None:
        """The connection is gone."""


class ClientConnection(asyncio.Protocol):
    """A connection to `authority` that carries one request at a time."""

    def __init__(self, authority: str, loop: asyncio.AbstractEventLoop, owner: Owner, heads: KnownHeads) -> None:
        self.idle_since_s = 0.0
        self.answer_began = False  # a byte of the response to the latest request has come
        self.usable = True  # another request may be sent: as far as the event loop knows, nobody has closed it
        self._authority = authority
        self._loop = loop
        self._owner = owner
        self._heads = heads
        self._delivered: Response | None = None  # the answer, once it has left the connection fit for another request
        self._transport: asyncio.Transport = None  # type: ignore[assignment]  # set before anything else is called
        self._parser: Any = httptools.HttpResponseParser(self)
        self._answer: asyncio.Future[Response] | None = None
        self._streamed = False  # the answer is wanted when its head is there
        self._body: BodyPieces | None = None  # the body under way, once it was handed out
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at_s = 0.0
        self._deadline_s = 0.0
        self._method = b""
        self._forget_message()

    def silent(self) -> bool:
        """Whether the kernel, too, knows of nothing: on an idle connection whatever can be read is its end, or junk."""
        poll = select.poll()
        poll.register(self._transport.get_extra_info("socket").fileno(), select.POLLIN)
        return not poll.poll(0)

    def send(
        self, head: bytes, body: bytes, method: bytes, deadline_s: float, *, streamed: bool = False
    ) -> asyncio.Future[Response]:
        """Write a request: its head, rendered, and its body. The future ends with its response, or with an HttpError.

        `deadline_s` is a time of the event loop's clock. `streamed` wants a StreamedResponse, as soon as its head is
        there; then there is no deadline any more.
        """
        answer = self._answer = self._loop.create_future()
        self._method = method
        self._streamed = streamed
        self.answer_began = False
        self._delivered = None
        self._deadline_s = deadline_s
        if self._timer is None or deadline_s < self._timer_at_s - _TIMER_SLACK_S:
            self._set_timer()
        send(self._transport, head, body)
        return answer

    def abort(self) -> None:
        """Close now. A request under way ends with ConnectionFailed."""
        self.usable = False
        self._transport.abort()

    def drop(self, response: Response) -> None:
        """Nobody wants the response. Ends the connection when its body is still under way."""
        if self._body is not None and isinstance(response, StreamedResponse) and response.pieces is self._body:
            self.abort()

    def pause(self) -> None:
        """Let the peer wait; only while a body is under way."""
        if not self._transport.is_closing():
            self._transport.pause_reading()

    def resume(self) -> None:
        """Read on."""
        if not self._transport.is_closing():
            self._transport.resume_reading()

    # -- asyncio's callbacks

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asyncio: connected. TCP_NODELAY is set by asyncio and uvloop alike."""
        self._transport = transport  # type: ignore[assignment]  # uvloop's are not asyncio's classes

    def data_received(self, data: bytes) -> None:
        """Asyncio: bytes have come."""
        if self._answer is None and self._body is None:
            self.abort()  # nothing was asked
            return
        first, self.answer_began = not self.answer_began, True
        whole = first and not self._streamed and self._method != b"HEAD"
        if whole and (response := self._heads.response(data)) is not None:
            self._deliver(response, reusable=True)
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserCallbackError:
            raise  # a fault of ours, not of the peer: asyncio logs it and closes the connection
        except httptools.HttpParserError as error:
            self._fail(ProtocolError(f"{self._authority} answered with something that is not HTTP/1.1: {error}"))
            return
        if whole and self._delivered is not None:
            self._heads.learn(data, self._delivered)

    def eof_received(self) -> None:
        """Asyncio: the peer will send no more. A body without a length ends here (RFC 9112, 6.3)."""
        self.usable = False
        if (self._answer is not None or self._body is not None) and self._until_eof:
            self._complete(self._parser.get_status_code(), reusable=False)

    def connection_lost(self, exc: Exception | None) -> None:
        """Asyncio: the connection is gone."""
        self.usable = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._owner.forget(self)
        if self._answer is not None or self._body is not None:
            when = "in the middle of its answer" if self.answer_began else "before it answered"
            reason = f": {exc}" if exc else ""
            self._fail(ConnectionFailed(f"{self._authority} closed the connection {when}{reason}"))

    # -- httptools' callbacks

    def on_message_begin(self) -> None:
        """Httptools: the first byte of a response."""
        if self._answer is None:
            self.abort()  # a second answer to one request: the next one could be taken for another's

    def on_header(self, name: bytes, value: bytes) -> None:
        """Httptools: one header; after the head, one trailer, which nobody here wants."""
        if not self._head_done:
            self._headers.append((name.lower(), value.rstrip()))

    def on_headers_complete(self) -> None:
        """Httptools: the head is whole."""
        self._head_done = True
        status = self._parser.get_status_code()
        if self._method == b"HEAD" and status >= 200:
            # The parser would wait for the body that a GET had got.
            reusable = self._parser.should_keep_alive()
            self._parser = httptools.HttpResponseParser(self)
            self._complete(status, reusable=reusable)
        elif self._streamed and status >= 200:
            self._hand_out(status)

    def on_body(self, piece: bytes) -> None:
        """Httptools: a part of the body."""
        if self._body is None:
            self._pieces.append(piece)
        else:
            self._body.feed(piece)

    def on_message_complete(self) -> None:
        """Httptools: the response is whole; one below 200 only announces the real one."""
        status = self._parser.get_status_code()
        if status < 200:
            self._forget_message()
        elif self._answer is not None or self._body is not None:
            self._complete(status, reusable=self._parser.should_keep_alive())

    # -- the work

    def _forget_message(self) -> None:
        self._headers: Headers = []
        self._pieces: list[bytes] = []
        self._head_done = False

    @property
    def _until_eof(self) -> bool:
        """Whether the body under way has no announced end."""
        return self._head_done and not any(name in _LENGTHS for name, _ in self._headers)

    def _hand_out(self, status: int) -> None:
        """The head is there: the caller gets it, with a body that is still coming."""
        body = self._body = BodyPieces(self, self._loop)
        length = next((int(value) for name, value in self._headers if name == b"content-length"), None)
        answer, self._answer = self._answer, None
        if answer is not None and not answer.done():
            answer.set_result(StreamedResponse(status, self._headers, body, length))

    def _complete(self, status: int, *, reusable: bool) -> None:
        if self._streamed and self._body is None:
            self._hand_out(status)
        pieces = self._pieces
        response = Response(status, self._headers, pieces[0] if len(pieces) == 1 else b"".join(pieces))
        self._forget_message()
        self._deliver(response, reusable=reusable)

    def _deliver(self, response: Response, *, reusable: bool) -> None:
        answer, self._answer = self._answer, None
        body, self._body = self._body, None
        # A peer that answers before it has read the whole request is not fit for another one.
        if reusable and self._transport.get_write_buffer_size() == 0:
            self._delivered = response
            self.idle_since_s = self._loop.time()
            self._owner.release(self)
        else:
            self.abort()
        if body is not None:
            body.end()
        elif answer is not None and not answer.done():
            answer.set_result(response)

    def _fail(self, error: HttpError) -> None:
        answer, self._answer = self._answer, None
        body, self._body = self._body, None
        self.abort()
        if body is not None:
            body.end(error)
        if answer is not None and not answer.done():
            answer.set_exception(error)

    def _set_timer(self) -> None:
        """One timer a connection, not one a request: it is set again only when it has rung too early."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at_s = self._deadline_s
        self._timer = self._loop.call_at(self._deadline_s, self._rang)

    def _rang(self) -> None:
        self._timer = None
        if self._answer is None:
            return
        if self._loop.time() < self._deadline_s:
            self._set_timer()
        else:
            self._fail(RequestTimeout(f"{self._authority} did not answer in time"))
