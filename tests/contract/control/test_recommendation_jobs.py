from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from include.sagemaker_local.lifecycle import EndpointEvent, JobEvent, JobStatus
from include.sagemaker_local.store.records import RecommendationStepRecord
from tests.contract.control.conftest import IMAGE, ROLE, Rig

Refused = Callable[..., tuple[str, str]]
REGION = "us-east-1"
ARN = "arn:aws:sagemaker:us-east-1:123456789012"


def create(rig: Rig, name: str = "bench", inputs: dict[str, Any] | None = None, **overrides: Any) -> str:
    """A job for the package on the endpoint `staging`, which is made and InService when it is not there."""
    if inputs is None:
        inputs = {"ModelPackageVersionArn": rig.package()}
    if "Endpoints" not in inputs:
        if rig.store.endpoint(REGION, "staging") is None:
            rig.endpoint()
            rig.deployed()
        inputs = {**inputs, "Endpoints": [{"EndpointName": "staging"}]}
    request = {"JobName": name, "JobType": "Default", "RoleArn": ROLE, "InputConfig": inputs, **overrides}
    return str(rig.client.create_inference_recommendations_job(**request)["JobArn"])


def describe(rig: Rig, name: str = "bench") -> dict[str, Any]:
    answer: dict[str, Any] = rig.client.describe_inference_recommendations_job(JobName=name)
    return answer


