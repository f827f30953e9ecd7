"""Recommendation jobs, as the runner of jobs sees them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

from include.sagemaker_local.jobs.outcome import Outcome
from include.sagemaker_local.jobs.recommendation import run_job
from include.sagemaker_local.jobs.tools import Tools
from include.sagemaker_local.lifecycle import JobEvent, JobStatus
from include.sagemaker_local.store.records import RecommendationJobRecord
from include.sagemaker_local.store.store import Store

logger = logging.getLogger(__name__)


class RecommendationQueue:
    """The store's recommendation jobs."""

    def __init__(self, store: Store, tools: Tools) -> None:
        self._store = store
        self._tools = tools

    def take_up(self) -> None:
        """Jobs that were in progress are pending again; their measurements are void."""
        for job in self._store.jobs({JobStatus.IN_PROGRESS}):
            self._store.clear_steps(job.region, job.name)
            self._store.move_job(job.region, job.name, JobEvent.RESTARTED)

    def settle_stopped(self, running_arn: str | None) -> None:
        """Jobs that were stopped while they waited are stopped."""
        for job in self._store.jobs({JobStatus.STOPPING}):
            if job.arn != running_arn:
                settle_stopped(self._store, job, self._tools)

    def oldest(self) -> _RecommendationTurn | None:
        """The pending job that was created first."""
        pending = self._store.jobs({JobStatus.PENDING})
        return _RecommendationTurn(pending[0], self._store, self._tools) if pending else None


class _RecommendationTurn:
    """One pending job."""

    def __init__(self, job: RecommendationJobRecord, store: Store, tools: Tools) -> None:
        self._job = job
        self._store = store
        self._tools = tools
        self.created_at_s = job.created_at_s
        self.arn = job.arn

    def begin(self) -> Coroutine[Any, Any, Outcome]:
        return run_job(self._store.move_job(self._job.region, self._job.name, JobEvent.START), self._tools)

    def is_wanted(self) -> bool:
        now = self._store.job(self._job.region, self._job.name)
        return now is not None and now.arn == self.arn and now.status is JobStatus.IN_PROGRESS

    def conclude(self, work: asyncio.Task[Outcome]) -> None:
        outcome = _outcome_of(self._job, work)
        now = self._store.job(self._job.region, self._job.name)
        if now is None:
            return  # everything was reset meanwhile
        if now.status is JobStatus.STOPPING:
            settle_stopped(self._store, now, self._tools)
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


def settle_stopped(store: Store, job: RecommendationJobRecord, tools: Tools) -> None:
    """Write down that nothing of the job runs any more."""
    with store.transaction():
        for step in store.steps(job.region, job.name):
            if step.status is JobStatus.IN_PROGRESS:
                store.put_step(job.region, replace(step, status=JobStatus.STOPPED))
        store.move_job(job.region, job.name, JobEvent.STOPPED)
    tools.watchers.journal(job.region, job.name).job_at_once("The job was stopped; nothing of it runs any more.")


def _outcome_of(job: RecommendationJobRecord, work: asyncio.Task[Outcome]) -> Outcome:
    if work.cancelled():
        return Outcome(failure_reason="InternalError: the job was cancelled.")
    error = work.exception()
    if error is None:
        return work.result()
    logger.error("job %s ended in an error of the local SageMaker", job.name, exc_info=error)
    return Outcome(failure_reason=f"InternalError: {type(error).__name__}: {error}. The server's log has the details.")
