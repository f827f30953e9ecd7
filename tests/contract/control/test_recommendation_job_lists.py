"""ListInferenceRecommendationsJobs and ListInferenceRecommendationsJobSteps, through boto3 and its paginators."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from include.sagemaker_local.lifecycle import JobEvent, JobStatus
from include.sagemaker_local.store.records import RecommendationStepRecord
from tests.contract.control.conftest import ROLE, Rig
from tests.contract.control.job_requests import ARN, REGION, create_job, create_load_test
from tests.contract.control.measured_jobs import FAILED_ENDPOINT, OWN_ENDPOINT, measured_job

Refused = Callable[..., tuple[str, str]]


def listed(rig: Rig, **request: Any) -> list[str]:
    """The names of the jobs, in the order of the answer, page by page."""
    pages = rig.client.get_paginator("list_inference_recommendations_jobs").paginate(
        **request, PaginationConfig={"PageSize": 2}
    )
    return [job["JobName"] for page in pages for job in page["InferenceRecommendationsJobs"]]


def three_jobs(rig: Rig) -> None:
    """`alpha`, `beta` and `gamma`, 10 s apart; 100 s later `alpha` is stopped."""
    for name in ("alpha", "beta", "gamma"):
        create_job(rig, name)
        rig.clock.advance(10)
    rig.clock.advance(100)
    rig.client.stop_inference_recommendations_job(JobName="alpha")


def after_s(rig: Rig, seconds: float) -> datetime:
    """A moment so long after the first job was created."""
    first = rig.store.job(REGION, "alpha")
    assert first is not None
    return datetime.fromtimestamp(first.created_at_s + seconds, UTC)


def test_what_the_list_says_of_a_job(rig: Rig) -> None:
    arn = create_job(rig)
    (job,) = rig.client.list_inference_recommendations_jobs()["InferenceRecommendationsJobs"]
    assert job.pop("CreationTime") == job.pop("LastModifiedTime")
    assert job == {
        "JobName": "bench",
        "JobDescription": "",
        "JobType": "Default",
        "JobArn": arn,
        "Status": "PENDING",
        "RoleArn": ROLE,
        "ModelPackageVersionArn": f"{ARN}:model-package/fraud/1",
        "SamplePayloadUrl": "s3://models/payload.tar.gz",
    }


def test_what_the_list_says_of_a_job_that_has_ended(rig: Rig) -> None:
    create_load_test(rig)
    rig.store.move_job(REGION, "bench", JobEvent.START)
    rig.clock.advance(1)
    rig.store.move_job(REGION, "bench", JobEvent.FAIL, failure_reason="no")
    rig.client.delete_model_package(ModelPackageName=f"{ARN}:model-package/fraud/1")
    (job,) = rig.client.list_inference_recommendations_jobs()["InferenceRecommendationsJobs"]
    assert (job["JobType"], job["Status"], job["FailureReason"]) == ("Advanced", "FAILED", "no")
    assert job["CompletionTime"] == job["LastModifiedTime"] > job["CreationTime"]
    assert "SamplePayloadUrl" not in job


@pytest.mark.parametrize(
    ("request_", "names"),
    [
        ({}, ["gamma", "beta", "alpha"]),
        ({"SortOrder": "Ascending"}, ["alpha", "beta", "gamma"]),
        ({"SortBy": "Name"}, ["gamma", "beta", "alpha"]),
        ({"SortBy": "Name", "SortOrder": "Ascending"}, ["alpha", "beta", "gamma"]),
        ({"SortBy": "Status", "SortOrder": "Descending"}, ["alpha", "gamma", "beta"]),
        ({"NameContains": "MA"}, ["gamma"]),
        ({"StatusEquals": "STOPPING"}, ["alpha"]),
        ({"StatusEquals": "DELETED"}, []),
        ({"ModelPackageVersionArnEquals": f"{ARN}:model-package/fraud/2"}, ["beta"]),
        ({"ModelPackageVersionArnEquals": f"{ARN}:model-package/fraud/22"}, []),
        ({"ModelNameEquals": "pipeline"}, []),
    ],
)
def test_filters_and_order(rig: Rig, request_: dict[str, Any], names: list[str]) -> None:
    three_jobs(rig)
    assert listed(rig, **request_) == names


def test_times(rig: Rig) -> None:
    three_jobs(rig)
    assert listed(rig, CreationTimeAfter=after_s(rig, 5)) == ["gamma", "beta"]
    assert listed(rig, CreationTimeBefore=after_s(rig, 5)) == ["alpha"]
    assert listed(rig, CreationTimeAfter=after_s(rig, 5), CreationTimeBefore=after_s(rig, 15)) == ["beta"]
    assert listed(rig, LastModifiedTimeAfter=after_s(rig, 50)) == ["alpha"]
    assert listed(rig, LastModifiedTimeBefore=after_s(rig, 50)) == ["gamma", "beta"]


def test_ten_are_on_a_page_unless_it_is_said(rig: Rig, refused: Refused) -> None:
    package = rig.package()
    for number in range(11):
        create_job(rig, f"job-{number}", {"ModelPackageVersionArn": package})
    page = rig.client.list_inference_recommendations_jobs()
    assert len(page["InferenceRecommendationsJobs"]) == 10
    rest = rig.client.list_inference_recommendations_jobs(NextToken=page["NextToken"])
    assert [job["JobName"] for job in rest["InferenceRecommendationsJobs"]] == ["job-0"]
    assert "NextToken" not in rest
    code, message = refused(rig.client.list_inference_recommendations_jobs, NextToken="mine")
    assert (code, message.startswith("Invalid NextToken")) == ("ValidationException", True)


def test_steps_page_by_page(rig: Rig) -> None:
    create_job(rig)
    for position in range(11):
        benchmark = {"ModelConfiguration": {}, "EndpointMetrics": {"MaxInvocations": position, "ModelLatency": 1}}
        rig.store.put_step(REGION, RecommendationStepRecord("bench", position, JobStatus.COMPLETED, benchmark))
    paginator = rig.client.get_paginator("list_inference_recommendations_job_steps")
    steps = [step for page in paginator.paginate(JobName="bench") for step in page["Steps"]]
    assert [step["InferenceBenchmark"]["EndpointMetrics"]["MaxInvocations"] for step in steps] == list(range(11))
    assert {(step["StepType"], step["JobName"]) for step in steps} == {("BENCHMARK", "bench")}
    assert len(rig.client.list_inference_recommendations_job_steps(JobName="bench", MaxResults=3)["Steps"]) == 3


def test_a_failed_benchmark_is_in_the_steps_only(rig: Rig) -> None:
    measured_job(rig)
    described = rig.client.describe_inference_recommendations_job(JobName="bench")
    recommended = [one["EndpointConfiguration"]["EndpointName"] for one in described["InferenceRecommendations"]]
    assert recommended == [OWN_ENDPOINT]
    failed = rig.client.list_inference_recommendations_job_steps(JobName="bench", Status="FAILED", StepType="BENCHMARK")
    (step,) = failed["Steps"]
    assert (step["Status"], step["InferenceBenchmark"]["FailureReason"]) == ("FAILED", "no")
    assert step["InferenceBenchmark"]["EndpointConfiguration"]["EndpointName"] == FAILED_ENDPOINT
