"""recommend: measure the candidate with an Inference Recommender job on the staging endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from sluice import api_requests
from sluice.errors import BenchmarkFailed
from sluice.job_responses import JobState
from sluice.operators.candidate import Candidate, CandidateOperator
from sluice.triggers import Polling, RecommendationJobFinished

if TYPE_CHECKING:
    from airflow.sdk import Context


class RecommendOperator(CandidateOperator):
    """Start the job that loads the existing staging endpoint, or take up the one that runs or ran for this content.

    Waits without holding a worker slot. Whoever kills the task stops the job; a task that comes back after a crash
    finds its job by name. After a job that ended FAILED or STOPPED the next run of the task uses the next attempt's
    name, for AWS never gives a job's name free. XCom: `{"job", "job_arn", "status"}`. Raises BenchmarkFailed when the
    job ends without numbers or takes longer than `timeout_s`, in which case it is stopped.

    :param pipeline: the spec, or the same as plain data (templated)
    :param candidate: preflight's result, as an object or as JSON text (templated)
    :param package_arn: ARN of the package version (templated)
    :param poll_s: seconds between two looks at the job
    :param timeout_s: seconds after which the job is stopped; a Default job takes up to 45 minutes on AWS
    """

    template_fields = aws_template_fields("pipeline", "candidate", "package_arn")

    def __init__(self, *, package_arn: str, poll_s: float = 30.0, timeout_s: float = 7200.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.package_arn = package_arn
        self.poll_s = poll_s
        self.timeout_s = timeout_s
        self._job: str | None = None

    def carry_out(self, context: Context) -> dict[str, Any]:
        """See the class."""
        self._job = self._start_or_find(self.required_candidate)
        state = self.hook.find_job(self._job)
        if state is not None and state.ended:
            return self._result(self._job, state)
        polling = Polling(self.poll_s, self.timeout_s)
        trigger = RecommendationJobFinished(
            job_name=self._job,
            waiter_delay=polling.every_s,
            waiter_max_attempts=polling.attempts,
            **self.connection,
        )
        return self.defer(trigger=trigger, method_name="when_finished")

    def when_finished(self, context: Context, event: Mapping[str, Any]) -> dict[str, Any]:
        """The job has ended, or the time is up."""
        job = str(event["job_name"])
        state = self.hook.find_job(job)
        if event["status"] != "success" and state is not None and not state.ended:
            self.hook.stop_job(job)
            reason = (
                f"it was stopped, since waiting for it ended after at most {self.timeout_s:g} s: {event['message']}"
            )
            raise BenchmarkFailed(job, state.status, reason)
        return self._result(job, state)

    def on_kill(self) -> None:
        """Stop the job when the task is killed before it waits; the trigger does so while it waits."""
        if self._job is not None and self.hook.stop_job(self._job):
            self.log.info("stopped recommendation job %s", self._job)

    def _start_or_find(self, candidate: Candidate) -> str:
        for attempt in count(1):
            job = candidate.names.job(attempt)
            known = self.hook.find_job(job)
            if known is None:
                request = api_requests.create_inference_recommendations_job(
                    candidate.spec, candidate.names, self.package_arn, attempt
                )
                self.log.info("starting recommendation job %s", job)
                self.hook.create_job(request)  # when another run was faster, its job is the same one
                return job
            if not known.needs_new_attempt:
                self.log.info("recommendation job %s is there already, %s", job, known.status)
                return job
        raise AssertionError("count() does not end")

    def _result(self, job: str, state: JobState | None) -> dict[str, Any]:
        if state is None or not state.completed_well:
            status, reason = (
                (state.status, state.failure_reason) if state else ("gone", "there is no such job any more")
            )
            raise BenchmarkFailed(job, status, reason)
        return {"job": job, "job_arn": state.arn, "status": state.status}
