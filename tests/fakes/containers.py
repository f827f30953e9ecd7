"""Containers that behave, and that misbehave on purpose: real servers on free loopback ports.

They are written on bare asyncio streams and share no code with the HTTP implementation under test.

    async with serving(answer(415, b"no such type")) as container:
        ...  # container.port, container.seen, container.connections
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Seen:
    """A request as the container got it. Header names are lower case."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key == name), None)


@dataclass(frozen=True)
class Reply:
    """The bytes to send, and whether the container hangs up after them."""

    raw: bytes
    hang_up: bool = False


Behaviour = Callable[[Seen], Reply | None]
"""What to do with a request; None: never answer."""


@dataclass
class FakeContainer:
    """A running fake. `seen` are the requests in order, `connections` how many were ever accepted."""

    port: int = 0
    seen: list[Seen] = field(default_factory=list)
    connections: int = 0
    open: list[asyncio.StreamWriter] = field(default_factory=list)

    async def hang_up_idle(self) -> None:
        """Close every open connection, as servers do with those that were idle for too long."""
        for writer in self.open:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
        self.open.clear()


def answer(status: int, body: bytes = b"", *, content_type: str | None = "text/csv", headers: str = "") -> Behaviour:
    """Always the same answer. `headers` are whole lines, each with its line break."""
    kind = f"Content-Type: {content_type}\r\n" if content_type is not None else ""
    head = f"HTTP/1.1 {status} Whatever\r\n{kind}{headers}Content-Length: {len(body)}\r\n\r\n"
    return lambda seen: Reply(head.encode() + body)


def echo(content_type: str | None = "text/csv", *, prefix: bytes = b"", headers: str = "") -> Behaviour:
    """The body back, with `prefix` before it."""
    return lambda seen: answer(200, prefix + seen.body, content_type=content_type, headers=headers)(seen)


def raw(sent: bytes, *, hang_up: bool = False) -> Behaviour:
    """Exactly these bytes."""
    return lambda seen: Reply(sent, hang_up)


def die_mid_answer() -> Behaviour:
    """Half of an answer, then the end."""
    return raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf of it", hang_up=True)


def die() -> Behaviour:
    """The end, without a word."""
    return raw(b"", hang_up=True)


def hang() -> Behaviour:
    """No answer, ever."""
    return lambda seen: None


def in_turn(*behaviours: Behaviour) -> Behaviour:
    """One behaviour a request; the last one stays."""
    left = list(behaviours)

    def behave(seen: Seen) -> Reply | None:
        return (left.pop(0) if len(left) > 1 else left[0])(seen)

    return behave


@contextlib.asynccontextmanager
async def serving(behaviour: Behaviour) -> AsyncIterator[FakeContainer]:
    """Start a fake container on a free port of 127.0.0.1; stop it at the end."""
    container = FakeContainer()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        container.connections += 1
        container.open.append(writer)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await _serve_connection(container, behaviour, reader, writer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    container.port = server.sockets[0].getsockname()[1]
    try:
        yield container
    finally:
        server.close()
        await container.hang_up_idle()


async def _serve_connection(
    container: FakeContainer, behaviour: Behaviour, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    while True:
        seen = await _read_request(reader)
        container.seen.append(seen)
        reply = behaviour(seen)
        if reply is not None:
            writer.write(reply.raw)
            await writer.drain()
            if reply.hang_up:
                return


async def _read_request(reader: asyncio.StreamReader) -> Seen:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip("\r\n").split("\r\n")
    method, target, _ = first.split(" ")
    headers = tuple((name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines))
    length = next((int(value) for name, value in headers if name == "content-length"), 0)
    return Seen(method, target, headers, await reader.readexactly(length))
