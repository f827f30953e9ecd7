"""CreateTransformJob, DescribeTransformJob, ListTransformJobs, StopTransformJob."""

from __future__ import annotations

from typing import Any

from include.sagemaker_local.control.call import Answer, Call
from include.sagemaker_local.control.listing import Listing
from include.sagemaker_local.control.operations.tags import requested_tags
from include.sagemaker_local.control.refusals import invalid
from include.sagemaker_local.control.transform_request import check_input, check_request
from include.sagemaker_local.errors import ApiError
from include.sagemaker_local.lifecycle import TransformEvent, TransformStatus, transform_allows
from include.sagemaker_local.store.records import TransformJobRecord

_RESOURCE = "transform-job"
_DESCRIBED = (
    "ModelName",
    "MaxConcurrentTransforms",
    "ModelClientConfig",
    "MaxPayloadInMB",
    "BatchStrategy",
    "Environment",
    "TransformInput",
    "TransformOutput",
    "TransformResources",
    "DataProcessing",
)


async def create_transform_job(call: Call) -> Answer:
    """A job in InProgress; the job runner takes it up. It keeps a copy of the model's containers."""
    request = call.request
    name = request.required("TransformJobName")
    arn = call.home.arn(_RESOURCE, name)
    _refuse_taken(call, name, arn)
    model, tags = check_request(call), requested_tags(request)
    await check_input(call, model)
    _refuse_taken(call, name, arn)  # another request may have taken the name while the input was looked for
    now_s = call.now_s()
    record = TransformJobRecord(
        region=call.region,
        name=name,
        arn=arn,
        status=TransformStatus.IN_PROGRESS,
        containers=model.containers,
        failure_reason=None,
        created_at_s=now_s,
        modified_at_s=now_s,
        started_at_s=None,
        ended_at_s=None,
        accepted={member: value for member, value in request.raw.items() if member != "Tags"},
    )
    with call.store.transaction():
        call.store.add_transform_job(record)
        call.store.put_tags(arn, tags)
    call.services.wake_jobs()
    return {"TransformJobArn": arn}


async def describe_transform_job(call: Call) -> Answer:
    """The job as it was asked for, and its state."""
    record = _found(call)
    answer: dict[str, Any] = {
        "TransformJobName": record.name,
        "TransformJobArn": record.arn,
        "TransformJobStatus": record.status,
        "CreationTime": record.created_at_s,
        **{name: record.accepted[name] for name in _DESCRIBED if name in record.accepted},
    }
    if record.started_at_s is not None:
        answer["TransformStartTime"] = record.started_at_s
    return {**answer, **_ending(record)}


async def list_transform_jobs(call: Call) -> Answer:
    """Jobs with their states, newest first."""
    return _LISTING.answer(call, call.store.transform_job_page)


async def stop_transform_job(call: Call) -> Answer:
    """A job in Stopping; the job runner ends its work, and nothing of it is stored."""
    record = _found(call)
    if not transform_allows(record.status, TransformEvent.STOP):
        raise invalid(f"The request was rejected because the transform job is in status {record.status}.")
    call.store.move_transform_job(call.region, record.name, TransformEvent.STOP)
    call.services.wake_jobs()
    return None


def _refuse_taken(call: Call, name: str, arn: str) -> None:
    if call.store.transform_job(call.region, name) is not None:
        raise ApiError(
            "ResourceInUse",
            "Transform job names must be unique within an AWS account and region, and a transform job with this name "
            f"already exists ({arn})",
        )


def _found(call: Call) -> TransformJobRecord:
    """The job. Its absence is a ValidationException, which the API model does not declare; Airflow relies on it."""
    name = call.request.required("TransformJobName")
    record = call.store.transform_job(call.region, name)
    if record is None:
        raise invalid(f"Could not find requested job with name: {name}")
    return record


def _ending(record: TransformJobRecord) -> dict[str, Any]:
    ending: dict[str, Any] = {}
    if record.ended_at_s is not None:
        ending["TransformEndTime"] = record.ended_at_s
    if record.failure_reason is not None:
        ending["FailureReason"] = record.failure_reason
    return ending


def _summary(record: TransformJobRecord) -> dict[str, Any]:
    return {
        "TransformJobName": record.name,
        "TransformJobArn": record.arn,
        "CreationTime": record.created_at_s,
        "LastModifiedTime": record.modified_at_s,
        "TransformJobStatus": record.status,
        **_ending(record),
    }


_LISTING: Listing[TransformJobRecord] = Listing(
    member="TransformJobSummaries",
    descending=True,
    summary=_summary,
)
