from __future__ import annotations

from typing import Any

import pytest

from include.sagemaker_local.errors import ApiError
from include.sagemaker_local.jobs.request import WantedConfiguration, parse_request
from include.sagemaker_local.load.course import Phase, Phases, Stairs
from include.sagemaker_local.load.rules import StopRules
from tests.fakes.recommendations import PACKAGE_ARN, job_record


def test_the_smallest_request() -> None:
    request = parse_request(job_record().accepted)

    assert (request.job_type, request.package_arn, request.endpoint_name) == ("Default", PACKAGE_ARN, None)
    assert request.configurations == ()
    assert request.rules == StopRules()
    assert (request.traffic, request.duration_s, request.max_tests, request.max_parallel_tests) == (None,) * 4


def test_everything_a_request_can_say() -> None:
    record = job_record(
        endpoint="staging",
        stopping={
            "MaxInvocations": 1000,
            "ModelLatencyThresholds": [{"Percentile": "P95", "ValueInMilliseconds": 200}],
            "FlatInvocations": "Continue",
        },
        ResourceLimit={"MaxNumberOfTests": 3, "MaxParallelOfTests": 2},
        JobDurationInSeconds=7200,
        EndpointConfigurations=[
            {
                "InstanceType": "ml.c5.large",
                "EnvironmentParameterRanges": {
                    "CategoricalParameterRanges": [{"Name": "OMP_NUM_THREADS", "Value": ["1", "2"]}]
                },
            },
            {"ServerlessConfig": {"MemorySizeInMB": 1024, "MaxConcurrency": 1}},
        ],
        ContainerConfig={
            "PayloadConfig": {"SamplePayloadUrl": "s3://b/p.tar.gz", "SupportedContentTypes": ["text/plain"]},
            "SupportedInstanceTypes": ["ml.m5.large"],
            "SupportedResponseMIMETypes": ["text/html"],
        },
    )

    request = parse_request(record.accepted)

    assert request.endpoint_name == "staging"
    assert request.rules == StopRules(1000, 95.0, 200, stop_when_flat=False)
    assert (request.duration_s, request.max_tests, request.max_parallel_tests) == (7200, 3, 2)
    assert request.configurations == (
        WantedConfiguration("ml.c5.large", False, None, (("OMP_NUM_THREADS", ("1", "2")),)),
        WantedConfiguration(None, True, None, ()),
    )
    assert (request.sample_payload_url, request.content_types) == ("s3://b/p.tar.gz", ("text/plain",))
    assert (request.instance_types, request.response_types) == (("ml.m5.large",), ("text/html",))


def test_phases_and_stairs() -> None:
    phase = {"InitialNumberOfUsers": 1, "SpawnRate": 2, "DurationInSeconds": 120}
    later = {"InitialNumberOfUsers": 3, "SpawnRate": 0, "DurationInSeconds": 240}
    stairs = {"DurationInSeconds": 240, "NumberOfSteps": 2, "UsersPerStep": 3}

    assert traffic(TrafficType="PHASES", Phases=[phase, later]) == Phases((Phase(1, 2, 120), Phase(3, 0, 240)))
    assert traffic(TrafficType="STAIRS", Stairs=stairs) == Stairs(240, 2, 3)


@pytest.mark.parametrize(("text", "percent"), [("P95", 95.0), ("P99", 99.0), ("p50", 50.0), ("P99.9", 99.9)])
def test_percentiles(text: str, percent: float) -> None:
    assert parse_request(job_record(stopping=threshold(text)).accepted).rules.latency_percentile == percent


@pytest.mark.parametrize("text", ["", "95", "P0", "P101", "Pxx", "P95 "])
def test_what_is_no_percentile_is_refused(text: str) -> None:
    with pytest.raises(ApiError, match="is not of the form P95 or P99"):
        parse_request(job_record(stopping=threshold(text)).accepted)


def traffic(**pattern: Any) -> Phases | Stairs | None:
    return parse_request(job_record(job_type="Advanced", TrafficPattern=pattern).accepted).traffic


def threshold(percentile: str) -> dict[str, Any]:
    return {"ModelLatencyThresholds": [{"Percentile": percentile, "ValueInMilliseconds": 100}]}
