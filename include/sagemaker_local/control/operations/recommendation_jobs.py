"""Create, Describe, List and Stop of InferenceRecommendationsJob, and the list of its steps."""

from __future__ import annotations

from typing import Any

from include.sagemaker_local.control.call import Answer, Call
from include.sagemaker_local.control.listing import Listing
from include.sagemaker_local.control.operations.tags import requested_tags
from include.sagemaker_local.control.recommendation_request import check_request
from include.sagemaker_local.control.refusals import invalid
from include.sagemaker_local.errors import ApiError
from include.sagemaker_local.lifecycle import JobEvent, JobStatus, job_allows
from include.sagemaker_local.store.records import ModelPackageRecord, RecommendationJobRecord, RecommendationStepRecord
from include.sagemaker_local.store.selection import Compares, Comparison, Field
from include.sagemaker_local.wire.members import Members
from include.sagemaker_local.wire.paging import Order, page

_RESOURCE = "inference-recommendations-job"
_DESCRIBED = ("JobDescription", "JobType", "RoleArn", "StoppingConditions")
_BY_POSITION = Order("Position", descending=False)


async def create_inference_recommendations_job(call: Call) -> Answer:
    """A job in PENDING; the job runner takes it up."""
    request = call.request
    name = request.required("JobName")
    arn = call.home.arn(_RESOURCE, name)
    if call.store.job(call.region, name) is not None:
        raise ApiError("ResourceInUse", f"Inference recommendations job already exists: {arn}")
    package = check_request(call)
    now_s = call.now_s()
    record = RecommendationJobRecord(
        region=call.region,
        name=name,
        arn=arn,
        status=JobStatus.PENDING,
        failure_reason=None,
        created_at_s=now_s,
        modified_at_s=now_s,
        completed_at_s=None,
        accepted=_accepted(request, package),
        recommendations=(),
        endpoint_performances=(),
    )
    with call.store.transaction():
        call.store.add_job(record)
        call.store.put_tags(arn, requested_tags(request))
    call.services.wake_jobs()
    return {"JobArn": arn}


async def describe_inference_recommendations_job(call: Call) -> Answer:
    """The job; its results are there once it has any."""
    record = found_job(call, call.request.required("JobName"))
    answer: dict[str, Any] = {
        **{name: record.accepted[name] for name in _DESCRIBED if name in record.accepted},
        **_state(record),
        "InputConfig": _described_input(record),
    }
    if record.recommendations:
        answer["InferenceRecommendations"] = list(record.recommendations)
    if record.endpoint_performances:
        answer["EndpointPerformances"] = list(record.endpoint_performances)
    return answer


async def list_inference_recommendations_jobs(call: Call) -> Answer:
    """Jobs with their states, newest first."""
    where = [
        Compares(Field("accepted_json", ("InputConfig", member)), Comparison.EQUALS, value)
        for member in ("ModelName", "ModelPackageVersionArn")
        if (value := call.request.text(f"{member}Equals")) is not None
    ]
    listing: Listing[RecommendationJobRecord] = Listing(
        member="InferenceRecommendationsJobs", descending=True, summary=lambda record: _summary(call, record)
    )
    return listing.answer(call, call.store.job_page, *where)


async def list_inference_recommendations_job_steps(call: Call) -> Answer:
    """The job's benchmarks in the order they are run; failed ones are to be seen only here."""
    record = found_job(call, call.request.required("JobName"))
    status = call.request.text("Status")
    steps = [step for step in call.store.steps(call.region, record.name) if status in (None, step.status)]
    found = page(
        steps,
        lambda step: (f"{step.position:09d}", ""),
        _BY_POSITION,
        size=call.request.integer("MaxResults"),
        token=call.request.text("NextToken"),
    )
    answer: dict[str, Any] = {"Steps": [_step(record, step) for step in found.items]}
    return answer if found.next_token is None else {**answer, "NextToken": found.next_token}


async def stop_inference_recommendations_job(call: Call) -> Answer:
    """A job in STOPPING; the job runner ends its load."""
    record = found_job(call, call.request.required("JobName"))
    if not job_allows(record.status, JobEvent.STOP):
        raise invalid(
            f"The request was rejected because the inference recommendations job is in status {record.status}."
        )
    call.store.move_job(call.region, record.name, JobEvent.STOP)
    call.services.wake_jobs()
    return None


def found_job(call: Call, name: str) -> RecommendationJobRecord:
    """The job. Raises ApiError when there is none; its code is AWS's, its text ours."""
    record = call.store.job(call.region, name)
    if record is None:
        arn = call.home.arn(_RESOURCE, name)
        raise ApiError("ResourceNotFound", f'Could not find inference recommendations job "{arn}".')
    return record


def _accepted(request: Members, package: ModelPackageRecord | None) -> dict[str, Any]:
    """The request, with the package's ARN as it is kept, whatever its spelling was."""
    accepted = {name: value for name, value in request.raw.items() if name != "Tags"}
    if package is not None:
        accepted["InputConfig"] = {**request.raw["InputConfig"], "ModelPackageVersionArn": package.arn}
    return accepted


def _input(record: RecommendationJobRecord) -> Members:
    return Members(record.accepted).structure("InputConfig") or Members({})


def _described_input(record: RecommendationJobRecord) -> dict[str, Any]:
    """The request's InputConfig, with a JobDurationInSeconds of 0 where AWS's samples have one.

    They have it in a Default job that was created without a duration, and not in one on an existing endpoint.
    """
    inputs = _input(record)
    if record.accepted["JobType"] == "Default" and "JobDurationInSeconds" not in inputs and "Endpoints" not in inputs:
        return {**inputs.raw, "JobDurationInSeconds": 0}
    return dict(inputs.raw)


def _state(record: RecommendationJobRecord) -> dict[str, Any]:
    state: dict[str, Any] = {
        "JobName": record.name,
        "JobArn": record.arn,
        "Status": record.status,
        "CreationTime": record.created_at_s,
        "LastModifiedTime": record.modified_at_s,
    }
    if record.completed_at_s is not None:
        state["CompletionTime"] = record.completed_at_s
    if record.failure_reason is not None:
        state["FailureReason"] = record.failure_reason
    return state


def _summary(call: Call, record: RecommendationJobRecord) -> dict[str, Any]:
    inputs = _input(record)
    summary = {
        **_state(record),
        "JobType": record.accepted["JobType"],
        "RoleArn": record.accepted["RoleArn"],
        "JobDescription": record.accepted.get("JobDescription", ""),  # required of the answer, not of the request
    }
    for name in ("ModelName", "ModelPackageVersionArn"):
        if name in inputs:
            summary[name] = inputs.required(name)
    payload_url = _sample_payload_url(call, inputs)
    return summary if payload_url is None else {**summary, "SamplePayloadUrl": payload_url}


def _sample_payload_url(call: Call, inputs: Members) -> str | None:
    """The ContainerConfig's, else the package's; None when that has been deleted."""
    container = inputs.structure("ContainerConfig") or Members({})
    payload = container.structure("PayloadConfig") or Members({})
    package = call.store.model_package(call.region, inputs.text("ModelPackageVersionArn") or "")
    return payload.text("SamplePayloadUrl") or Members(package.accepted if package else {}).text("SamplePayloadUrl")


def _step(record: RecommendationJobRecord, step: RecommendationStepRecord) -> dict[str, Any]:
    return {
        "StepType": "BENCHMARK",
        "JobName": record.name,
        "Status": step.status,
        "InferenceBenchmark": step.benchmark,
    }
