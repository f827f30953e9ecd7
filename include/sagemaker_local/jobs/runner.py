"""Works through the queue of recommendation jobs, one at a time: load tests that overlap measure one another."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace

from include.sagemaker_local.clock import Clock
from include.sagemaker_local.jobs.benchmark import Drive, Tools
from include.sagemaker_local.jobs.fleets import Fleets
from include.sagemaker_local.jobs.host import Host, this_host
from include.sagemaker_local.jobs.recommendation import Outcome, run_job
from include.sagemaker_local.lifecycle import JobEvent, JobStatus
from include.sagemaker_local.load.process import drive as drive_process
from include.sagemaker_local.objects import ObjectReader
from include.sagemaker_local.settings import Settings
from include.sagemaker_local.store.records import RecommendationJobRecord
from include.sagemaker_local.store.store import Store

logger = logging.getLogger(__name__)


class JobRunner:
    """Runs the store's jobs on the event loop on which `start` was called; the store is used from there only."""

    def __init__(
        self,
        store: Store,
        fleets: Fleets,
        objects: ObjectReader,
        settings: Settings,
        clock: Clock,
        gateway_port: Callable[[], int],
        *,
        host: Host | None = None,
        drive: Drive = drive_process,
    ) -> None:
        self._store = store
        self._tools = Tools(store, fleets, objects, settings, clock, gateway_port, host or this_host(), drive)
        self._changed = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Take up the queue. Jobs that a previous process left half done begin anew: their measurements are void."""
        for job in self._store.jobs({JobStatus.IN_PROGRESS}):
            self._store.clear_steps(job.region, job.name)
            self._store.move_job(job.region, job.name, JobEvent.RESTARTED)
        self._loop = asyncio.get_running_loop()
        self._task = self._loop.create_task(self._work())

    def wake(self) -> None:
        """Look at the store again: a job was created or stopped, or everything was reset. Safe from any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._changed.set)

    async def close(self) -> None:
        """End the running job's load, close its fleet, take up no other. The job runs again after the next start."""
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
                logger.exception("the queue of recommendation jobs waits for the next change")
                busy = False
            if not busy:
                await self._changed.wait()

    async def _take_next(self) -> bool:
        """Run the oldest pending job to its end; False when there is none."""
        for job in self._store.jobs({JobStatus.STOPPING}):
            self._settle_stopped(job)
        pending = self._store.jobs({JobStatus.PENDING})
        if pending:
            await self._run(pending[0])
        return bool(pending)

    async def _run(self, pending: RecommendationJobRecord) -> None:
        job = self._store.move_job(pending.region, pending.name, JobEvent.START)
        work = asyncio.create_task(run_job(job, self._tools))
        try:
            await self._watch(job, work)
        finally:
            work.cancel()
            await asyncio.wait({work})
        self._conclude(job, work)

    async def _watch(self, job: RecommendationJobRecord, work: asyncio.Task[Outcome]) -> None:
        """Return when the work is done, or when nobody wants it any more."""
        while self._is_wanted(job) and not work.done():
            changed = asyncio.create_task(self._changed.wait())
            try:
                await asyncio.wait({work, changed}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                changed.cancel()
            self._changed.clear()

    def _is_wanted(self, job: RecommendationJobRecord) -> bool:
        now = self._store.job(job.region, job.name)
        return now is not None and now.arn == job.arn and now.status is JobStatus.IN_PROGRESS

    def _conclude(self, job: RecommendationJobRecord, work: asyncio.Task[Outcome]) -> None:
        outcome = _outcome_of(job, work)
        now = self._store.job(job.region, job.name)
        if now is None:
            return  # everything was reset meanwhile
        if now.status is JobStatus.STOPPING:
            self._settle_stopped(now)
        elif now.status is JobStatus.IN_PROGRESS:
            self._settle_ended(now, outcome)

    def _settle_ended(self, job: RecommendationJobRecord, outcome: Outcome) -> None:
        self._store.move_job(
            job.region,
            job.name,
            JobEvent.FAIL if outcome.failure_reason else JobEvent.COMPLETE,
            failure_reason=outcome.failure_reason,
            recommendations=outcome.recommendations,
            endpoint_performances=outcome.endpoint_performances,
        )

    def _settle_stopped(self, job: RecommendationJobRecord) -> None:
        with self._store.transaction():
            for step in self._store.steps(job.region, job.name):
                if step.status is JobStatus.IN_PROGRESS:
                    self._store.put_step(job.region, replace(step, status=JobStatus.STOPPED))
            self._store.move_job(job.region, job.name, JobEvent.STOPPED)


def _outcome_of(job: RecommendationJobRecord, work: asyncio.Task[Outcome]) -> Outcome:
    if work.cancelled():
        return Outcome(failure_reason="InternalError: the job was cancelled.")
    error = work.exception()
    if error is None:
        return work.result()
    logger.error("job %s ended in an error of the local SageMaker", job.name, exc_info=error)
    return Outcome(failure_reason=f"InternalError: {type(error).__name__}: {error}. The server's log has the details.")
