"""Operators on jobs, which AWS runs by itself and keeps for ever: start or find, wait, conclude, stop."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any, Protocol

from sluice.errors import SluiceError
from sluice.links import keep_links
from sluice.operators.memory import recall, remember
from sluice.operators.waiting import WaitingOperator
from sluice.waiting.remote_work import JobState
from sluice.waiting.watch import ENDED, End

if TYPE_CHECKING:
    from airflow.sdk import Context


class JobWork(Protocol):
    """What one job has to do."""

    def job(self, attempt: int = 1) -> str:
        """The job's name: the same for the same work and attempt."""

    def request(self, attempt: int) -> dict[str, Any]:
        """The members of its Create call."""


class JobOperator(WaitingOperator):
    """Start the job of the work at hand, or take up the one that runs or ran for it, and wait for its end.

    Its name is made of the work, so a task that comes back after a crash finds its job, also one that has failed
    meanwhile. When the task is run anew after that, by a person or in another DAG run, it uses the next attempt's name,
    for AWS never gives a job's name free. A job that takes longer than `timeout_s` is stopped, and so is one whose task
    is killed. Subclasses say what the work is and what its end means.
    """

    def find_work(self) -> JobWork:
        """What is to be done."""
        raise NotImplementedError

    def result(self, job: str, state: JobState) -> dict[str, Any]:
        """The XCom of a job that completed."""
        raise NotImplementedError

    def failure(self, job: str, status: str, reason: str | None) -> SluiceError:
        """The error for a job that came to nothing."""
        raise NotImplementedError

    def carry_out(self, context: Context) -> dict[str, Any]:
        """See the class."""
        job, state = self._start_or_find(self.find_work(), context)
        keep_links(context, self, self.hook, job_name=job)
        return self._conclude_or_wait(job, state, context)

    def when_finished(self, context: Context, event: End) -> dict[str, Any]:
        """The wait is over, in whatever way."""
        job = event["name"]
        self._under_way = job
        state = self.hook.find_job(self.kind, job)
        if state is None or state.ended:
            return self._conclude(job, state)
        self.refuse_to_guess(event)
        if event["how"] == ENDED:
            return self._conclude_or_wait(job, state, context)
        raise self._too_late(job, state, context)

    def when_given_up(self, context: Context) -> dict[str, Any]:
        """See WaitingOperator."""
        work, found = self.find_work(), None
        for attempt in count(1):
            state = self.hook.find_job(self.kind, work.job(attempt))
            if state is None:
                break
            found = (work.job(attempt), state)
        if found is None:
            return self._conclude(work.job(), None)
        if found[1].ended:
            return self._conclude(*found)
        raise self._too_late(*found, context)

    def _start_or_find(self, work: JobWork, context: Context) -> tuple[str, JobState | None]:
        """The job's name, and its state where it was there already."""
        earlier = recall(context)
        for attempt in count(1):
            job = work.job(attempt)
            state = self.hook.find_job(self.kind, job)
            if state is None:
                remember(context, job=job)
                self._start(job, work.request(attempt))
                return job, None
            is_ours = earlier.get("job") == job
            if is_ours and earlier.get("too_late") and not state.completed_well:
                raise self._too_late(job, state, context)
            if not state.needs_new_attempt or (is_ours and state.failed):
                self.log.info("%s %s is there already, %s", self.kind.value, job, state.status)
                return job, state
        raise AssertionError("count() does not end")

    def _start(self, job: str, request: dict[str, Any]) -> None:
        self.log.info("starting %s %s", self.kind.value, job)
        self._under_way = job
        self.hook.start_job(self.kind, request)  # when another run was faster, its job is the same one
        if self._is_killed:  # while the call was on its way, when there was nothing to stop yet
            self.hook.stop_job(self.kind, job)

    def _conclude_or_wait(self, job: str, state: JobState | None, context: Context) -> dict[str, Any]:
        if state is not None and state.ended:
            return self._conclude(job, state)
        waited: dict[str, Any] = self.wait_for(job, state.began if state else None, self.when_finished, context)
        return waited

    def _conclude(self, job: str, state: JobState | None) -> dict[str, Any]:
        if state is None:
            raise self.failure(job, "gone", "there is no such job any more")
        if not state.completed_well:
            raise self.failure(job, state.status, state.failure_reason)
        return self.result(job, state)

    def _too_late(self, job: str, state: JobState, context: Context) -> SluiceError:
        remember(context, job=job, too_late=True)
        self.hook.stop_job(self.kind, job)
        return self.failure(job, state.status, f"it was stopped, since it was not over in time ({self.patience_s:g} s)")
