"""What AWS answered about transform jobs -> typed values."""

from __future__ import annotations

from dataclasses import dataclass

from sluice.responses.resources import Answer, seconds_of, text_in

TRANSFORM_ENDED = frozenset({"Completed", "Failed", "Stopped"})


@dataclass(frozen=True)
class TransformState:
    """DescribeTransformJob, as far as waiting is concerned."""

    job: str
    arn: str
    status: str
    output: str
    """The prefix below which its results are."""
    failure_reason: str | None = None
    began: float | None = None
    """Seconds since the epoch."""

    @property
    def ended(self) -> bool:
        """Nothing will change any more."""
        return self.status in TRANSFORM_ENDED

    @property
    def completed_well(self) -> bool:
        """There are results to read."""
        return self.status == "Completed"

    @property
    def failed(self) -> bool:
        """It ended without its results, and nobody had stopped it."""
        return self.status == "Failed"

    @property
    def needs_new_attempt(self) -> bool:
        """Its results will not come; the next attempt needs another name, for AWS never gives one free."""
        return self.status in ("Failed", "Stopping", "Stopped")


def transform_state(answer: Answer) -> TransformState:
    """DescribeTransformJob's answer -> state; UnexpectedAnswer when name, ARN or status is missing."""
    operation = "DescribeTransformJob"
    return TransformState(
        job=text_in(answer, "TransformJobName", operation),
        arn=text_in(answer, "TransformJobArn", operation),
        status=text_in(answer, "TransformJobStatus", operation),
        output=text_in(answer.get("TransformOutput") or {}, "S3OutputPath", operation),
        failure_reason=answer.get("FailureReason"),
        began=seconds_of(answer.get("CreationTime")),
    )
