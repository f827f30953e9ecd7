"""A recommendation job from its creation to its end, as boto3 sees it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from include.sagemaker_local.lifecycle import JobEvent
from tests.contract.control.conftest import ROLE, Rig
from tests.contract.control.job_requests import (
    ARN,
    REGION,
    STOPPING,
    create_job,
    create_job_on_staging,
    create_load_test,
    describe_job,
)

Refused = Callable[..., tuple[str, str]]


def test_a_job_on_an_existing_endpoint(rig: Rig) -> None:
    package = rig.package()
    arn = create_job_on_staging(
        rig,
        "Bench",
        {"ModelPackageVersionArn": package, "EndpointConfigurations": [{"InstanceType": "ml.c5.large"}]},
        StoppingConditions={
            "MaxInvocations": 300,
            "ModelLatencyThresholds": [{"Percentile": "P95", "ValueInMilliseconds": 200}],
        },
    )
    assert arn == f"{ARN}:inference-recommendations-job/bench"
    assert rig.job_wakes == 1
    described = describe_job(rig)
    assert (described["JobName"], described["Status"], described["JobType"]) == ("Bench", "PENDING", "Default")
    assert described["InputConfig"] == {
        "ModelPackageVersionArn": package,
        "Endpoints": [{"EndpointName": "staging"}],
        "EndpointConfigurations": [{"InstanceType": "ml.c5.large"}],
    }
    assert described["StoppingConditions"]["MaxInvocations"] == 300
    for absent in ("InferenceRecommendations", "EndpointPerformances", "CompletionTime", "FailureReason"):
        assert absent not in described


def test_the_guide_s_load_test(rig: Rig) -> None:
    create_load_test(rig)
    described = describe_job(rig)
    assert (described["JobType"], described["Status"]) == ("Advanced", "PENDING")
    assert described["InputConfig"]["TrafficPattern"]["TrafficType"] == "PHASES"
    assert described["InputConfig"]["ResourceLimit"] == {"MaxNumberOfTests": 10, "MaxParallelOfTests": 3}
    assert described["InputConfig"]["JobDurationInSeconds"] == 7200
    assert described["StoppingConditions"] == STOPPING


def test_a_default_job_without_a_duration_shows_0_as_aws_s_sample_does(rig: Rig) -> None:
    create_job(rig, "short", {"ModelPackageVersionArn": rig.package(), "JobDurationInSeconds": 600})
    create_job(rig, "any")
    assert describe_job(rig, "short")["InputConfig"]["JobDurationInSeconds"] == 600
    assert describe_job(rig, "any")["InputConfig"]["JobDurationInSeconds"] == 0


def test_names_are_unique_whatever_their_case(rig: Rig, refused: Refused) -> None:
    create_job(rig, "bench")
    assert refused(create_job, rig=rig, name="BENCH") == (
        "ResourceInUse",
        f"Inference recommendations job already exists: {ARN}:inference-recommendations-job/bench",
    )
    rig.store.move_job(REGION, "bench", JobEvent.STOP)
    rig.store.move_job(REGION, "bench", JobEvent.STOPPED)
    assert refused(create_job, rig=rig)[0] == "ResourceInUse"


@pytest.mark.parametrize("name", ["-bench", "bench_1", "b" * 65])
def test_names_that_cannot_be(rig: Rig, refused: Refused, name: str) -> None:
    code, message = refused(create_job, rig=rig, name=name)
    assert (code, "at 'jobName' failed to satisfy constraint" in message) == ("ValidationException", True)


def test_a_description_and_a_role_that_cannot_be(rig: Rig, refused: Refused) -> None:
    code, message = refused(create_job, rig=rig, JobDescription="d" * 129, RoleArn=ROLE.replace("role", "user"))
    assert code == "ValidationException"
    assert message.startswith("2 validation errors detected: ")
    assert "'jobDescription' failed to satisfy constraint: Member must have length less than or equal to 128" in message
    assert "at 'roleArn' failed to satisfy constraint: Member must satisfy regular expression pattern" in message


def test_tags(rig: Rig) -> None:
    arn = create_job(rig, Tags=[{"Key": "team", "Value": "risk"}])
    rig.client.add_tags(ResourceArn=arn, Tags=[{"Key": "stage", "Value": "dev"}])
    rig.client.delete_tags(ResourceArn=arn, TagKeys=["team"])
    assert rig.client.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "stage", "Value": "dev"}]


@pytest.mark.parametrize(
    "operation",
    [
        "describe_inference_recommendations_job",
        "list_inference_recommendations_job_steps",
        "stop_inference_recommendations_job",
    ],
)
def test_a_job_that_is_not_there(rig: Rig, refused: Refused, operation: str) -> None:
    """The code is AWS's, for which its SDK has an exception of its own; the text is ours."""
    assert refused(getattr(rig.client, operation), JobName="nope") == (
        "ResourceNotFound",
        f'Could not find inference recommendations job "{ARN}:inference-recommendations-job/nope".',
    )
    with pytest.raises(rig.client.exceptions.ResourceNotFound):
        getattr(rig.client, operation)(JobName="nope")


