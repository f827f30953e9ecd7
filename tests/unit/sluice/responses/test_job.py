from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sluice.gate.metrics import Absence, Measurement, Metric, Origin
from sluice.responses.job import job_state, measured_fleets, measurements


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


def test_a_job_began_when_aws_made_it() -> None:
    elsewhere = datetime(2026, 1, 1, 14, 0, tzinfo=timezone(timedelta(hours=2)))
    assert job_state(job(CreationTime=elsewhere)).began == datetime(2026, 1, 1, 12, 0, tzinfo=UTC).timestamp()
    assert job_state(job(CreationTime=None)).began is None


def recommended(instance_type: str, **changes: Any) -> dict[str, Any]:
    metrics = {"CostPerHour": 0.204, "CostPerInference": 1e-6, "MaxInvocations": 3000, "ModelLatency": 12}
    return {
        "RecommendationId": "iris-job/0a1b2c3d",
        "Metrics": metrics,
        "EndpointConfiguration": {"InstanceType": instance_type, "InitialInstanceCount": 2},
        "ModelConfiguration": {},
        **changes,
    }


def test_recommendations_are_fleets_with_all_their_numbers() -> None:
    (fleet,) = measured_fleets(job(InferenceRecommendations=[recommended("ml.c5.large")]))
    assert (fleet.recommendation, str(fleet)) == ("iris-job/0a1b2c3d", "2 x ml.c5.large")
    latency = fleet.numbers.get(Metric.MODEL_LATENCY_MS)
    assert isinstance(latency, Measurement) and (latency.value, latency.origin) == (12, Origin.MEASURED)
    assert fleet.usd(Metric.COST_PER_HOUR_USD) == 0.204 and fleet.usd(Metric.COST_PER_MILLION_USD) == 1
    assert "iris-job/0a1b2c3d" in latency.source


def test_what_production_cannot_run_on_is_no_fleet() -> None:
    tuned = {"EnvironmentParameters": [{"Key": "OMP_NUM_THREADS", "ValueType": "string", "Value": "2"}]}
    serverless = {"ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5}}
    answer = job(
        InferenceRecommendations=[
            recommended("ml.c5.large", ModelConfiguration=tuned),
            recommended("x", EndpointConfiguration=serverless),
        ]
    )
    assert measured_fleets(answer) == measured_fleets(job(InferenceRecommendations=None)) == ()
    # A variable counts where the spec has asked for it, and not beside another that it has not asked for.
    (fleet,) = measured_fleets(answer, {"OMP_NUM_THREADS"})
    assert (fleet.environment, str(fleet)) == ({"OMP_NUM_THREADS": "2"}, "2 x ml.c5.large with OMP_NUM_THREADS=2")
    tuned["EnvironmentParameters"].append({"Key": "SLUICE_LOCAL_ESTIMATE", "ValueType": "string", "Value": "yes"})
    assert measured_fleets(answer, {"OMP_NUM_THREADS"}) == ()


def test_a_fleet_without_a_cost_is_the_dearest() -> None:
    (fleet,) = measured_fleets(job(InferenceRecommendations=[recommended("ml.c5.large", Metrics={})]))
    assert fleet.usd(Metric.COST_PER_HOUR_USD) == math.inf
