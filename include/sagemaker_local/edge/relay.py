"""Connections that are not for invocations: their bytes go to the main process as they come, and back.

Nothing is read into them, so a large S3 object costs no memory here, and holds nobody up for longer than one piece.
"""

from __future__ import annotations

import asyncio

from include.sagemaker_local.http1 import unix_socket
from include.sagemaker_local.http1.server_connection import Book, ServerConnection

_OURS = b"POST /endpoints/"


class EdgeConnection(ServerConnection):
    """Answers as long as requests are for endpoints. The first one that is not gives the connection to main, for good.

    Only at the beginning of a request: what comes in the middle of others, and what turns out to be somebody else's
    when it is read, the handler has to pass on.
    """

    def __init__(self, book: Book, main_name: str) -> None:
        super().__init__(book)
        self._main_name = main_name

    def data_received(self, data: bytes) -> None:
        """Asyncio: bytes have come."""
        if self.at_rest and not (data.startswith(_OURS) or _OURS.startswith(data)):
            book, client = self.hand_over()
            Relay(book).begin(client, data, self._main_name)
        else:
            super().data_received(data)


class Relay:
    """Two connections as one. It is in the book of the server, in place of the connection that it took over."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._client = _Side(self)
        self._main = _Side(self)
        self._connecting: asyncio.Task[None] | None = None
        self._answered = False  # the main process will send no more

    def begin(self, client: asyncio.Transport, first: bytes, main_name: str) -> None:
        """Take the client over and connect to the main process; `first` are the bytes that came already."""
        self._book.open.add(self)
        self._client.connection_made(client)
        client.set_protocol(self._client)
        self._client.wait()
        self._connecting = self._book.loop.create_task(self._connect(first, main_name))

    def finish(self) -> None:
        """The server takes no more requests. The main process, which is closing too, answers what it has begun."""
        if self._answered:
            self._client.close()

    def cut(self) -> None:
        """End both connections now."""
        if self._connecting is not None:
            self._connecting.cancel()
        for side in (self._client, self._main):
            if side.transport is not None:
                side.transport.abort()

    def other(self, side: _Side) -> _Side:
        """The other side."""
        return self._main if side is self._client else self._client

    def ended(self, side: _Side) -> None:
        """One side will send no more. It may still read: a client its answer, the main process what it has refused."""
        self._answered = self._answered or side is self._main
        if self._answered and self._book.closing:
            self._client.close()
        else:
            self.other(side).end()

    def lost(self, side: _Side) -> None:
        """One side is gone: what it sent last is passed on, and the other one ends too."""
        other = self.other(side)
        if other.transport is not None:
            other.transport.close()
        elif self._connecting is None:
            self._book.strike(self)

    async def _connect(self, first: bytes, main_name: str) -> None:
        try:
            await unix_socket.connect(lambda: self._main, main_name, self._book.loop)
        except OSError:
            self._client.close()  # the main process is gone, and this one follows
            return
        finally:
            self._connecting = None
        self._main.write(first)
        if self._client.transport is None:
            self._main.close()
        else:
            self._client.read_on()


class _Side(asyncio.Protocol):
    """One of the two connections."""

    def __init__(self, relay: Relay) -> None:
        self.transport: asyncio.Transport | None = None  # None before it is there and when it is gone
        self._relay = relay

    def write(self, data: bytes) -> None:
        """Send."""
        if self.transport is not None:
            self.transport.write(data)

    def read_on(self) -> None:
        """Read what comes."""
        if self.transport is not None and not self.transport.is_closing():
            self.transport.resume_reading()

    def wait(self) -> None:
        """Read nothing for the moment."""
        if self.transport is not None and not self.transport.is_closing():
            self.transport.pause_reading()

    def end(self) -> None:
        """Nothing more will be sent, but answers are waited for."""
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write_eof()

    def close(self) -> None:
        """Close once everything is sent."""
        if self.transport is not None:
            self.transport.close()

    # -- asyncio's callbacks

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]  # uvloop's are not asyncio's classes

    def data_received(self, data: bytes) -> None:
        self._relay.other(self).write(data)

    def pause_writing(self) -> None:
        self._relay.other(self).wait()

    def resume_writing(self) -> None:
        self._relay.other(self).read_on()

    def eof_received(self) -> bool:
        self._relay.ended(self)
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        self._relay.lost(self)
