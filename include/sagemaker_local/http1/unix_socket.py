"""Sockets between processes of one server: Linux's abstract names, which leave nothing on any disk."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from collections.abc import Callable
from typing import TypeVar

_Protocol = TypeVar("_Protocol", bound=asyncio.BaseProtocol)

_ABSTRACT = "\0"  # unix(7): what begins with it is a name and no path
# Connections that wait to be accepted while the event loop is busy.
_BACKLOG = 1024


def is_abstract(name: str) -> bool:
    """Whether it is such a name."""
    return name.startswith(_ABSTRACT)


def listen(kind: str) -> socket.socket:
    """A listening socket; its name (`getsockname`) holds `kind`, and nobody can guess it."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.bind(f"{_ABSTRACT}sluice-{kind}-{os.getpid()}-{secrets.token_hex(16)}")
    sock.listen(_BACKLOG)
    return sock


def name_of(sock: socket.socket) -> str:
    """What `connect` wants of a socket made by `listen`."""
    name: bytes = sock.getsockname()
    return name.decode()


async def connect(
    factory: Callable[[], _Protocol], name: str, loop: asyncio.AbstractEventLoop
) -> tuple[asyncio.BaseTransport, _Protocol]:
    """A connection to whoever listens there. Raises OSError."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        await loop.sock_connect(sock, name)
        return await loop.create_unix_connection(factory, sock=sock)
    except BaseException:
        sock.close()
        raise
