"""What a connection of a load works with, without a network: a transport that remembers, a clock that is told."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field

from include.sagemaker_local.http1.errors import HttpError
from include.sagemaker_local.load.answer_log import AnswerLog
from include.sagemaker_local.load.connection import Connection, Kit, Owner
from include.sagemaker_local.load.course import ConstantUsers
from include.sagemaker_local.load.known_answers import KnownAnswers
from include.sagemaker_local.load.plan import LoadPlan
from include.sagemaker_local.load.requests import Requests
from include.sagemaker_local.load.rules import StopRules
from include.sagemaker_local.wire.sigv4 import Key
from tests.fakes.clock import ManualClock

MS = 1_000_000
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


class FakeTransport(asyncio.Transport):
    """Remembers what was written. `unsent_bytes` is what its peer has not taken."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.aborted = False
        self.unsent_bytes = 0

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def get_write_buffer_size(self) -> int:
        return self.unsent_bytes

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written.append(bytes(data))

    def abort(self) -> None:
        self.aborted = True


@dataclass
class FakeDial:
    """Connects at once, to nobody, or raises what it was told to. Its connections and their transports are kept."""

    refusal: HttpError | None = None
    connections: list[Connection] = field(default_factory=list)
    transports: list[FakeTransport] = field(default_factory=list)
    attempts: int = 0
    dialled: asyncio.Event = field(default_factory=asyncio.Event)

    async def connect(self, kit: Kit, owner: Owner) -> Connection:
        self.attempts += 1
        self.dialled.set()
        await asyncio.sleep(0)
        if self.refusal is not None:
            raise self.refusal
        connection, transport = Connection("model:80", kit, owner), FakeTransport()
        connection.connection_made(transport)
        self.connections.append(connection)
        self.transports.append(transport)
        return connection


@dataclass
class FakeOwner:
    """Remembers what its connection told it."""

    freed_at_ns: list[int] = field(default_factory=list)
    losses: list[object] = field(default_factory=list)

    def free(self, now_ns: int) -> None:
        self.freed_at_ns.append(now_ns)

    def lost(self, failure: object) -> None:
        self.losses.append(failure)


@dataclass
class FakeTimer:
    """Rings when the test says so."""

    rang: Callable[[], None]
    at_ns: int | None = None
    closed: bool = False

    def set(self, at_ns: int) -> None:
        self.at_ns = at_ns

    def close(self) -> None:
        self.closed = True


class ManualNanoseconds:
    """A clock in nanoseconds, which is called to be read."""

    def __init__(self) -> None:
        self.now_ns = 0

    def __call__(self) -> int:
        return self.now_ns


def plan(*payloads: bytes) -> LoadPlan:
    return LoadPlan(
        host="model",
        port=80,
        target="/endpoints/e/invocations",
        headers=(("content-type", "text/csv"),),
        payloads=payloads or (b"1,2",),
        course=ConstantUsers(1, 1),
        rules=StopRules(),
        timeout_s=1,
        key=Key("AKIDEXAMPLE", "secret"),
        region="eu-west-1",
    )


def kit(
    clock: ManualNanoseconds,
    dial: FakeDial | None = None,
    *payloads: bytes,
    timed: bool = False,
    timeout_s: float = 1,
    asks_on: bool = False,
) -> Kit:
    """A kit whose errors of ours are raised."""

    def broke(error: BaseException) -> None:
        raise error

    return Kit(
        dial=dial or FakeDial(),
        requests=Requests(plan(*payloads), ManualClock()),
        log=AnswerLog(timed=timed),
        known=KnownAnswers(),
        timeout_s=timeout_s,
        asks_on=asks_on,
        now_ns=clock,
        broke=broke,
    )


async def settle() -> None:
    """Let tasks that wait for nothing run to their end."""
    for _ in itertools.repeat(None, 5):
        await asyncio.sleep(0)
