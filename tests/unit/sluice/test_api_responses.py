from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import botocore.session
import pytest
from sluice.api_responses import (
    DeploymentOutcome,
    EndpointState,
    PackageState,
    deployment_outcome,
    endpoint_state,
    existing_version,
    job_state,
    measurements,
    package_state,
)
from sluice.errors import UnexpectedAnswer
from sluice.metrics import Absence, Measurement, Metric, Origin

CONTENT = "c" * 64


def endpoint(**changes: Any) -> dict[str, Any]:
    return {
        "EndpointName": "iris",
        "EndpointArn": "arn:endpoint/iris",
        "EndpointConfigName": "config-new",
        "EndpointStatus": "InService",
        **changes,
    }


@pytest.mark.parametrize(
    ("status", "live", "outcome"),
    [
        ("InService", "config-new", DeploymentOutcome.APPLIED),
        ("InService", "config-old", DeploymentOutcome.ROLLED_BACK),
        ("InService", None, DeploymentOutcome.ROLLED_BACK),
        ("Creating", "config-new", DeploymentOutcome.IN_PROGRESS),
        ("Updating", "config-old", DeploymentOutcome.IN_PROGRESS),
        ("SystemUpdating", "config-new", DeploymentOutcome.IN_PROGRESS),
        ("RollingBack", "config-old", DeploymentOutcome.IN_PROGRESS),
        ("Failed", "config-new", DeploymentOutcome.FAILED),
        ("UpdateRollbackFailed", "config-new", DeploymentOutcome.ROLLBACK_FAILED),
        ("OutOfService", "config-new", DeploymentOutcome.FAILED),
        ("Deleting", "config-new", DeploymentOutcome.FAILED),
        ("SomethingNew", "config-new", DeploymentOutcome.FAILED),
    ],
)
def test_only_the_live_config_proves_a_deployment(status: str, live: str | None, outcome: DeploymentOutcome) -> None:
    state = endpoint_state(endpoint(EndpointStatus=status, EndpointConfigName=live))
    assert deployment_outcome(state, "config-new") is outcome


def test_every_status_of_the_service_model_has_an_outcome() -> None:
    model = botocore.session.get_session().get_service_model("sagemaker")
    statuses: list[str] = model.shape_for("EndpointStatus").metadata["enum"]
    for status in statuses:
        assert deployment_outcome(EndpointState("e", "a", status, "c"), "c") in DeploymentOutcome


def test_an_update_that_runs_names_the_pending_config() -> None:
    answer = endpoint(EndpointStatus="Updating", PendingDeploymentSummary={"EndpointConfigName": "config-next"})
    state = endpoint_state(answer)
    assert (state.config, state.pending_config) == ("config-new", "config-next")
    assert endpoint_state(endpoint()).pending_config is None


@pytest.mark.parametrize("member", ["EndpointName", "EndpointArn", "EndpointStatus"])
def test_an_answer_without_what_its_api_promises_is_refused(member: str) -> None:
    answer = endpoint()
    del answer[member]
    with pytest.raises(UnexpectedAnswer, match=member):
        endpoint_state(answer)


def job(**changes: Any) -> dict[str, Any]:
    """The sample of the SageMaker guide for an existing endpoint, its numbers to the last digit."""
    return {
        "JobName": "iris-job",
        "JobArn": "arn:job/iris-job",
        "Status": "COMPLETED",
        "CreationTime": datetime(2026, 1, 1, 12, 0, 0, 500_000, tzinfo=UTC),
        "InputConfig": {"ModelPackageVersionArn": "arn:package/1"},
        "InferenceRecommendations": [
            recommendation("ml.m5.large", CostPerHour=1.0, CostPerInference=1.0),
            recommendation("ml.g4dn.xlarge", CostPerHour=0.7360000014305115, CostPerInference=7.456940238625975e-06),
        ],
        "EndpointPerformances": [
            {"EndpointInfo": {"EndpointName": "iris"}, "Metrics": {"MaxInvocations": 184, "ModelLatency": 1312}}
        ],
        **changes,
    }


def recommendation(instance_type: str, **metrics: Any) -> dict[str, Any]:
    return {
        "Metrics": {"MaxInvocations": 1645, "ModelLatency": 171, **metrics},
        "EndpointConfiguration": {"InstanceType": instance_type, "InitialInstanceCount": 1},
        "ModelConfiguration": {},
    }


def test_latency_and_throughput_are_the_existing_endpoints_and_cost_the_recommendations() -> None:
    found = measurements(job(), "iris", "ml.g4dn.xlarge")
    on_endpoint, recommended = "EndpointPerformances of job iris-job", "recommendation ml.g4dn.xlarge of job iris-job"
    assert found.present == (
        Measurement(Metric.MODEL_LATENCY_MS, 1312, on_endpoint),
        Measurement(Metric.MAX_INVOCATIONS_PER_MINUTE, 184, on_endpoint),
        Measurement(Metric.COST_PER_HOUR_USD, 0.7360000014305115, recommended, Origin.ESTIMATED),
        Measurement(Metric.COST_PER_MILLION_USD, 7.456940238625975, recommended, Origin.ESTIMATED),
    )
    assert found.absent == ()


@pytest.mark.parametrize("bad", [None, "NaN", math.nan, "184", -1], ids=repr)
@pytest.mark.parametrize("member", ["MaxInvocations", "ModelLatency"])
def test_a_number_of_the_endpoint_that_is_none_is_absent(member: str, bad: object) -> None:
    numbers: dict[str, object] = {"MaxInvocations": 184, "ModelLatency": 1312, member: bad}
    answer = job(EndpointPerformances=[{"EndpointInfo": {"EndpointName": "iris"}, "Metrics": numbers}])
    found = measurements(answer, "iris", "ml.g4dn.xlarge")
    assert len(found.absent) == 1
    assert len(found.present) == 3