def test_a_job_on_an_existing_endpoint(rig: Rig) -> None:
    package = rig.package()
    arn = create(
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
    described = describe(rig)
    assert (described["JobName"], described["Status"], described["JobType"]) == ("Bench", "PENDING", "Default")
    assert described["InputConfig"] == {
        "ModelPackageVersionArn": package,
        "Endpoints": [{"EndpointName": "staging"}],
        "EndpointConfigurations": [{"InstanceType": "ml.c5.large"}],
    }
    assert described["StoppingConditions"]["MaxInvocations"] == 300
    for absent in ("InferenceRecommendations", "EndpointPerformances", "CompletionTime", "FailureReason"):
        assert absent not in described


def test_the_results_reach_the_client_with_their_types(rig: Rig) -> None:
    create(rig)
    rig.store.move_job(REGION, "bench", JobEvent.START)
    assert describe(rig)["Status"] == "IN_PROGRESS"
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
    described = describe(rig)
    assert described["Status"] == "COMPLETED"
    assert described["CompletionTime"].timestamp() == rig.clock.now_s()
    assert described["EndpointPerformances"] == [performance]
    (got,) = described["InferenceRecommendations"]
    assert math.isnan(got["Metrics"].pop("CpuUtilization"))
    del metrics["CpuUtilization"]
    assert got == recommendation


def test_a_failed_job_says_why(rig: Rig) -> None:
    create(rig)
    rig.store.move_job(REGION, "bench", JobEvent.START)
    rig.store.move_job(REGION, "bench", JobEvent.FAIL, failure_reason="payload is empty")
    described = describe(rig)
    assert (described["Status"], described["FailureReason"]) == ("FAILED", "payload is empty")


def test_stop(rig: Rig, refused: Refused) -> None:
    create(rig)
    rig.client.stop_inference_recommendations_job(JobName="bench")
    assert rig.job_wakes == 2
    assert describe(rig)["Status"] == "STOPPING"
    for event, status in ((None, "STOPPING"), (JobEvent.STOPPED, "STOPPED")):
        if event is not None:
            rig.store.move_job(REGION, "bench", event)
        assert refused(rig.client.stop_inference_recommendations_job, JobName="bench") == (
            "ValidationException",
            f"The request was rejected because the inference recommendations job is in status {status}.",
        )


@pytest.mark.parametrize(
    ("missing", "overrides"),
    [
        ("Domain", {"Domain": None}),
        ("Task", {"Task": None}),
        ("SamplePayloadUrl", {"SamplePayloadUrl": None}),
        (
            "Framework",
            {"InferenceSpecification": {"Containers": [{"Image": IMAGE}], "SupportedContentTypes": ["text/csv"]}},
        ),
        (
            "SupportedContentTypes",
            {"InferenceSpecification": {"Containers": [{"Image": IMAGE, "Framework": "XGBOOST"}]}},
        ),
    ],
)
def test_what_the_package_must_say(rig: Rig, refused: Refused, missing: str, overrides: dict[str, Any]) -> None:
    package = rig.package(**overrides)
    assert refused(create, rig=rig, inputs={"ModelPackageVersionArn": package}) == (
        "ValidationException",
        f"Specify {missing} in the Model Package version 1. {missing} is a mandatory parameter for the job.",
    )
    assert rig.store.jobs() == []
    assert rig.job_wakes == 0


def test_the_container_config_stands_in_for_what_the_package_does_not_say(rig: Rig) -> None:
    package = rig.package(Domain=None, Task=None, SamplePayloadUrl=None)
    config = {
        "Domain": "MACHINE_LEARNING",
        "Task": "CLASSIFICATION",
        "PayloadConfig": {"SamplePayloadUrl": "s3://models/payload.tar.gz"},
    }
    create(rig, inputs={"ModelPackageVersionArn": package, "ContainerConfig": config})
    assert describe(rig)["InputConfig"]["ContainerConfig"] == config


def test_a_model_needs_a_container_config_that_says_it_all(rig: Rig, refused: Refused) -> None:
    rig.model()
    code, message = refused(create, rig=rig, inputs={"ModelName": "pipeline"})
    assert (code, "Specify Domain in ContainerConfig" in message) == ("ValidationException", True)
    config = {
        "Domain": "MACHINE_LEARNING",
        "Task": "CLASSIFICATION",
        "Framework": "XGBOOST",
        "PayloadConfig": {"SamplePayloadUrl": "s3://b/p.tar.gz", "SupportedContentTypes": ["text/csv"]},
    }
    create(rig, inputs={"ModelName": "pipeline", "ContainerConfig": config})
    listed = rig.client.list_inference_recommendations_jobs(ModelNameEquals="pipeline")
    assert [item["JobName"] for item in listed["InferenceRecommendationsJobs"]] == ["bench"]


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({}, "needs either ModelPackageVersionArn or ModelName"),
        ({"ModelPackageVersionArn": f"{ARN}:model-package/fraud/1", "ModelName": "m"}, "and not both"),
        (
            {"ModelPackageVersionArn": f"{ARN}:model-package/nope/1"},
            f"ModelPackage {ARN}:model-package/nope/1 does not",
        ),
        ({"ModelName": "nope"}, f'Could not find model "{ARN}:model/nope".'),
        (
            {"EndpointConfigurations": [{"InstanceType": "ml.t2.medium"}]},
            "Burstable instance type ml.t2.medium is not allowed.",
        ),
        (
            {"ContainerConfig": {"SupportedInstanceTypes": ["ml.t2.large"]}},
            "Burstable instance type ml.t2.large is not allowed.",
        ),
        ({"EndpointConfigurations": [{}]}, "needs an InstanceType"),
        ({"EndpointConfigurations": [{"InstanceType": "ml.huge"}]}, "Member must satisfy enum value set"),
        ({"JobDurationInSeconds": 18_001}, "at most 18000"),
    ],
)
def test_inputs_that_cannot_be(rig: Rig, refused: Refused, inputs: dict[str, Any], message: str) -> None:
    code, got = refused(create, rig=rig, inputs=inputs)
    assert code == "ValidationException"
    assert message in got


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        ({"MaxInvocations": 0}, "must be 1 to 30000"),
        ({"MaxInvocations": 30_001}, "must be 1 to 30000"),
        ({"ModelLatencyThresholds": [{"Percentile": "P50", "ValueInMilliseconds": 1}]}, "must be P95 or P99"),
        ({"ModelLatencyThresholds": [{"Percentile": "P95"}]}, "must be 1 or more"),
        ({"ModelLatencyThresholds": [{"Percentile": "P95", "ValueInMilliseconds": 0}]}, "must be 1 or more"),
        (
            {"ModelLatencyThresholds": [{"Percentile": "P95", "ValueInMilliseconds": 1}] * 2},
            "Member must have length less than or equal to 1",
        ),
    ],
)
def test_stopping_conditions_that_cannot_be(
    rig: Rig, refused: Refused, conditions: dict[str, Any], message: str
) -> None:
    code, got = refused(create, rig=rig, StoppingConditions=conditions)
    assert (code, message in got) == ("ValidationException", True)


