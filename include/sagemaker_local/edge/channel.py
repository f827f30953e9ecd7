"""Messages between two processes of one server, on a socket pair that nobody else has: told, or asked and answered.

A frame is its length and its sort and number, then the pickled message. Frames are received in the order in which they
were sent; what is asked may be answered later and in any order.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import pickle
import socket
import struct
from collections.abc import Awaitable, Callable
from enum import IntEnum
from typing import Any, TypeAlias

from include.sagemaker_local.errors import LocalSageMakerError

_log = logging.getLogger(__name__)

Receive: TypeAlias = Callable[[Any], Awaitable[Any] | None]
"""Takes a message. Of one that was asked, what it returns is awaited, and that is the answer."""

_HEAD = struct.Struct("<IBQ")


class ChannelLost(LocalSageMakerError):
    """The other process is gone, so there will be no answer."""


class _Sort(IntEnum):
    TOLD = 0
    ASKED = 1
    ANSWERED = 2


class Channel(asyncio.Protocol):
    """One end. Belongs to one event loop."""

    def __init__(self, receive: Receive, lost: Callable[[], None]) -> None:
        """`lost` is called once, when the other end is closed or its process has died."""
        self._receive = receive
        self._on_lost = lost
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._answering: set[asyncio.Task[None]] = set()

    @classmethod
    async def open(cls, sock: socket.socket, receive: Receive, lost: Callable[[], None]) -> Channel:
        """On one end of a socket pair."""
        loop = asyncio.get_running_loop()
        _, channel = await loop.create_unix_connection(lambda: cls(receive, lost), sock=sock)
        return channel

    def tell(self, message: object) -> None:
        """Send, without an answer. To an end that is gone: nothing."""
        self._send(_Sort.TOLD, 0, message)

    async def ask(self, message: object) -> Any:
        """Send, and wait for the answer. Raises ChannelLost."""
        if self._transport is None:
            raise ChannelLost("the other process is gone")
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        try:
            self._send(_Sort.ASKED, number, message)
            return await answer
        finally:
            del self._answers[number]

    def close(self) -> None:
        """Send what was said, then close."""
        if self._transport is not None:
            self._transport.close()

    # -- asyncio's callbacks

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asyncio: open."""
        self._transport = transport  # type: ignore[assignment]  # uvloop's are not asyncio's classes

    def data_received(self, data: bytes) -> None:
        """Asyncio: bytes have come."""
        buffer = self._buffer
        buffer += data
        while len(buffer) >= _HEAD.size:
            size, sort, number = _HEAD.unpack_from(buffer)
            end = _HEAD.size + size
            if len(buffer) < end:
                return
            message = pickle.loads(memoryview(buffer)[_HEAD.size : end])  # noqa: S301 - from our own parent or child
            del buffer[:end]
            self._take(sort, number, message)

    def connection_lost(self, exc: Exception | None) -> None:
        """Asyncio: the other end is gone."""
        self._transport = None
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(ChannelLost("the other process ended"))
        self._on_lost()

    # -- the work

    def _take(self, sort: int, number: int, message: object) -> None:
        if sort == _Sort.ANSWERED:
            answer = self._answers.get(number)
            if answer is not None and not answer.done():
                answer.set_result(message)
            return
        answering = self._receive(message)
        if sort == _Sort.ASKED and answering is not None:
            task = asyncio.ensure_future(self._answer(number, answering))
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)

    async def _answer(self, number: int, answering: Awaitable[Any]) -> None:
        try:
            self._send(_Sort.ANSWERED, number, await answering)
        except Exception:  # nobody can answer for it: the asker must not wait for ever
            _log.exception("what another process asked could not be answered")
            self.close()

    def _send(self, sort: _Sort, number: int, message: object) -> None:
        if self._transport is not None:
            payload = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
            self._transport.write(_HEAD.pack(len(payload), sort, number) + payload)