def test_the_results_reach_the_client_with_their_types(rig: Rig) -> None:
    create_job_on_staging(rig)
    rig.store.move_job(REGION, "bench", JobEvent.START)
    assert describe_job(rig)["Status"] == "IN_PROGRESS"
    rig.clock.advance(60)
    metrics: dict[str, Any] = {
        "CostPerHour": 0.20399999618530273,
        "CostPerInference": 5.246913588052848e-06,
        "MaxInvocations": 648,
        "ModelLatency": 12,
        "CpuUtilization": math.nan,
    }
    recommendation: dict[str, Any] = {
        "RecommendationId": "bench/abcd1234",
        "Metrics": metrics,
        "EndpointConfiguration": {
            "EndpointName": "sm-epc-1",
            "VariantName": "sm-epc-1",
            "InstanceType": "ml.c5.xlarge",
            "InitialInstanceCount": 1,
        },
        "ModelConfiguration": {},
    }
    performance: dict[str, Any] = {
        "Metrics": {"MaxInvocations": 184, "ModelLatency": 1312},
        "EndpointInfo": {"EndpointName": "staging"},
    }
    rig.store.move_job(
        REGION,
        "bench",
        JobEvent.COMPLETE,
        recommendations=(recommendation,),
        endpoint_performances=(performance,),
    )
    described = describe_job(rig)
    assert described["Status"] == "COMPLETED"
    assert described["CompletionTime"].timestamp() == rig.clock.now_s()
    assert described["EndpointPerformances"] == [performance]
    (got,) = described["InferenceRecommendations"]
    assert math.isnan(got["Metrics"].pop("CpuUtilization"))
    del metrics["CpuUtilization"]
    assert got == recommendation


def test_a_failed_job_says_why(rig: Rig) -> None:
    create_job_on_staging(rig)
    rig.store.move_job(REGION, "bench", JobEvent.START)
    rig.store.move_job(REGION, "bench", JobEvent.FAIL, failure_reason="payload is empty")
    described = describe_job(rig)
    assert (described["Status"], described["FailureReason"]) == ("FAILED", "payload is empty")


@pytest.mark.parametrize("began", [False, True])
def test_a_job_is_stopped_at_any_moment(rig: Rig, refused: Refused, began: bool) -> None:
    create_job(rig)
    if began:
        rig.store.move_job(REGION, "bench", JobEvent.START)
    answer = rig.client.stop_inference_recommendations_job(JobName="bench")
    assert answer.keys() == {"ResponseMetadata"}
    assert rig.job_wakes == 2
    assert describe_job(rig)["Status"] == "STOPPING"
    rig.clock.advance(1)
    for event, status in ((None, "STOPPING"), (JobEvent.STOPPED, "STOPPED")):
        if event is not None:
            rig.store.move_job(REGION, "bench", event)
        assert refused(rig.client.stop_inference_recommendations_job, JobName="bench") == (
            "ValidationException",
            f"The request was rejected because the inference recommendations job is in status {status}.",
        )
    described = describe_job(rig)
    assert described["CompletionTime"] == described["LastModifiedTime"] > described["CreationTime"]


@pytest.mark.parametrize("end", [JobEvent.COMPLETE, JobEvent.FAIL])
def test_a_job_that_has_ended_cannot_be_stopped(rig: Rig, refused: Refused, end: JobEvent) -> None:
    create_job(rig)
    rig.store.move_job(REGION, "bench", JobEvent.START)
    status = rig.store.move_job(REGION, "bench", end).status
    assert refused(rig.client.stop_inference_recommendations_job, JobName="bench") == (
        "ValidationException",
        f"The request was rejected because the inference recommendations job is in status {status}.",
    )
