"""Create, Describe, List and Stop of InferenceRecommendationsJob, and the list of its steps."""

from __future__ import annotations

from typing import Any

from include.sagemaker_local.control.call import Answer, Call
from include.sagemaker_local.control.listing import Listing
from include.sagemaker_local.control.operations.tags import requested_tags
from include.sagemaker_local.control.recommendation_description import (
    described,
    described_step,
    inputs_of,
    summary,
)
from include.sagemaker_local.control.recommendation_request import check_request
from include.sagemaker_local.control.refusals import invalid
from include.sagemaker_local.errors import ApiError
from include.sagemaker_local.lifecycle import JobEvent, JobStatus, job_allows
from include.sagemaker_local.store.records import ModelPackageRecord, RecommendationJobRecord
from include.sagemaker_local.store.selection import Compares, Comparison, Field
from include.sagemaker_local.wire.members import Members
from include.sagemaker_local.wire.paging import Order, page

_RESOURCE = "inference-recommendations-job"
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
    return described(found_job(call, call.request.required("JobName")))


async def list_inference_recommendations_jobs(call: Call) -> Answer:
    """Jobs with their states, newest first."""
    where = [
        Compares(Field("accepted_json", ("InputConfig", member)), Comparison.EQUALS, value)
        for member in ("ModelName", "ModelPackageVersionArn")
        if (value := call.request.text(f"{member}Equals")) is not None
    ]
    listing: Listing[RecommendationJobRecord] = Listing(
        member="InferenceRecommendationsJobs",
        descending=True,
        summary=lambda record: summary(record, _package(call, record)),
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
    answer: dict[str, Any] = {"Steps": [described_step(step) for step in found.items]}
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


def _package(call: Call, record: RecommendationJobRecord) -> ModelPackageRecord | None:
    arn = inputs_of(record).text("ModelPackageVersionArn")
    return None if arn is None else call.store.model_package(call.region, arn)
