from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import botocore.session
import pytest

from include.sagemaker_local.jobs.results import (
    WARNING_KEY,
    Result,
    Target,
    endpoint_performances,
    recommendations,
    shorten,
    step_record,
)
from include.sagemaker_local.jobs.utilisation import Utilisation
from include.sagemaker_local.lifecycle import JobStatus
from include.sagemaker_local.load.rules import StopReason
from include.sagemaker_local.load.summary import LoadFailure, LoadSummary
from tests.fakes.stages import stage

SERVICE = botocore.session.get_session().get_service_model("sagemaker")


def measured(target: Target, invocations: int, latency_ms: int = 12) -> Result:
    load = LoadSummary(invocations, latency_ms, stage(4, 10), StopReason.FLAT)
    return Result(target, load, started_at_s=10.5, ended_at_s=20.25, utilisation=Utilisation(187.5, 25.0))


def own(instance_type: str, *environment: tuple[str, str]) -> Target:
    return Target(f"sm-epc-{instance_type}", f"sm-epc-{instance_type}", instance_type, 1, environment=environment)


EXISTING = Target("staging", "AllTraffic", "ml.m5.large", 2, existing=True)


def check(value: Any, shape: Any) -> None:
    """Every member is one that the service model lists, of its type, and no required one is missing."""
    match shape.type_name:
        case "structure":
            assert isinstance(value, Mapping)
            assert set(value) <= set(shape.members), f"{shape.name} has no {set(value) - set(shape.members)}"
            assert set(shape.required_members) <= set(value), shape.name
            for name, member in value.items():
                check(member, shape.members[name])
        case "list":
            assert isinstance(value, Sequence)
            assert shape.metadata.get("min", 0) <= len(value) <= shape.metadata.get("max", len(value))
            for member in value:
                check(member, shape.member)
        case "integer":
            assert type(value) is int
        case "float" | "timestamp":
            assert type(value) is float
        case "string":
            assert type(value) is str
            assert value in (shape.enum or [value])
        case other:
            raise AssertionError(f"nothing here should be of type {other}")


def test_recommendations_have_the_service_s_own_form() -> None:
    entries = recommendations("job", [measured(own("ml.c5.large", ("OMP_NUM_THREADS", "2")), 600)])

    check(entries, SERVICE.shape_for("InferenceRecommendations"))
    (entry,) = entries
    assert entry["Metrics"] == {
        "CostPerHour": 0.10199999809265137,
        "CostPerInference": pytest.approx(0.102 / 36_000),
        "MaxInvocations": 600,
        "ModelLatency": 12,
        "CpuUtilization": 187.5,
        "MemoryUtilization": 25.0,
    }
    assert entry["EndpointConfiguration"] == {
        "EndpointName": "sm-epc-ml.c5.large",
        "VariantName": "sm-epc-ml.c5.large",
        "InstanceType": "ml.c5.large",
        "InitialInstanceCount": 1,
    }
    assert entry["ModelConfiguration"] == {
        "EnvironmentParameters": [{"Key": "OMP_NUM_THREADS", "ValueType": "string", "Value": "2"}]
    }
    assert (entry["InvocationStartTime"], entry["InvocationEndTime"]) == (10.5, 20.25)


def test_a_fleet_of_several_has_their_invocations_and_their_cost() -> None:
    """The guide's sample of an Advanced job: one ml.c5d.xlarge makes 371 a minute, 1,000 are wanted."""
    target = replace(own("ml.c5d.xlarge"), instance_count=3)
    (entry,) = recommendations("job", [measured(target, 371)])

    check([entry], SERVICE.shape_for("InferenceRecommendations"))
    metrics: Any = entry["Metrics"]
    configuration: Any = entry["EndpointConfiguration"]
    assert (metrics["MaxInvocations"], configuration["InitialInstanceCount"]) == (1113, 3)
    assert metrics["CostPerHour"] == 0.6899999976158142
    assert metrics["CostPerInference"] == 1.0332434612791985e-05


def test_an_existing_endpoint_s_instances_were_all_loaded() -> None:
    metrics: Any = step_record("job", 0, EXISTING, measured(EXISTING, 600)).benchmark["Metrics"]

    assert metrics["MaxInvocations"] == 600
    assert metrics["CostPerHour"] == pytest.approx(2 * 0.115)


