"""batch_transform: all objects of a prefix through the pipeline, by a transform job."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from sluice.errors import MAX_LOG_LINES, BatchFailed
from sluice.lineage import Lineage, sibling
from sluice.links import OF_TRANSFORM
from sluice.operators.batch_work import BatchOperator
from sluice.operators.job import JobOperator
from sluice.responses.batch import TransformState
from sluice.waiting.remote_work import JobState, Kind


class BatchTransformOperator(BatchOperator, JobOperator):
    """Start the transform job of these objects, or take up the one that runs or ran for them.

    Its name is made of the model, the settings and the objects with their ETags: the same input is not transformed
    twice. See :class:`~sluice.operators.job.JobOperator` for attempts, kills and timeouts. XCom: `{"job", "job_arn",
    "status", "output"}`, where `output` is the prefix of the results. Raises SpecError when there is no object, and
    BatchFailed, with log lines, when the job ends without its results or takes longer than `timeout_s`, in which case
    it is stopped.

    :param pipeline: the spec, or the same as plain data (templated)
    :param candidate: preflight's result, as an object or as JSON text (templated)
    :param input: s3:// prefix of the objects; the spec's `batch.input` when empty (templated)
    :param poll_s: shortest time between two looks at the job, in seconds
    :param timeout_s: seconds after which the job is stopped
    :param deferrable: False waits in the worker
    """

    kind = Kind.TRANSFORM_JOB
    operator_extra_links = OF_TRANSFORM

    def __init__(self, *, timeout_s: float = 24 * 3600.0, **kwargs: Any) -> None:
        super().__init__(timeout_s=timeout_s, **kwargs)

    def lineage(self, result: Mapping[str, Any]) -> Lineage:
        """See SluiceOperator."""
        batch = self.required_candidate.spec.batch
        read = self.input or (batch.input if batch else "")
        model = sibling(result["job_arn"], "model", self.required_candidate.names.model)
        return Lineage((read, model), (result["output"],))

    def result(self, job: str, state: JobState) -> dict[str, Any]:
        """See JobOperator."""
        output = cast(TransformState, state).output  # CALLS reads no other state for this kind
        return {"job": job, "job_arn": state.arn, "status": state.status, "output": output}

    def failure(self, job: str, status: str, reason: str | None) -> BatchFailed:
        """See JobOperator."""
        return BatchFailed(job, status, reason, self.hook.last_transform_log_lines(job, None, MAX_LOG_LINES))
