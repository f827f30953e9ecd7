"""Instance types that the host cannot hold: refused, or estimated and marked as estimates wherever they are shown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from include.sagemaker_local.errors import ContainerError
from include.sagemaker_local.jobs.host import Host
from include.sagemaker_local.jobs.results import ESTIMATE_KEY
from include.sagemaker_local.lifecycle import JobStatus
from include.sagemaker_local.load.stage import StageResult
from tests.fakes.recommendation_bench import JobBench
from tests.fakes.stages import closed_loop


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[JobBench]:
    """A host of four cores, on which a container makes 6,000 predictions a minute with each of its vCPUs."""
    bench = JobBench(tmp_path, host=Host(4, 16))
    bench.package("ml.c5.4xlarge", "ml.c5.large")
    bench.settings = replace(bench.settings, estimate_instance_types=True)
    bench.drive.endpoint_of = lambda name: scaling(bench, name)
    yield bench
    bench.store.close()


def scaling(bench: JobBench, name: str) -> Any:
    """As many workers as the fleet has vCPUs."""
    (variant,) = bench.fleets.open_now[name].variants
    vcpus = variant.vcpus or {"ml.c5.large": 2}[variant.instance_type]

    def endpoint(users: int) -> StageResult:
        return closed_loop(workers=vcpus, service_ms=10)(users)

    return endpoint


def remark(configuration: Any) -> Any:
    (parameter,) = configuration["EnvironmentParameters"]
    return parameter


def test_they_are_refused_unless_asked_for(bench: JobBench) -> None:
    bench.settings = replace(bench.settings, estimate_instance_types=False)

    outcome = bench.run()

    assert len(outcome.recommendations) == 1
    assert bench.steps()[0].status is JobStatus.FAILED
    assert "or let it be estimated (serve --estimate-instance-types)" in str(bench.step_ends()[0][1])


def test_sizes_are_measured_by_restricting_vcpus_and_the_curve_is_followed(bench: JobBench) -> None:
    outcome = bench.run()

    own = [(each.variants[0].instance_type, each.variants[0].vcpus) for each in bench.fleets.opened]
    assert own == [("ml.c5.large", None), ("ml.c5.4xlarge", 1), ("ml.c5.4xlarge", 2), ("ml.c5.4xlarge", 3)]
    assert bench.drive.most_at_once == 1
    metrics: Any = bench.benchmark(0)["Metrics"]
    assert metrics["MaxInvocations"] == pytest.approx(16 * 6000, abs=1)
    assert metrics["ModelLatency"] == 10
    assert metrics["CostPerHour"] == pytest.approx(0.816)
    assert json.dumps(metrics["CpuUtilization"]) == "NaN"
    assert len(outcome.recommendations) == 2


def test_an_estimate_is_marked_wherever_it_can_be_seen(bench: JobBench) -> None:
    outcome = bench.run()

    measured, estimated = sorted(outcome.recommendations, key=lambda entry: "est_" in str(entry["RecommendationId"]))
    words = remark(estimated["ModelConfiguration"])["Value"]
    assert words.startswith("Estimated, not measured: 96000 invocations a minute on 16 vCPUs, between ")
    assert "(6000 on 1, 12000 on 2, 18000 on 3 vCPUs)" in words
    configuration: Any = estimated["EndpointConfiguration"]
    assert configuration["EndpointName"].startswith("sm-epc-estimated-")
    job, _, short = str(estimated["RecommendationId"]).partition("/")
    assert (job, short[:4], len(short)) == ("job", "est_", 8)
    assert measured["ModelConfiguration"] == {}
    assert not str(measured["RecommendationId"]).startswith("job/est_")

    assert remark(bench.benchmark(0)["ModelConfiguration"]) == {
        "Key": ESTIMATE_KEY,
        "ValueType": "string",
        "Value": words,
    }
    assert f"ml.c5.4xlarge: {words}" in bench.log("execution")
    document = json.loads(bench.objects.read("s3://models/inference-recommendations-jobs/job/job.json"))
    of_test = document["tests"][0]
    assert (of_test["warnings"], of_test["document"]) == ([words], None)
    assert of_test["estimate"]["low"] < of_test["estimate"]["per_minute"] < of_test["estimate"]["high"]
    assert document["tests"][1]["estimate"] is None


def test_sizes_are_measured_once_for_all_types_of_a_job(bench: JobBench) -> None:
    wanted: list[Any] = [{"InstanceType": name} for name in ("ml.c5.4xlarge", "ml.c5.9xlarge", "ml.m5.4xlarge")]

    outcome = bench.run(EndpointConfigurations=wanted)

    assert len(outcome.recommendations) == 3
    assert [each.variants[0].vcpus for each in bench.fleets.opened] == [1, 2, 3]


def test_an_advanced_job_s_fleet_is_of_estimated_instances(bench: JobBench) -> None:
    outcome = bench.run(
        job_type="Advanced",
        stopping={"MaxInvocations": 200_000, "FlatInvocations": "Stop"},
        EndpointConfigurations=[{"InstanceType": "ml.c5.4xlarge"}],
    )

    (entry,) = outcome.recommendations
    configuration: Any = entry["EndpointConfiguration"]
    assert configuration["InitialInstanceCount"] == 3


def test_a_size_that_cannot_be_measured_fails_the_type_and_says_which(bench: JobBench) -> None:
    bench.fleets.refusals["ml.c5.4xlarge"] = ContainerError("predict", "did not pass /ping")

    outcome = bench.run()

    assert len(outcome.recommendations) == 1
    assert bench.step_ends()[0] == (
        JobStatus.FAILED,
        "Its size of 1 vCPUs could not be measured: container 'predict' did not pass /ping",
    )


def test_a_host_of_one_core_estimates_nothing(bench: JobBench) -> None:
    bench.host = Host(1, 16)

    bench.run()

    assert bench.step_ends()[0] == (
        JobStatus.FAILED,
        "ml.c5.4xlarge cannot be estimated: a host of one core has no two sizes to measure.",
    )


def test_accelerators_and_unknown_types_are_refused_all_the_same(bench: JobBench) -> None:
    bench.run(EndpointConfigurations=[{"InstanceType": "ml.g4dn.xlarge"}, {"InstanceType": "ml.c8g.large"}])

    assert [status for status, _ in bench.step_ends()] == [JobStatus.FAILED] * 2
    assert bench.fleets.opened == []
