"""Requests that are sent when they are due, whether those before them were answered or not.

Callers do not wait for each other, so an endpoint that stalls is felt by all who come meanwhile. A generator that waits
too leaves them out of its figures (coordinated omission). Here a request that cannot be sent when it is due, because
`most` are under way, is sent as soon as one of them is answered, and its latency counts from when it was due.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Protocol

from include.sagemaker_local.http1.errors import HttpError, RequestTimeout
from include.sagemaker_local.load.answers import answer_of_error
from include.sagemaker_local.load.connection import PAUSE_AFTER_LOST_CONNECTION_S, Connection, Kit
from include.sagemaker_local.load.stage import Failure

# While requests wait and there may be more connections, how long until it is seen whether more of them are needed.
_LOOK_AGAIN_NS = 1_000_000


class Timer(Protocol):
    """What rings when the next request is due; a PreciseTimer in earnest."""

    def set(self, at_ns: int) -> None:
        """Ring then, once."""

    def close(self) -> None:
        """Never ring again."""


class OpenLoop:
    """Sends what is due over at most `most` connections, which are opened when they are needed.

    Requests that wait are not held in any queue: they are the moments that have passed and were not drawn yet.
    """

    def __init__(self, kit: Kit, timer_of: Callable[[Callable[[], None]], Timer]) -> None:
        self._kit = kit
        self._timeout_ns = round(kit.timeout_s * 1e9)
        self._timer = timer_of(self._rang)
        self._due: Iterator[int] = iter(())
        self._next_ns = 0
        self._rate_per_s = 0.0
        self._most = 0
        self._slots: set[_Slot] = set()
        self._idle: list[_Slot] = []
        self._opening: set[asyncio.Task[None]] = set()
        self._may_open_at_ns = 0

    def set_rate(self, due: Iterator[int], rate_per_s: float, most: int) -> None:
        """Send what is due from now on, over at most so many connections. What waits is forgotten."""
        self._due = due
        self._next_ns = next(due)
        self._rate_per_s = rate_per_s
        self._most = most
        self._rang()

    @property
    def users(self) -> int:
        """How many connections there are."""
        return len(self._slots)

    @property
    def waiting(self) -> int:
        """How many requests are due that no connection is free for (of a Poisson process: are to be expected)."""
        late_ns = self._kit.now_ns() - self._next_ns
        return 0 if late_ns < 0 else 1 + int(late_ns * self._rate_per_s / 1e9)

    def sweep(self, now_ns: int) -> None:
        """End the requests that have taken or waited too long. To be called a few times a second."""
        for slot in tuple(self._slots):
            if slot.connection.is_overdue(now_ns - self._timeout_ns):
                slot.connection.give_up(now_ns)
        while self._next_ns < now_ns - self._timeout_ns:
            self._fail_next(RequestTimeout(f"no connection was free within {self._kit.timeout_s:g} s"), now_ns)

    def stop(self) -> None:
        """End everything at once."""
        self._timer.close()
        for task in self._opening:
            task.cancel()
        for slot in self._slots:
            slot.connection.abort()
        self._slots.clear()
        self._idle.clear()

    # -- what a slot's connection says

    def freed(self, slot: _Slot, now_ns: int) -> None:
        """A connection can carry another request."""
        if len(self._slots) > self._most:
            self.dropped(slot)
            slot.connection.abort()
        elif self._next_ns <= now_ns:
            self._send(slot, now_ns)
        else:
            self._idle.append(slot)

    def dropped(self, slot: _Slot) -> None:
        """A connection is gone."""
        self._slots.discard(slot)
        if slot in self._idle:
            self._idle.remove(slot)

    # -- the work

    def _rang(self) -> None:
        try:
            self._serve(self._kit.now_ns())
        except Exception as error:  # the event loop would log it and the load would stand still
            self._kit.broke(error)

    def _serve(self, now_ns: int) -> None:
        while self._idle and self._next_ns <= now_ns:
            self._send(self._idle.pop(), now_ns)
        if self._next_ns > now_ns:
            self._timer.set(self._next_ns)
            return
        if now_ns >= self._may_open_at_ns:
            self._open_more()
        self._timer.set(now_ns + _LOOK_AGAIN_NS)

    def _open_more(self) -> None:
        wanted = min(self.waiting - len(self._opening), self._most - len(self._slots) - len(self._opening))
        for _ in range(wanted):
            task = asyncio.get_running_loop().create_task(self._open())
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)

    async def _open(self) -> None:
        slot = _Slot(self)
        try:
            slot.connection = await self._kit.dial.connect(self._kit, slot)
            self._slots.add(slot)
            self.freed(slot, self._kit.now_ns())
        except HttpError as error:
            now_ns = self._kit.now_ns()
            self._may_open_at_ns = now_ns + round(PAUSE_AFTER_LOST_CONNECTION_S * 1e9)
            if self._next_ns <= now_ns:
                self._fail_next(error, now_ns)
        except Exception as error:  # nobody awaits this task; a bug in it must not pass for silence
            self._kit.broke(error)

    def _send(self, slot: _Slot, now_ns: int) -> None:
        due_ns, self._next_ns = self._next_ns, next(self._due)
        slot.connection.ask(due_ns, now_ns)

    def _fail_next(self, error: HttpError, now_ns: int) -> None:
        due_ns, self._next_ns = self._next_ns, next(self._due)
        self._kit.log.note(answer_of_error(error, (now_ns - due_ns) // 1000), 0, now_ns)


class _Slot:
    """A connection's owner."""

    __slots__ = ("_loop", "connection")

    def __init__(self, loop: OpenLoop) -> None:
        self._loop = loop
        self.connection: Connection

    def free(self, now_ns: int) -> None:
        self._loop.freed(self, now_ns)

    def lost(self, failure: Failure | None) -> None:
        self._loop.dropped(self)