def test_what_could_not_be_observed_is_nan() -> None:
    (entry,) = recommendations("job", [replace(measured(own("ml.c5.large"), 600), utilisation=Utilisation())])
    metrics: Any = entry["Metrics"]

    check([entry], SERVICE.shape_for("InferenceRecommendations"))
    assert math.isnan(metrics["CpuUtilization"])
    assert math.isnan(metrics["MemoryUtilization"])


def test_a_doubtful_step_says_so_without_having_failed() -> None:
    step = step_record("job", 0, EXISTING, replace(measured(EXISTING, 600), warning="Warning: others"))

    check(step.benchmark, SERVICE.shape_for("RecommendationJobInferenceBenchmark"))
    assert step.status is JobStatus.COMPLETED
    assert "FailureReason" not in step.benchmark
    assert step.benchmark["ModelConfiguration"] == {
        "EnvironmentParameters": [{"Key": WARNING_KEY, "ValueType": "string", "Value": "Warning: others"}]
    }


def test_the_cheapest_inference_comes_first() -> None:
    results = [
        measured(EXISTING, 10_000),
        measured(own("ml.c5.xlarge"), 1_000),  # 0.204 USD
        measured(own("ml.m5.large"), 600),  # 0.115
        measured(own("ml.c5.large"), 600),  # 0.102
    ]

    types = [entry["EndpointConfiguration"]["InstanceType"] for entry in recommendations("job", results)]  # type: ignore[index,call-overload]

    assert types == ["ml.c5.large", "ml.m5.large", "ml.c5.xlarge"]  # 2.8e-6, 3.2e-6, 3.4e-6


def test_ids_are_the_job_s_name_and_eight_word_characters_and_stay_the_same() -> None:
    results = [measured(own("ml.c5.large"), 600), measured(own("ml.m5.large"), 600)]

    first, again = recommendations("my-job", results), recommendations("my-job", results)

    ids = [str(entry["RecommendationId"]) for entry in first]
    assert ids == [entry["RecommendationId"] for entry in again]
    assert len(set(ids)) == 2
    for each in ids:
        job, _, short = each.partition("/")
        assert job == "my-job"
        assert len(short) == 8
        assert short.isalnum()


def test_the_existing_endpoint_s_performance_has_the_service_s_own_form() -> None:
    performances = endpoint_performances([measured(EXISTING, 184, 1312), measured(own("ml.c5.large"), 600)])

    check(performances, SERVICE.shape_for("EndpointPerformances"))
    assert performances == (
        {"Metrics": {"MaxInvocations": 184, "ModelLatency": 1312}, "EndpointInfo": {"EndpointName": "staging"}},
    )


def test_what_failed_is_in_neither_list() -> None:
    failed = [Result(EXISTING, LoadFailure("gone")), Result(own("ml.c5.large"), LoadFailure("no"))]

    assert recommendations("job", failed) == endpoint_performances(failed) == ()


@pytest.mark.parametrize(
    ("target", "result", "status"),
    [
        (EXISTING, None, JobStatus.IN_PROGRESS),
        (EXISTING, measured(EXISTING, 600), JobStatus.COMPLETED),
        (EXISTING, Result(EXISTING, LoadFailure("gone")), JobStatus.FAILED),
        (own("ml.c5.large"), measured(own("ml.c5.large"), 600), JobStatus.COMPLETED),
        (Target("sm-epc-1", "sm-epc-1", None, 1), None, JobStatus.IN_PROGRESS),  # serverless
    ],
)
def test_steps_have_the_service_s_own_form(target: Target, result: Result | None, status: JobStatus) -> None:
    step = step_record("job", 3, target, result)

    assert (step.job_name, step.position, step.status) == ("job", 3, status)
    check(step.benchmark, SERVICE.shape_for("RecommendationJobInferenceBenchmark"))


def test_a_failed_step_says_why_and_a_measured_existing_endpoint_has_endpoint_metrics() -> None:
    failed = step_record("job", 0, EXISTING, Result(EXISTING, LoadFailure("gone"))).benchmark
    good = step_record("job", 0, EXISTING, measured(EXISTING, 600)).benchmark

    assert failed["FailureReason"] == "gone"
    assert good["EndpointMetrics"] == {"MaxInvocations": 600, "ModelLatency": 12}


def test_reasons_are_cut_to_the_length_that_the_api_allows() -> None:
    assert shorten("x" * 1024) == "x" * 1024
    assert len(shorten("x" * 5000)) == 1024
