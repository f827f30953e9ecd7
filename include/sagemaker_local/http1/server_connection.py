"""One connection of the server: bytes in, requests to the handler one at a time, answers out in their order.

A connection reads on while a handler works, so a client that pipelines is answered in order; as soon as a whole request
has to wait, reading stops, so what waits is bounded by one read. A task serves a burst of requests, not a single one.

A handler is not cancelled when its client goes away: what it was doing to the server's state is finished. The pieces
of a streamed answer are asked for as fast as the client takes them, and closed when it is gone.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from dataclasses import dataclass
from typing import Protocol

from include.sagemaker_local.http1.messages import Handler, Request, Response, StreamedResponse
from include.sagemaker_local.http1.rendering import (
    chunk,
    has_body,
    refusal,
    render_response,
    render_streamed_head,
    send,
)
from include.sagemaker_local.http1.request_reader import RequestReader

logger = logging.getLogger(__name__)

# After a refusal the rest of the request is read and thrown away for this long, else the reset that follows an early
# close can overtake the answer. nginx's lingering_time.
LINGER_S = 30.0

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_HANDLER_FAILED = "internal error: the handler of this request failed; the server's log has the traceback"


class Client(Protocol):
    """One connection, as the server that closes it sees it."""

    def finish(self) -> None:
        """Take no further request; close when those that have begun are answered."""

    def cut(self) -> asyncio.Task[None] | None:
        """End the connection now. Returns the handler's task, cancelled, if one was running."""


@dataclass(slots=True)
class Book:
    """What all connections of one server share."""

    handler: Handler
    max_body_bytes: int
    loop: asyncio.AbstractEventLoop
    open: set[Client]
    closing: bool = False
    drained: asyncio.Event | None = None

    def strike(self, connection: Client) -> None:
        """A connection is gone and nothing runs for it any more."""
        self.open.discard(connection)
        if self.drained is not None and not self.open:
            self.drained.set()


