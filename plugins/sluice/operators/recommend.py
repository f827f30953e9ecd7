"""recommend: measure the candidate with an Inference Recommender job on the staging endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from sluice.errors import BenchmarkFailed
from sluice.lineage import Lineage, sibling
from sluice.links import OF_JOB
from sluice.operators.candidate import Candidate, CandidateOperator
from sluice.operators.job import JobOperator
from sluice.refusals.errors import RequestInvalid
from sluice.requests import job as job_requests
from sluice.specs.benchmark import ADVANCED
from sluice.waiting.remote_work import JobState, Kind
from sluice.waiting.watch import ENDED, End

if TYPE_CHECKING:
    from airflow.sdk import Context

ADVANCED_JOB_S = 2 * 3600.0
"""AWS's guide: two hours on average."""


@dataclass(frozen=True)
class BenchmarkWork:
    """What one recommendation job has to do."""

    candidate: Candidate
    package_arn: str

    def job(self, attempt: int = 1) -> str:
        """See Names.job."""
        return self.candidate.names.job(attempt)

    def request(self, attempt: int) -> dict[str, Any]:
        """CreateInferenceRecommendationsJob's members."""
        candidate = self.candidate
        types = candidate.measuring.instance_types if candidate.measuring else ()
        return job_requests.create_inference_recommendations_job(
            candidate.spec, candidate.names, self.package_arn, attempt, types
        )


class RecommendOperator(CandidateOperator, JobOperator):
    """Start the job that loads the existing staging endpoint, or take up the one that runs or ran for this content.

    See :class:`~sluice.operators.job.JobOperator` for attempts, kills and timeouts. XCom: `{"job", "job_arn",
    "status"}`. Raises BenchmarkFailed when the job ends without numbers or takes longer than `timeout_s`, in which case
    it is stopped.

    :param pipeline: the spec, or the same as plain data (templated)
    :param candidate: preflight's result, as an object or as JSON text (templated)
    :param package_arn: ARN of the package version (templated)
    :param poll_s: shortest time between two looks at the job, in seconds
    :param timeout_s: seconds after which the job is stopped; a Default job takes up to 45 minutes on AWS
    :param deferrable: False waits in the worker
    """

    kind = Kind.RECOMMENDATION_JOB
    operator_extra_links = OF_JOB
    template_fields = aws_template_fields("pipeline", "candidate", "package_arn")

    def __init__(self, *, package_arn: str, timeout_s: float = 7200.0, **kwargs: Any) -> None:
        super().__init__(timeout_s=timeout_s, **kwargs)
        self.package_arn = package_arn

    @property
    def expected_s(self) -> float:
        """See WaitingOperator."""
        return ADVANCED_JOB_S if self.spec.benchmark.job_type == ADVANCED else super().expected_s

    def lineage(self, result: Mapping[str, Any]) -> Lineage:
        """See SluiceOperator."""
        spec = self.required_candidate.spec
        staging = sibling(self.package_arn, "endpoint", spec.staging.endpoint)
        return Lineage((self.package_arn, staging, spec.package.sample_payload), (result["job_arn"],))

    def carry_out(self, context: Context) -> dict[str, Any]:
        """See JobOperator. A job that is refused while the endpoint is not at rest waits for it.

        AWS does not say whether it refuses one, as when it maintains the endpoint; the local SageMaker does.
        """
        endpoint = self.required_candidate.names.staging_endpoint
        try:
            return super().carry_out(context)
        except RequestInvalid:
            state = self.hook.find_endpoint(endpoint)
            if state is None or state.ended:
                raise
            self.log.warning("endpoint %s is %s, so the job has to wait", endpoint, state.status)
        waited: dict[str, Any] = self.wait_until_free(endpoint, self.when_free, context)
        return waited

    def when_free(self, context: Context, event: End) -> dict[str, Any]:
        """The staging endpoint is at rest again, or the time is up."""
        self.refuse_to_guess(event)
        if event["how"] != ENDED:
            raise self.failure(
                self.find_work().job(), "not started", f"{event['message']}, so nothing could be measured"
            )
        return self.carry_out(context)

    def find_work(self) -> BenchmarkWork:
        """See JobOperator."""
        return BenchmarkWork(self.required_candidate, self.package_arn)

    def result(self, job: str, state: JobState) -> dict[str, Any]:
        """See JobOperator."""
        return {"job": job, "job_arn": state.arn, "status": state.status}

    def failure(self, job: str, status: str, reason: str | None) -> BenchmarkFailed:
        """See JobOperator."""
        return BenchmarkFailed(job, status, reason)
