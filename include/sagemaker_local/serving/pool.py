"""The workers of a container: one request in flight for each, and one queue before all of them, first in first out.

A worker that dies while it serves fails its own request with 500 and is replaced, as gunicorn does it. A worker that
dies before it is ready, at the start or as a replacement, ends the container: the model cannot be loaded.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from include.sagemaker_local.http1.body_pieces import BodyPieces
from include.sagemaker_local.http1.errors import ConnectionFailed
from include.sagemaker_local.http1.messages import Request, Response, StreamedResponse
from include.sagemaker_local.serving import frames
from include.sagemaker_local.serving.contract import text_response
from include.sagemaker_local.serving.worker import READY, ForkedWorker

logger = logging.getLogger(__name__)

# As many as wait in the listening socket; a caller beyond that is better told than kept.
_MAX_QUEUED = 2048


@dataclass(frozen=True, slots=True)
class _Job:
    message: bytes
    answer: asyncio.Future[Response]


class WorkerPool:
    """`size` workers made by `fork`; one that is busy for `timeout_s` seconds is killed and replaced."""

    def __init__(self, fork: Callable[[], ForkedWorker], size: int, timeout_s: float) -> None:
        self._fork = fork
        self._size = size
        self._timeout_s = timeout_s
        self._workers: set[_Channel] = set()
        self._idle: deque[_Channel] = deque()
        self._queue: deque[_Job] = deque()
        self._replacing: set[asyncio.Task[None]] = set()
        self._stopping = False
        self.failed = asyncio.Event()  # a worker could not load the model

    async def start(self) -> None:
        """Fork all workers; they load the model while this returns."""
        for _ in range(self._size):
            await self._add()

    @property
    def ready(self) -> bool:
        """Whether every worker has loaded the model."""
        return sum(worker.ready for worker in self._workers) == self._size

    async def submit(self, request: Request) -> Response:
        """The answer of the next free worker; 503 when too many are waiting already."""
        if len(self._queue) >= _MAX_QUEUED:
            return text_response(503, f"{_MAX_QUEUED} requests are waiting for this container's workers already")
        job = _Job(frames.encode(0, request.headers, request.body), asyncio.get_running_loop().create_future())
        if self._idle:
            self._idle.popleft().send(job, self._timeout_s)
        else:
            self._queue.append(job)
        return await job.answer

    def stop(self) -> None:
        """Kill all workers and collect them; requests under way are answered with 503."""
        self._stopping = True
        for task in self._replacing:
            task.cancel()
        stopping = text_response(503, "the container is stopping")
        for worker in tuple(self._workers):
            worker.kill()
        for worker in tuple(self._workers):
            worker.collect()
            worker.fail(stopping)
        for job in self._queue:
            _answer(job, stopping)

    async def _add(self) -> None:
        forked = self._fork()
        channel = _Channel(forked.pid, self._freed, self._lost)
        self._workers.add(channel)
        await asyncio.get_running_loop().create_unix_connection(lambda: channel, sock=forked.sock)

    def _freed(self, worker: _Channel) -> None:
        """`worker` is ready for the next request."""
        while self._queue:
            job = self._queue.popleft()
            if not job.answer.done():  # its caller may have gone
                worker.send(job, self._timeout_s)
                return
        self._idle.append(worker)

    def _lost(self, worker: _Channel) -> None:
        self._workers.discard(worker)
        with contextlib.suppress(ValueError):
            self._idle.remove(worker)
        if self._stopping:
            return
        how = worker.collect()
        worker.fail(text_response(500, worker.verdict))
        if not worker.ready:
            logger.error("worker %d ended with %s before it was ready; the container gives up", worker.pid, how)
            self.failed.set()
            return
        logger.error("worker %d ended with %s: %s; another one takes its place", worker.pid, how, worker.verdict)
        task = asyncio.get_running_loop().create_task(self._add())
        self._replacing.add(task)
        task.add_done_callback(self._replacing.discard)


class _Channel(asyncio.Protocol):
    """One worker as the pool sees it."""

    def __init__(self, pid: int, freed: Callable[[_Channel], None], lost: Callable[[_Channel], None]) -> None:
        self.pid = pid
        self.ready = False
        # AWS's own words for the case.
        self.verdict = "An error occurred while handling request as the model process exited."
        self._freed = freed
        self._lost = lost
        self._reader = frames.FrameReader()
        self._transport: asyncio.Transport | None = None
        self._job: _Job | None = None
        self._pieces: BodyPieces | None = None  # an answer in pieces that is under way
        self._unwanted = False  # nobody reads it
        self._timeout_s = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._ending: str | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # uvloop's are not asyncio's classes

    def send(self, job: _Job, timeout_s: float) -> None:
        """Give it a request; it has none at this moment."""
        self._job, self._timeout_s = job, timeout_s
        self._set_timer()
        if self._transport is not None:
            self._transport.write(job.message)

    def data_received(self, data: bytes) -> None:
        frame = self._reader.feed(data)
        while frame is not None:
            self._take(frame)
            frame = self._reader.feed(b"")

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost(self)

    def fail(self, response: Response) -> None:
        """Answer the request under way, if there is one, with `response`; one that has begun breaks off."""
        if self._pieces is not None:
            self._end(ConnectionFailed(self.verdict))
        self._settle(response)

    # -- the source of an answer in pieces

    def pause(self) -> None:
        """The worker waits in its next piece."""
        if self._transport is not None:
            self._transport.pause_reading()

    def resume(self) -> None:
        """The worker goes on."""
        if self._transport is not None:
            self._transport.resume_reading()

    def abort(self) -> None:
        """Nobody wants the rest, but user code cannot be stopped: it is thrown away."""
        self._unwanted = True
        self.resume()

    # -- the work

    def _take(self, frame: frames.Frame) -> None:
        if frame.status == READY:
            self.ready = True
            self._freed(self)
        elif frame.status & frames.MORE:
            if self._pieces is None:
                self._begin(frame)
            elif frame.body and not self._unwanted:
                self._pieces.feed(frame.body)
            if not self._unwanted:
                self._set_timer()  # a worker may take its time for each piece, but not for what nobody reads
        elif self._pieces is not None:
            self._end(None if frame.status < 400 else ConnectionFailed("user code failed in the middle of its answer"))
            self._freed(self)
        else:
            self._settle(Response(frame.status, frame.headers, frame.body))
            self._freed(self)

    def _begin(self, frame: frames.Frame) -> None:
        self._pieces = BodyPieces(self, asyncio.get_running_loop())
        self._unwanted = self._job is None or self._job.answer.done()  # its caller may have gone
        if self._job is not None:
            _answer(self._job, StreamedResponse(frame.status & ~frames.MORE, frame.headers, self._pieces))

    def _end(self, error: Exception | None) -> None:
        pieces, self._pieces, self._job = self._pieces, None, None
        self._cancel_timer()
        if pieces is not None:
            pieces.end(error)

    def _settle(self, response: Response) -> None:
        job, self._job = self._job, None
        self._cancel_timer()
        if job is not None:
            _answer(job, response)

    def _set_timer(self) -> None:
        self._cancel_timer()
        self._timer = asyncio.get_running_loop().call_later(self._timeout_s, self._time_out, self._timeout_s)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def kill(self) -> None:
        """End the process, unless it was collected already."""
        if self._ending is None:
            os.kill(self.pid, signal.SIGKILL)

    def collect(self) -> str:
        """Wait for the end of the process, which has closed its socket or was killed, and say how it ended."""
        if self._ending is None:
            self.kill()  # does nothing to a process that is on its way out
            code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
            self._ending = f"exit status {code}" if code >= 0 else signal.Signals(-code).name
        return self._ending

    def _time_out(self, timeout_s: float) -> None:
        self.verdict = f"The worker did not answer within {timeout_s:g} seconds and was stopped."
        self.kill()


def _answer(job: _Job, response: Response) -> None:
    if not job.answer.done():
        job.answer.set_result(response)
