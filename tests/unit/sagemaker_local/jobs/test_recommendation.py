"""One job from its record to its outcome, with a real store, remembered fleets and load tests that are made up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from include.sagemaker_local.errors import ContainerError, HostError
from include.sagemaker_local.lifecycle import EndpointStatus, JobStatus
from include.sagemaker_local.store.records import ScalableTargetRecord
from tests.fakes.recommendation_bench import JobBench
from tests.fakes.recommendations import (
    ENDPOINT,
    PACKAGE_ARN,
    PAYLOAD_URL,
    REGION,
    endpoint_record,
    payload_archive,
)
from tests.fakes.stages import Endpoint, stage

BROKEN: Endpoint = lambda users: stage(users, 0, failures=50)  # noqa: E731 - a table of behaviours, not a function


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[JobBench]:
    bench = JobBench(tmp_path)
    yield bench
    bench.store.close()


def test_the_existing_endpoint_and_every_type_are_measured_one_after_the_other(bench: JobBench) -> None:
    bench.package("ml.m5.large", "ml.c5.large")
    bench.store.add_endpoint(endpoint_record())

    outcome = bench.run(endpoint=ENDPOINT)

    assert outcome.failure_reason is None
    assert outcome.endpoint_performances == (
        {"Metrics": {"MaxInvocations": 12_000, "ModelLatency": 10}, "EndpointInfo": {"EndpointName": ENDPOINT}},
    )
    types = [entry["EndpointConfiguration"]["InstanceType"] for entry in outcome.recommendations]  # type: ignore[index,call-overload]
    assert types == ["ml.c5.large", "ml.m5.large"]
    assert [status for status, _ in bench.step_ends()] == [JobStatus.COMPLETED] * 3
    assert bench.fleets.log == [
        ("open", "ml.m5.large"),
        ("close", "ml.m5.large"),
        ("open", "ml.c5.large"),
        ("close", "ml.c5.large"),
    ]
    assert bench.drive.plans[0].target == f"/endpoints/{ENDPOINT}/invocations"
    assert bench.drive.plans[1].target.startswith("/endpoints/sm-epc-")
    assert bench.drive.plans[0].payloads == (b"1,2", b"3,4")


def test_each_type_gets_a_fleet_of_the_package_s_containers(bench: JobBench) -> None:
    bench.package()
    ranges = {"CategoricalParameterRanges": [{"Name": "OMP_NUM_THREADS", "Value": ["2"]}]}

    bench.run(EndpointConfigurations=[{"InstanceType": "ml.c5.large", "EnvironmentParameterRanges": ranges}])

    (deployment,) = bench.fleets.opened
    (variant,) = deployment.variants
    assert (variant.instance_type, variant.instance_count) == ("ml.c5.large", 1)
    assert [dict(container.environment) for container in variant.containers] == [
        {"SAGEMAKER_PROGRAM": "inference.py", "OMP_NUM_THREADS": "2"},
        {"OMP_NUM_THREADS": "2"},
    ]


def test_a_type_larger_than_the_host_is_a_failed_step_and_the_others_go_on(bench: JobBench) -> None:
    bench.package("ml.c5.4xlarge", "ml.c5.large")

    outcome = bench.run()

    assert len(outcome.recommendations) == 1
    (larger, reason), (fitting, _) = bench.step_ends()
    assert (larger, fitting) == (JobStatus.FAILED, JobStatus.COMPLETED)
    assert "ml.c5.4xlarge has 16 vCPUs and 32 GiB of memory, this host has 2 cores and 7.7 GiB" in str(reason)
    assert ("open", "ml.c5.4xlarge") not in bench.fleets.log


def test_a_fleet_that_does_not_start_is_closed_and_says_which_container(bench: JobBench) -> None:
    bench.package("ml.c5.large", "ml.m5.large")
    bench.fleets.refusals["ml.c5.large"] = ContainerError(
        "predict", "did not pass /ping", log_tail=("a", "b", "c", "d")
    )

    outcome = bench.run()

    assert len(outcome.recommendations) == 1
    assert bench.step_ends()[0] == (
        JobStatus.FAILED,
        "container 'predict' did not pass /ping. Its last log lines: b | c | d",
    )
    assert bench.fleets.log[:2] == [("open", "ml.c5.large"), ("close", "ml.c5.large")]
    assert not bench.fleets.open_now


def test_a_model_that_fails_from_the_first_request_fails_the_job_with_the_service_s_words(bench: JobBench) -> None:
    bench.package("ml.c5.large")
    bench.endpoint = BROKEN

    outcome = bench.run()

    assert outcome.failure_reason is not None
    assert outcome.failure_reason.startswith(
        "All benchmarks failed. ml.c5.large: ModelError when calling InvokeEndpoint"
    )
    assert not bench.fleets.open_now


def test_a_failed_existing_endpoint_ends_the_job_and_is_named(bench: JobBench) -> None:
    bench.package("ml.c5.large")
    bench.store.add_endpoint(endpoint_record())
    bench.behaviours[ENDPOINT] = BROKEN

    outcome = bench.run(endpoint=ENDPOINT)

    assert outcome.failure_reason is not None
    assert outcome.failure_reason.startswith("Benchmark of endpoint staging failed: ModelError when calling")
    assert outcome.recommendations == outcome.endpoint_performances == ()
    assert bench.fleets.log == []


@pytest.mark.parametrize(
    ("endpoint", "reason"),
    [
        (None, "Could not find endpoint staging: it was deleted before the benchmark began."),
        (endpoint_record(status=EndpointStatus.UPDATING), "Endpoint staging is Updating, not InService."),
        (endpoint_record(variants=2), "Endpoint staging has 2 variants; only one is allowed."),
    ],
)
def test_an_endpoint_that_cannot_be_tested_any_more_fails_its_benchmark(
    bench: JobBench, endpoint: Any, reason: str
) -> None:
    bench.package("ml.c5.large")
    if endpoint is not None:
        bench.store.add_endpoint(endpoint)

    outcome = bench.run(endpoint=ENDPOINT)

    assert outcome.failure_reason == f"Benchmark of endpoint staging failed: {reason}"
    assert bench.step_ends() == [(JobStatus.FAILED, reason)]
    assert bench.drive.plans == []


def test_an_endpoint_that_scales_by_now_fails_its_benchmark(bench: JobBench) -> None:
    bench.package("ml.c5.large")
    bench.store.add_endpoint(endpoint_record())
    bench.store.put_scalable_target(ScalableTargetRecord(REGION, ENDPOINT, "variant-0", "arn", 1, 2, "role", {}, 1.0))

    bench.run(endpoint=ENDPOINT)

    reason = "Endpoint staging scales automatically; an endpoint to be benchmarked must not."
    assert bench.step_ends() == [(JobStatus.FAILED, reason)]
    assert bench.drive.plans == []


def test_an_existing_endpoint_alone_is_a_result_when_no_type_can_be_measured_here(bench: JobBench) -> None:
    bench.package("ml.c5.4xlarge")
    bench.store.add_endpoint(endpoint_record())

    outcome = bench.run(endpoint=ENDPOINT)

    assert outcome.failure_reason is None
    assert len(outcome.endpoint_performances) == 1
    assert outcome.recommendations == ()


def test_a_load_generator_that_breaks_fails_its_benchmark_and_the_fleet_is_closed(bench: JobBench) -> None:
    def break_down(users: int) -> Any:
        raise HostError("the load generator ended with status -9: it said nothing")

    bench.package("ml.c5.large")
    bench.endpoint = break_down

    outcome = bench.run()

    assert "ml.c5.large: the load generator ended with status -9" in str(outcome.failure_reason)
    assert not bench.fleets.open_now


def test_the_job_s_stopping_conditions_reach_the_load(bench: JobBench) -> None:
    bench.package("ml.c5.large")

    bench.run(stopping={"MaxInvocations": 500})

    assert bench.drive.plans[0].rules.max_invocations_per_minute == 500


def test_what_is_missing_fails_the_job_before_anything_is_started(bench: JobBench) -> None:
    assert bench.run().failure_reason == f"ModelPackage {PACKAGE_ARN} does not exist."
    assert bench.fleets.log == []


@pytest.mark.parametrize(
    ("objects", "reason"),
    [
        ({}, f"there is no object at {PAYLOAD_URL}"),
        ({PAYLOAD_URL: b"no archive"}, f"PayloadError when calling InvokeEndpoint: {PAYLOAD_URL}: invalid file type"),
        ({PAYLOAD_URL: payload_archive()}, f"PayloadError when calling InvokeEndpoint: {PAYLOAD_URL}: empty payload"),
    ],
)
def test_a_bad_payload_fails_the_job_before_anything_is_started(
    bench: JobBench, objects: dict[str, bytes], reason: str
) -> None:
    bench.package("ml.c5.large")
    bench.objects.objects = objects

    assert str(bench.run().failure_reason).startswith(reason)
    assert bench.fleets.log == []