def test_the_endpoint_must_be_there_and_in_service(rig: Rig, refused: Refused) -> None:
    inputs = {"ModelPackageVersionArn": rig.package(), "Endpoints": [{"EndpointName": "staging"}]}
    assert refused(create, rig=rig, inputs=inputs)[1] == f'Could not find endpoint "{ARN}:endpoint/staging".'
    rig.endpoint()
    assert refused(create, rig=rig, inputs=inputs) == (
        "ValidationException",
        f'Endpoint "{ARN}:endpoint/staging" is Creating; an endpoint to be benchmarked must be InService.',
    )
    rig.deployed()
    create(rig, inputs=inputs)


def test_the_endpoint_must_have_one_variant(rig: Rig, refused: Refused) -> None:
    rig.endpoint()
    live = rig.deployed()
    two = replace(live, variants=(live.variants[0], replace(live.variants[0], name="other")))
    rig.store.move_endpoint(REGION, "staging", EndpointEvent.UPDATE, wanted=two)
    rig.deployed()
    code, message = refused(create, rig=rig)
    assert (code, "has 2 variants" in message) == ("ValidationException", True)


def test_one_endpoint_a_job(rig: Rig, refused: Refused) -> None:
    inputs = {"ModelPackageVersionArn": rig.package(), "Endpoints": [{"EndpointName": "a"}, {"EndpointName": "b"}]}
    code, message = refused(create, rig=rig, inputs=inputs)
    assert code == "ValidationException"
    assert "at 'inputConfig.endpoints' failed to satisfy constraint: Member must have length less than" in message


@pytest.mark.parametrize(
    ("request_", "member"),
    [
        ({"JobType": "Advanced"}, "JobType Advanced"),
        ({"OutputConfig": {"CompiledOutputConfig": {}}}, "CompiledOutputConfig"),
        (
            {
                "InputConfig": {
                    "EndpointConfigurations": [{"ServerlessConfig": {"MemorySizeInMB": 1024, "MaxConcurrency": 1}}]
                }
            },
            "ServerlessConfig",
        ),
        ({"InputConfig": {"TrafficPattern": {"TrafficType": "PHASES"}}}, "TrafficPattern"),
    ],
)
def test_what_is_not_served_is_refused_by_name(
    rig: Rig, refused: Refused, request_: dict[str, Any], member: str
) -> None:
    code, message = refused(create, rig=rig, **request_)
    assert (code, member in message) == ("UnsupportedOperation", True)


def test_list(rig: Rig) -> None:
    package = rig.package()
    for name in ("one", "two"):
        create(rig, name, {"ModelPackageVersionArn": package})
        rig.clock.advance(1)
    rig.client.stop_inference_recommendations_job(JobName="one")
    jobs = rig.client.list_inference_recommendations_jobs()["InferenceRecommendationsJobs"]
    assert [(item["JobName"], item["Status"]) for item in jobs] == [("two", "PENDING"), ("one", "STOPPING")]
    assert jobs[0]["JobDescription"] == ""
    assert jobs[0]["ModelPackageVersionArn"] == package
    stopping = rig.client.list_inference_recommendations_jobs(StatusEquals="STOPPING", SortBy="Status")
    assert [item["JobName"] for item in stopping["InferenceRecommendationsJobs"]] == ["one"]
    of_package = rig.client.list_inference_recommendations_jobs(ModelPackageVersionArnEquals=f"{package}1")
    assert of_package["InferenceRecommendationsJobs"] == []


def test_steps(rig: Rig) -> None:
    create(rig)
    for position in range(11):
        status = JobStatus.FAILED if position == 3 else JobStatus.COMPLETED
        benchmark = {"ModelConfiguration": {}, "EndpointMetrics": {"MaxInvocations": position, "ModelLatency": 1}}
        rig.store.put_step(REGION, RecommendationStepRecord("bench", position, status, benchmark))
    pages = rig.client.get_paginator("list_inference_recommendations_job_steps").paginate(JobName="bench")
    steps = list(pages.search("Steps[]"))
    assert [step["InferenceBenchmark"]["EndpointMetrics"]["MaxInvocations"] for step in steps] == list(range(11))
    assert {(step["StepType"], step["JobName"]) for step in steps} == {("BENCHMARK", "bench")}
    failed = rig.client.list_inference_recommendations_job_steps(JobName="bench", Status="FAILED")
    assert len(failed["Steps"]) == 1
