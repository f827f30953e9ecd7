"""Transform jobs, as the runner of jobs sees them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from include.sagemaker_local.jobs.transform import TransformTools, run_transform
from include.sagemaker_local.lifecycle import TransformEvent, TransformStatus
from include.sagemaker_local.store.records import TransformJobRecord
from include.sagemaker_local.store.store import Store

logger = logging.getLogger(__name__)


class TransformQueue:
    """The store's transform jobs. As on AWS, one that waits is InProgress too; TransformStartTime says that it runs."""

    def __init__(self, store: Store, tools: TransformTools) -> None:
        self._store = store
        self._tools = tools

    def take_up(self) -> None:
        """Jobs that were running wait again: results are stored at the end, so nothing of them is there."""
        for job in self._store.transform_jobs({TransformStatus.IN_PROGRESS}):
            self._store.move_transform_job(job.region, job.name, TransformEvent.RESTARTED)

    def settle_stopped(self, running_arn: str | None) -> None:
        """Jobs that were stopped while they waited are stopped."""
        for job in self._store.transform_jobs({TransformStatus.STOPPING}):
            if job.arn != running_arn:
                self._store.move_transform_job(job.region, job.name, TransformEvent.STOPPED)

    def oldest(self) -> _TransformTurn | None:
        """The job that was created first and is not done."""
        waiting = self._store.transform_jobs({TransformStatus.IN_PROGRESS})
        return _TransformTurn(waiting[0], self._store, self._tools) if waiting else None


class _TransformTurn:
    """One waiting job."""

    def __init__(self, job: TransformJobRecord, store: Store, tools: TransformTools) -> None:
        self._job = job
        self._store = store
        self._tools = tools
        self.created_at_s = job.created_at_s
        self.arn = job.arn

    def begin(self) -> Coroutine[Any, Any, str | None]:
        job = self._store.move_transform_job(self._job.region, self._job.name, TransformEvent.BEGIN)
        return run_transform(job, self._tools)

    def is_wanted(self) -> bool:
        now = self._now()
        return now is not None and now.status is TransformStatus.IN_PROGRESS

    def conclude(self, work: asyncio.Task[str | None]) -> None:
        now = self._now()
        if now is None:
            return  # everything was reset meanwhile
        if work.cancelled():
            # Nobody but a stop cancels the work and then asks for its end.
            self._store.move_transform_job(now.region, now.name, TransformEvent.STOPPED)
            return
        reason = self._reason(work)
        event = TransformEvent.FAIL if reason else TransformEvent.COMPLETE
        self._store.move_transform_job(now.region, now.name, event, failure_reason=reason)

    def _now(self) -> TransformJobRecord | None:
        now = self._store.transform_job(self._job.region, self._job.name)
        return now if now is not None and now.arn == self.arn else None

    def _reason(self, work: asyncio.Task[str | None]) -> str | None:
        error = work.exception()
        if error is None:
            return work.result()
        logger.error("transform job %s ended in an error of the local SageMaker", self._job.name, exc_info=error)
        return f"InternalError: {type(error).__name__}: {error}. The server's log has the details."
