"""Users who ask, wait for the answer and ask again: what Inference Recommender calls users.

Users stay from step to step and new ones join them, so a step's warm-up is not spent on new connections. Nothing is
retried: what fails is counted, and its user goes on with the next request.
"""

from __future__ import annotations

import asyncio

from include.sagemaker_local.http1.errors import HttpError
from include.sagemaker_local.load.answers import answer_of_error
from include.sagemaker_local.load.connection import PAUSE_AFTER_LOST_CONNECTION_S, Connection, Kit
from include.sagemaker_local.load.stage import Failure


class ClosedLoop:
    """A number of users, which can be changed."""

    waiting = 0
    """Nothing is ever due before a user asks."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._timeout_ns = round(kit.timeout_s * 1e9)
        self._users: list[_User] = []

    def set_users(self, count: int) -> None:
        """Let so many users be at work. Those that are too many leave with the answer that they wait for."""
        while len(self._users) > count:
            self._users.pop().leave()
        while len(self._users) < count:
            self._users.append(_User(self._kit))
            self._users[-1].start()

    @property
    def users(self) -> int:
        """How many are at work."""
        return len(self._users)

    def sweep(self, now_ns: int) -> None:
        """End the requests that have taken too long. To be called a few times a second."""
        for user in self._users:
            connection = user.connection
            if connection is not None and connection.is_overdue(now_ns - self._timeout_ns):
                connection.give_up(now_ns)

    def stop(self) -> None:
        """End everything at once."""
        for user in self._users:
            user.stop()
        self._users.clear()


class _User:
    """One of them: has a connection, is opening one, or pauses before it does."""

    def __init__(self, kit: Kit) -> None:
        self.connection: Connection | None = None
        self._kit = kit
        self._gone = False
        self._loop = asyncio.get_running_loop()
        self._opening: asyncio.Task[None] | None = None
        self._pause: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Want an answer, from now on."""
        if not self._gone:
            self._opening = self._loop.create_task(self._open(self._kit.now_ns()))

    def leave(self) -> None:
        """Ask no more."""
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.finish()
        self.stop()

    def stop(self) -> None:
        """End everything at once."""
        self._gone = True
        if self.connection is not None:
            self.connection.abort()
        if self._opening is not None:
            self._opening.cancel()
        if self._pause is not None:
            self._pause.cancel()

    def free(self, now_ns: int) -> None:
        """The connection can carry the next request."""
        self.connection.ask(now_ns, now_ns)  # type: ignore[union-attr]  # it is the one that calls

    def lost(self, failure: Failure | None) -> None:
        """The connection is gone."""
        if self.connection is None:
            return  # it was not even handed over; whoever opens it sees that it has ended
        self.connection = None
        if failure is Failure.CONNECTION:
            self._start_later()
        else:
            self.start()

    async def _open(self, wanted_ns: int) -> None:
        """Connect and ask. What the connecting takes is a part of the first request's latency."""
        try:
            self.connection = await self._kit.dial.connect(self._kit, self)
            self.connection.ask(wanted_ns, self._kit.now_ns())
        except HttpError as error:
            now_ns = self._kit.now_ns()
            self._kit.log.note(answer_of_error(error, (now_ns - wanted_ns) // 1000), 0, now_ns)
            self._start_later()
        except Exception as error:  # nobody awaits this task; a bug in it must not pass for silence
            self._kit.broke(error)

    def _start_later(self) -> None:
        self._pause = self._loop.call_later(PAUSE_AFTER_LOST_CONNECTION_S, self.start)