@pytest.mark.parametrize("bad", [None, "NaN", math.nan, math.inf], ids=repr)
def test_a_cost_that_is_no_number_is_absent(bad: object) -> None:
    answer = job(InferenceRecommendations=[recommendation("ml.c5.large", CostPerHour=bad, CostPerInference=bad)])
    found = measurements(answer, "iris", "ml.c5.large")
    assert {entry.metric for entry in found.absent} == {Metric.COST_PER_HOUR_USD, Metric.COST_PER_MILLION_USD}


@pytest.mark.parametrize(
    "changes",
    [
        {"EndpointPerformances": []},
        {"EndpointPerformances": None},
        {"EndpointPerformances": [{}]},
        {"EndpointPerformances": [{"EndpointInfo": {"EndpointName": "other"}, "Metrics": {"ModelLatency": 1}}]},
        {"EndpointPerformances": [{"EndpointInfo": {"EndpointName": "iris"}}]},
    ],
    ids=str,
)
def test_numbers_of_no_or_another_endpoint_are_not_taken(changes: dict[str, Any]) -> None:
    found = measurements(job(**changes), "iris", "ml.g4dn.xlarge")
    assert isinstance(found.get(Metric.MODEL_LATENCY_MS), Absence)
    assert isinstance(found.get(Metric.MAX_INVOCATIONS_PER_MINUTE), Absence)


@pytest.mark.parametrize(
    "changes", [{"InferenceRecommendations": None}, {"InferenceRecommendations": [{}]}, {}], ids=str
)
def test_the_cost_of_another_instance_type_is_not_taken(changes: dict[str, Any]) -> None:
    cost = measurements(job(**changes), "iris", "ml.c5.large").get(Metric.COST_PER_MILLION_USD)
    assert isinstance(cost, Absence)
    assert "ml.c5.large" in cost.reason


def test_a_recommendation_with_other_variables_stands_behind_one_as_staged() -> None:
    tuned = recommendation("ml.c5.large", CostPerHour=1.0, CostPerInference=1e-6)
    tuned["ModelConfiguration"] = {"EnvironmentParameters": [{"Key": "OMP_NUM_THREADS", "Value": "4"}]}
    as_staged = recommendation("ml.c5.large", CostPerHour=2.0, CostPerInference=2e-6)
    found = measurements(job(InferenceRecommendations=[tuned, as_staged]), "iris", "ml.c5.large")
    cost = found.get(Metric.COST_PER_HOUR_USD)
    assert isinstance(cost, Measurement)
    assert cost.value == 2.0


@pytest.mark.parametrize(
    ("status", "ended", "well", "again"),
    [
        ("PENDING", False, False, False),
        ("IN_PROGRESS", False, False, False),
        ("COMPLETED", True, True, False),
        ("FAILED", True, False, True),
        ("STOPPING", False, False, True),
        ("STOPPED", True, False, True),
        ("DELETING", False, False, True),
        ("DELETED", True, False, True),
    ],
)
def test_what_a_jobs_status_means(status: str, ended: bool, well: bool, again: bool) -> None:
    state = job_state(job(Status=status, FailureReason="4xx"))
    assert (state.ended, state.completed_well, state.needs_new_attempt) == (ended, well, again)
    assert state.failure_reason == "4xx"
    assert state.package_arn == "arn:package/1"


def test_times_are_utc_text() -> None:
    elsewhere = datetime(2026, 1, 1, 14, 0, tzinfo=timezone(timedelta(hours=2)))
    state = job_state(job(CompletionTime=elsewhere))
    assert state.created == "2026-01-01T12:00:00.500+00:00"
    assert state.completed == "2026-01-01T12:00:00.000+00:00"
    assert job_state(job(CompletionTime=None)).completed is None


def package(**changes: Any) -> dict[str, Any]:
    return {
        "ModelPackageArn": "arn:package/iris/3",
        "ModelPackageGroupName": "iris",
        "ModelPackageVersion": 3,
        "ModelPackageStatus": "Completed",
        "ModelApprovalStatus": "Approved",
        "ModelPackageDescription": f"content sha256:{CONTENT}",
        **changes,
    }


def test_a_package_from_a_list_and_from_describe() -> None:
    listed = package_state(package())
    assert listed == PackageState("arn:package/iris/3", "iris", 3, "Completed", "Approved", CONTENT)
    described = package_state(package(CustomerMetadataProperties={"sluice:evidence": "s3://b/e.json"}))
    assert described.metadata == {"sluice:evidence": "s3://b/e.json"}


def test_a_package_that_failed_says_why() -> None:
    details = {"ValidationStatuses": [{"Name": "a"}, {"Name": "b", "FailureReason": "no image"}]}
    assert package_state(package(ModelPackageStatusDetails=details)).failure_reason == "no image"


@pytest.mark.parametrize("changes", [{"ModelPackageVersion": None}, {"ModelPackageArn": ""}], ids=str)
def test_a_package_that_is_no_version_of_a_group_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(UnexpectedAnswer):
        package_state(package(**changes))


def test_the_newest_usable_version_with_the_same_content_is_found() -> None:
    def version(number: int, status: str = "Completed", content: str | None = CONTENT) -> PackageState:
        return PackageState(f"arn/{number}", "iris", number, status, "Rejected", content)

    packages = [
        version(1),
        version(3),
        version(2),
        version(4, "Failed"),
        version(5, "Deleting"),
        version(6, content="d" * 64),
    ]
    assert existing_version(packages, CONTENT) == version(3)
    assert existing_version(packages, "e" * 64) is None
    assert existing_version([version(7, content=None)], CONTENT) is None