class ServerConnection(asyncio.Protocol):
    """Has the requests of one client answered and writes the answers."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._transport: asyncio.Transport = None  # type: ignore[assignment]  # set before anything else is called
        self._reader = RequestReader(self, book.max_body_bytes)
        self._waiting: deque[tuple[Request | Response, bytes | None]] = deque()
        self._task: asyncio.Task[None] | None = None
        self._lost = False
        self._writable = True
        self._caught_up: asyncio.Future[None] | None = None  # a streamed answer waits for the client
        self._paused = False
        self._last = False  # no further request of this connection is taken
        self._client_done = False
        self._refused = False
        self._continue_due = False
        self._linger: asyncio.TimerHandle | None = None

    # -- asyncio's callbacks

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asyncio: the client is there."""
        self._transport = transport  # type: ignore[assignment]  # uvloop's are not asyncio's classes
        self._book.open.add(self)

    def data_received(self, data: bytes) -> None:
        """Asyncio: bytes have come."""
        if not self._last:
            self._reader.feed(data)

    def eof_received(self) -> bool:
        """Asyncio: the client will send no more. It may still wait for answers: stay until they are written."""
        self._last = self._client_done = True
        return self._task is not None or bool(self._waiting)

    def pause_writing(self) -> None:
        """Asyncio: the client reads slower than we write."""
        self._writable = False

    def resume_writing(self) -> None:
        """Asyncio: the client has caught up."""
        self._writable = True
        self._go_on()
        if self._waiting:
            self._advance()

    def connection_lost(self, exc: Exception | None) -> None:
        """Asyncio: the connection is gone."""
        self._lost = True
        self._go_on()
        self._waiting.clear()
        if self._linger is not None:
            self._linger.cancel()
        if self._task is None:
            self._book.strike(self)

    # -- what the reader reports

    def arrived(self, request: Request, connection: bytes | None) -> None:
        """Reader: a whole request."""
        if connection == b"close":
            self._last = True
        self._continue_due = False
        self._waiting.append((request, connection))
        self._advance()

    def refused(self, status: int, text: str) -> None:
        """Reader: not a request. It is answered, once everything before it is, and the connection closed."""
        self._last = self._refused = True
        self._waiting.append((refusal(status, text), b"close"))
        self._advance()

    def body_awaited(self) -> None:
        """Reader: the client waits for 100 Continue. It gets it, but not before the answers that come first."""
        self._continue_due = True
        if self._task is None and not self._waiting:
            self._send_continue()

    # -- what the server asks of a connection

    def finish(self) -> None:
        """Take no further request; close when those that have begun are answered."""
        if self._task is None and not self._waiting and (self._last or not self._reader.receiving):
            self._last = True
            self._transport.close()

    def cut(self) -> asyncio.Task[None] | None:
        """End the connection now. Returns the handler's task, cancelled, if one was running."""
        self._last = True
        self._transport.abort()
        if self._task is not None:
            self._task.cancel()
        return self._task

    # -- what a gateway asks that gives connections away

    @property
    def at_rest(self) -> bool:
        """Whether everything that came is answered, and more may come: what comes next begins a request."""
        return self._task is None and not (self._reader.receiving or self._waiting or self._last)

    def hand_over(self) -> tuple[Book, asyncio.Transport]:
        """Let go of a client at rest: from now on it is somebody else's, who sets the transport's protocol."""
        self._book.open.discard(self)
        return self._book, self._transport

    # -- the work

    def _advance(self) -> None:
        """Start on what waits, if nothing is being worked on and the client reads its answers; else read no more."""
        if self._task is None and self._writable:
            self._task = self._book.loop.create_task(self._serve())
        elif not self._paused:
            self._paused = True
            self._transport.pause_reading()

    async def _serve(self) -> None:
        """Answer what waits, one after the other."""
        try:
            while self._waiting and self._writable:
                item, connection = self._waiting.popleft()
                try:
                    response = await self._book.handler(item) if isinstance(item, Request) else item
                except Exception:
                    response = _failed(item)
                if isinstance(response, StreamedResponse):
                    await self._stream(item, response, connection)
                elif not self._lost:
                    self._write(item, response, connection)
        except asyncio.CancelledError:
            self._transport.abort()  # whoever waits for the answer learns that there will be none
            raise
        finally:
            self._task = None
            self._rest()

    def _write(self, item: Request | Response, response: Response, connection: bytes | None) -> None:
        method = item.method if isinstance(item, Request) else b""
        if self._book.closing and not self._waiting:
            self._last, connection = True, b"close"
        try:
            send(self._transport, *render_response(response, method, connection))
        except (AttributeError, TypeError, ValueError):
            send(self._transport, *render_response(_failed(item), method, connection))

    async def _stream(self, item: Request | Response, response: StreamedResponse, connection: bytes | None) -> None:
        """Write the answer as it comes. When it breaks off the connection ends, so that nobody takes it for whole."""
        method = item.method if isinstance(item, Request) else b""
        whole = response.length is not None or not has_body(response.status, method)
        chunked = self._reader.knows_chunks and not whole
        if not whole and not chunked:
            self._last, connection = True, b"close"
        try:
            if not self._lost:
                self._transport.write(render_streamed_head(response, connection, chunked=chunked))
                if has_body(response.status, method):
                    await self._write_pieces(response, chunked=chunked)
        except Exception:
            logger.exception("a streamed answer broke off")
            self._transport.abort()
        finally:
            await response.pieces.aclose()
        if self._book.closing and not self._waiting:
            self._last = True

    async def _write_pieces(self, response: StreamedResponse, *, chunked: bool) -> None:
        written = 0
        async for piece in response.pieces:
            if self._lost:
                return
            if piece:
                written += len(piece)
                self._transport.write(chunk(piece) if chunked else piece)
            if not self._writable:
                self._caught_up = self._book.loop.create_future()
                await self._caught_up
        if response.length is not None and written != response.length:
            raise ValueError(f"{response.length} bytes were announced and {written} came")
        if chunked:
            self._transport.write(chunk(b""))

    def _go_on(self) -> None:
        if self._caught_up is not None and not self._caught_up.done():
            self._caught_up.set_result(None)

    def _rest(self) -> None:
        """Nothing is being worked on: go on, wait for more, or close."""
        if self._lost:
            self._book.strike(self)
        elif self._waiting:
            self._advance()
        elif self._last:
            self._close()
        else:
            if self._paused:
                self._resume_reading()
            if self._continue_due:
                self._send_continue()

    def _send_continue(self) -> None:
        self._continue_due = False
        self._transport.write(_CONTINUE)

    def _close(self) -> None:
        """Close once everything is written; after a refusal go on reading for a while (see LINGER_S)."""
        if not self._refused or self._client_done or self._book.closing or self._transport.is_closing():
            self._transport.close()
            return
        self._resume_reading()
        self._transport.write_eof()
        self._linger = self._book.loop.call_later(LINGER_S, self._transport.abort)

    def _resume_reading(self) -> None:
        if self._paused:
            self._paused = False
            self._transport.resume_reading()


def _failed(item: Request | Response) -> Response:
    """Called while the handler's exception, or that of writing its answer, is being handled."""
    what = f"{item.method.decode()} {item.target.decode('latin-1')}" if isinstance(item, Request) else "a refusal"
    logger.exception("the handler of %s failed, or answered what cannot be sent", what)
    return refusal(500, _HANDLER_FAILED)
