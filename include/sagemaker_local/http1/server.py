"""The HTTP/1.1 server: `start_server` listens, every connection is a `ServerConnection`.

It speaks keep-alive, pipelining, chunked request bodies and Expect: 100-continue, and reads whole requests before it
calls the handler. Idle connections are kept for ever: a server that closes them makes its clients' next request fail
now and then, and the peers here are few and near.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable

from include.sagemaker_local.http1.messages import Handler
from include.sagemaker_local.http1.server_connection import Book, ServerConnection

logger = logging.getLogger(__name__)

# Connections that the kernel holds before they are accepted; a load test opens hundreds at one moment.
_BACKLOG = 1024

# A request is held in memory as a whole. S3 takes 5 GiB in one PutObject, but SDKs cut uploads into parts of 8 MiB, so
# only a hand-made request comes near this. InvokeEndpoint has a limit of its own, in Settings.
MAX_BODY_BYTES = 512 * 1024 * 1024

# A cancelled handler gets this long to clean up; one that swallows the cancellation is left behind.
_CANCEL_WAIT_S = 1.0


class HttpServer:
    """A listening server. Made by `start_server`."""

    def __init__(self, listener: asyncio.Server, book: Book) -> None:
        self._listener = listener
        self._book = book
        self._address = listener.sockets[0].getsockname()

    @property
    def port(self) -> int:
        """Where it listens; not for a Unix socket."""
        return int(self._address[1])

    async def close(self, grace_s: float) -> None:
        """Stop accepting, answer what has begun for at most `grace_s` seconds, then cut what is left."""
        book = self._book
        self._listener.close()
        book.closing = True
        book.drained = asyncio.Event()
        for connection in tuple(book.open):
            connection.finish()
        if book.open:
            try:
                await asyncio.wait_for(book.drained.wait(), grace_s)
            except TimeoutError:
                await self._cut()

    async def _cut(self) -> None:
        tasks = [task for connection in tuple(self._book.open) if (task := connection.cut()) is not None]
        if tasks:
            logger.warning("%d requests were not answered in time and are cut off", len(tasks))
            await asyncio.wait(tasks, timeout=_CANCEL_WAIT_S)


async def start_server(
    handler: Handler,
    *,
    host: str | None = None,
    port: int = 0,
    sock: socket.socket | None = None,
    max_body_bytes: int,
    connection: Callable[[Book], ServerConnection] = ServerConnection,
) -> HttpServer:
    """Listen on `host` (None: 127.0.0.1) and `port` (0: a free one), or on a bound `sock`, and answer with `handler`.

    A request body over `max_body_bytes` is refused with 413. What `handler` raises is logged and answered with 500.
    `connection` makes what serves one client. Raises OSError when the port is in use or may not be used.
    """
    loop = asyncio.get_running_loop()
    book = Book(handler, max_body_bytes, loop, set())
    if sock is None:
        listener = await loop.create_server(lambda: connection(book), host or "127.0.0.1", port, backlog=_BACKLOG)
    elif sock.family == socket.AF_UNIX:
        listener = await loop.create_unix_server(lambda: connection(book), sock=sock, backlog=_BACKLOG)
    else:
        listener = await loop.create_server(lambda: connection(book), sock=sock, backlog=_BACKLOG)
    return HttpServer(listener, book)
