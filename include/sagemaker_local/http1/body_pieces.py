"""The body of a streamed answer on its way from a connection of the client to whoever reads it."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Protocol

# What waits to be read before the peer has to wait, too. uvloop reads up to 256 KiB at once, so twice that is the most.
_HIGH_WATER_BYTES = 256 * 1024


class Source(Protocol):
    """Where the pieces come from."""

    def pause(self) -> None:
        """No more for the moment."""

    def resume(self) -> None:
        """More, please."""

    def abort(self) -> None:
        """Nobody wants the rest."""


class BodyPieces:
    """Reads as `Pieces`; the connection feeds it."""

    def __init__(self, source: Source, loop: asyncio.AbstractEventLoop) -> None:
        self._source = source
        self._loop = loop
        self._pieces: deque[bytes] = deque()
        self._held_bytes = 0
        self._paused = False
        self._ended = False
        self._error: Exception | None = None
        self._reader: asyncio.Future[None] | None = None

    # -- the connection's side

    def feed(self, piece: bytes) -> None:
        """A piece has come."""
        self._pieces.append(piece)
        self._held_bytes += len(piece)
        if self._held_bytes > _HIGH_WATER_BYTES and not self._paused and not self._ended:
            self._paused = True
            self._source.pause()
        self._wake()

    def end(self, error: Exception | None = None) -> None:
        """No more will come; `error` says why the body is not whole."""
        if self._ended:
            return
        self._ended, self._error = True, error
        if self._paused and error is None:
            self._source.resume()  # the connection is free for another request
        self._wake()

    # -- the reader's side

    def __aiter__(self) -> BodyPieces:
        return self

    async def __anext__(self) -> bytes:
        while not self._pieces:
            if self._error is not None:
                raise self._error
            if self._ended:
                raise StopAsyncIteration
            self._reader = self._loop.create_future()
            await self._reader
        piece = self._pieces.popleft()
        self._held_bytes -= len(piece)
        if self._paused and not self._ended and self._held_bytes <= _HIGH_WATER_BYTES // 2:
            self._paused = False
            self._source.resume()
        return piece

    async def aclose(self) -> None:
        """Nobody wants the rest: when there is one, the connection ends with it."""
        self._pieces.clear()
        self._error = None
        if not self._ended:
            self._ended = True
            self._source.abort()

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)
