"""A little gateway that behaves, or misbehaves, as told: what a load test sees from the outside.

It is written on bare asyncio streams, so that the load generator is not tested against the project's own HTTP server.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeAlias


class Drop(Exception):
    """Raised by a behaviour: close the connection without an answer."""


class Hang(Exception):
    """Raised by a behaviour: never answer, until the client gives up."""


@dataclass(frozen=True, slots=True)
class Reply:
    status: int = 200
    body: bytes = b"{}"
    containers: str | None = "featurize=1000,predict=2000"


Behaviour: TypeAlias = Callable[[int], Awaitable[Reply]]
"""Called with the number of the request, from 1."""


async def healthy(number: int) -> Reply:
    return Reply()


def busy(workers: int, service_s: float) -> Behaviour:
    """`workers` requests at a time, each taking `service_s`; the others wait in line."""
    free = asyncio.Semaphore(workers)

    async def serve(number: int) -> Reply:
        async with free:
            await asyncio.sleep(service_s)
        return Reply(containers=f"model={int(service_s * 1e6)}")

    return serve


@dataclass
class FakeGateway:
    """What it was asked for so far. `connections` are those open now, `asked` is set by the first request."""

    behaviour: Behaviour
    port: int = 0
    requests: int = 0
    accepted: int = 0
    most_connections: int = 0
    connections: set[asyncio.StreamWriter] = field(default_factory=set)
    bodies: Counter[bytes] = field(default_factory=Counter)
    targets: Counter[str] = field(default_factory=Counter)
    heads: list[dict[str, str]] = field(default_factory=list)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    abandoned: asyncio.Event = field(default_factory=asyncio.Event)  # set when the last connection has gone

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections.add(writer)
        self.accepted += 1
        self.abandoned.clear()
        self.most_connections = max(self.most_connections, len(self.connections))
        try:
            while True:
                await self._answer_one(reader, writer)
        except Hang:
            await reader.read()
        except (Drop, asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            self.connections.discard(writer)
            if not self.connections:
                self.abandoned.set()

    async def _answer_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        head = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:] if line)}
        body = await reader.readexactly(int(head["content-length"]))
        self.requests += 1
        self.bodies[body] += 1
        self.targets[lines[0].split()[1]] += 1
        if len(self.heads) < 10:
            self.heads.append(head)
        self.asked.set()
        reply = await self.behaviour(self.requests)
        extra = f"x-local-container-latency-us: {reply.containers}\r\n" if reply.containers else ""
        answer = f"HTTP/1.1 {reply.status} X\r\ncontent-length: {len(reply.body)}\r\n{extra}\r\n"
        writer.write(answer.encode("latin-1") + reply.body)
        await writer.drain()


@asynccontextmanager
async def serving(behaviour: Behaviour = healthy, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[FakeGateway]:
    """A gateway on a free loopback port. On leaving, its connections are cut."""
    gateway = FakeGateway(behaviour)
    server = await asyncio.start_server(gateway.serve, "127.0.0.1", 0, ssl=tls)
    gateway.port = server.sockets[0].getsockname()[1]
    try:
        yield gateway
    finally:
        server.close()
        for writer in tuple(gateway.connections):
            writer.transport.abort()
        if gateway.connections:
            await asyncio.wait_for(gateway.abandoned.wait(), 10)
