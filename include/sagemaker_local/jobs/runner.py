"""Works through the queue of jobs, one at a time: nothing else may run on this machine during a load test."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from typing import Any, Protocol

from include.sagemaker_local.errors import HostError
from include.sagemaker_local.jobs.outlast import outlast

logger = logging.getLogger(__name__)

# Between two attempts to write down how a job ended, while the disk is full.
DISK_RETRY_S = 1.0


class Turn(Protocol):
    """A job whose turn may come."""

    @property
    def created_at_s(self) -> float:
        """The older one comes first."""

    @property
    def arn(self) -> str:
        """Whose turn it is."""

    def begin(self) -> Coroutine[Any, Any, Any]:
        """Write down that the job has begun, and return its work. Cancelled, the work leaves nothing running."""

    def is_wanted(self) -> bool:
        """False when the job was stopped or is no longer there."""

    def conclude(self, work: asyncio.Task[Any]) -> None:
        """Write down how the job ended. The work is done, was cancelled or has failed."""


class JobKind(Protocol):
    """The jobs of one kind that the store keeps."""

    def take_up(self) -> None:
        """Make jobs that a previous process left half done wait again: what it did of them is void."""

    def settle_stopped(self, running_arn: str | None) -> None:
        """End the jobs that were stopped before their turn came; not the running one, which ends by itself."""

    def oldest(self) -> Turn | None:
        """The job that waits longest, None when none waits."""


class JobRunner:
    """Runs jobs of several kinds on the event loop on which `start` was called; the store is used from there only."""

    def __init__(self, kinds: Sequence[JobKind], *, retry_s: float = DISK_RETRY_S) -> None:
        self._kinds = kinds
        self._retry_s = retry_s
        self._changed = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Take up the queue. Jobs that a previous process left half done begin anew."""
        for kind in self._kinds:
            kind.take_up()
        self._loop = asyncio.get_running_loop()
        self._task = self._loop.create_task(self._work())

    def wake(self) -> None:
        """Look at the store again: a job was created or stopped, or everything was reset. Safe from any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._changed.set)

    async def close(self) -> None:
        """End the running job's work, take up no other. The job runs again after the next start."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
            self._task = None

    async def _work(self) -> None:
        while True:
            self._changed.clear()
            try:
                busy = await self._take_next()
            except Exception:  # the queue must outlive what one job runs into, a full disk for instance
                logger.exception("the queue of jobs waits for the next change")
                busy = False
            if not busy:
                await self._changed.wait()

    async def _take_next(self) -> bool:
        """Run the oldest waiting job to its end; False when there is none."""
        self._settle_stopped(None)
        waiting = [turn for kind in self._kinds if (turn := kind.oldest()) is not None]
        if waiting:
            await self._run(min(waiting, key=lambda turn: turn.created_at_s))
        return bool(waiting)

    async def _run(self, turn: Turn) -> None:
        work = asyncio.create_task(turn.begin())
        try:
            await self._watch(turn, work)
        finally:
            work.cancel()
            closing = await outlast(work)  # a second cancellation must not leave the work without anybody
        await self._conclude(turn, work)
        if closing:
            raise asyncio.CancelledError

    async def _conclude(self, turn: Turn, work: asyncio.Task[Any]) -> None:
        """What a job has measured must not get lost because the disk was full when it ended."""
        while True:
            try:
                turn.conclude(work)
                return
            except HostError as error:
                logger.error("%s; trying again", error)
                await asyncio.sleep(self._retry_s)

    async def _watch(self, turn: Turn, work: asyncio.Task[Any]) -> None:
        """Return when the work is done, or when nobody wants it any more."""
        while turn.is_wanted() and not work.done():
            changed = asyncio.create_task(self._changed.wait())
            try:
                await asyncio.wait({work, changed}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                changed.cancel()
            self._changed.clear()
            self._settle_stopped(turn.arn)

    def _settle_stopped(self, running_arn: str | None) -> None:
        for kind in self._kinds:
            kind.settle_stopped(running_arn)
