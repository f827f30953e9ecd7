"""batch_transform: all objects of a prefix through the pipeline, by a transform job."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import TYPE_CHECKING, Any

from sluice.batch_requests import BatchWork
from sluice.batch_responses import TransformState
from sluice.errors import MAX_LOG_LINES, BatchFailed
from sluice.operators.batch_work import BatchOperator
from sluice.triggers import Polling, TransformJobFinished

if TYPE_CHECKING:
    from airflow.sdk import Context


class BatchTransformOperator(BatchOperator):
    """Start the transform job of these objects, or take up the one that runs or ran for them.

    Its name is made of the model, the settings and the objects with their ETags: the same input is not transformed
    twice, and a task that comes back after a crash finds its job. After a job that ended Failed or Stopped the next
    run of the task uses the next attempt's name. Waits without holding a worker slot; whoever kills the task stops the
    job. XCom: `{"job", "job_arn", "status", "output"}`, where `output` is the prefix of the results. Raises SpecError
    when there is no object, and BatchFailed, with log lines, when the job ends without its results or takes longer than
    `timeout_s`, in which case it is stopped.

    :param pipeline: the spec, or the same as plain data (templated)
    :param candidate: preflight's result, as an object or as JSON text (templated)
    :param input: s3:// prefix of the objects; the spec's `batch.input` when empty (templated)
    :param poll_s: seconds between two looks at the job
    :param timeout_s: seconds after which the job is stopped
    """

    def __init__(self, *, poll_s: float = 30.0, timeout_s: float = 24 * 3600.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.poll_s = poll_s
        self.timeout_s = timeout_s
        self._job: str | None = None

    def carry_out(self, context: Context) -> dict[str, Any]:
        """See the class."""
        work = self.find_work()
        self._job = self._start_or_find(work)
        state = self.hook.find_transform(self._job)
        if state is not None and state.ended:
            return self._result(self._job, state)
        polling = Polling(self.poll_s, self.timeout_s)
        trigger = TransformJobFinished(
            job_name=self._job,
            waiter_delay=polling.every_s,
            waiter_max_attempts=polling.attempts,
            **self.connection,
        )
        return self.defer(trigger=trigger, method_name="when_finished")

    def when_finished(self, context: Context, event: Mapping[str, Any]) -> dict[str, Any]:
        """The job has ended, or the time is up."""
        job = str(event["job_name"])
        state = self.hook.find_transform(job)
        if event["status"] != "success" and state is not None and not state.ended:
            self.hook.stop_transform(job)
            waited = f"it was stopped, since waiting for it ended after at most {self.timeout_s:g} s"
            raise BatchFailed(job, state.status, f"{waited}: {event['message']}")
        return self._result(job, state)

    def on_kill(self) -> None:
        """Stop the job when the task is killed before it waits; the trigger does so while it waits."""
        if self._job is not None and self.hook.stop_transform(self._job):
            self.log.info("stopped transform job %s", self._job)

    def _start_or_find(self, work: BatchWork) -> str:
        for attempt in count(1):
            job = work.job(attempt)
            known = self.hook.find_transform(job)
            if known is None:
                self.log.info("starting transform job %s on %d objects", job, len(work.objects))
                self.hook.create_transform(work.request(attempt))  # when another run was faster, its job is the same
                return job
            if not known.needs_new_attempt:
                self.log.info("transform job %s is there already, %s", job, known.status)
                return job
        raise AssertionError("count() does not end")

    def _result(self, job: str, state: TransformState | None) -> dict[str, Any]:
        if state is None:
            raise BatchFailed(job, "gone", "there is no such job any more")
        if state.status != "Completed":
            lines = self.hook.last_transform_log_lines(job, None, MAX_LOG_LINES)
            raise BatchFailed(job, state.status, state.failure_reason, lines)
        return {"job": job, "job_arn": state.arn, "status": state.status, "output": state.output}
