"""Custom load tests: the traffic pattern, the grid of configurations, the fleet that the wanted invocations need."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from include.sagemaker_local.jobs.host import Host
from include.sagemaker_local.lifecycle import JobStatus
from include.sagemaker_local.load.course import Phase, Phases, Ramp, Stairs
from include.sagemaker_local.load.stage import StageResult
from tests.fakes.recommendation_bench import JobBench
from tests.fakes.recommendations import ENDPOINT, endpoint_record
from tests.fakes.stages import stage

PHASES = {
    "TrafficType": "PHASES",
    "Phases": [{"InitialNumberOfUsers": 1, "SpawnRate": 1, "DurationInSeconds": 120}],
}
STAIRS = {"TrafficType": "STAIRS", "Stairs": {"DurationInSeconds": 600, "NumberOfSteps": 5, "UsersPerStep": 2}}


def sample(users: int) -> StageResult:
    """371 predictions a minute, however many users: AWS's sample of a custom load test."""
    return replace(stage(users, 37.1), span_s=60)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[JobBench]:
    bench = JobBench(tmp_path)
    bench.package()
    yield bench
    bench.store.close()


def configurations(*types: str, **ranges: list[str]) -> list[Any]:
    parameters = [{"Name": name, "Value": values} for name, values in ranges.items()]
    extra = {"EnvironmentParameterRanges": {"CategoricalParameterRanges": parameters}} if parameters else {}
    return [{"InstanceType": name, **extra} for name in types]


def advanced(*types: str, pattern: Any = PHASES, **more: Any) -> dict[str, Any]:
    return {
        "job_type": "Advanced",
        "TrafficPattern": pattern,
        "EndpointConfigurations": configurations(*types),
        **more,
    }


@pytest.mark.parametrize(
    ("pattern", "course"),
    [(PHASES, Phases((Phase(1, 1, 120),))), (STAIRS, Stairs(600, 5, 2))],
    ids=["phases", "stairs"],
)
def test_every_test_follows_the_traffic_pattern(bench: JobBench, pattern: Any, course: Any) -> None:
    bench.store.add_endpoint(endpoint_record())

    outcome = bench.run(endpoint=ENDPOINT, **advanced("ml.c5.large", "ml.m5.large", pattern=pattern))

    assert outcome.failure_reason is None
    assert [plan.course for plan in bench.drive.plans] == [course] * 3  # the existing endpoint's too
    assert len(outcome.endpoint_performances) == 1


def test_a_default_job_ramps_up(bench: JobBench) -> None:
    bench.run()

    assert {plan.course for plan in bench.drive.plans} == {Ramp(bench.settings.load_stage_s)}


def test_as_many_instances_are_recommended_as_the_wanted_invocations_need(bench: JobBench) -> None:
    bench.endpoint = sample
    bench.host = Host(5, 16)

    outcome = bench.run(stopping={"MaxInvocations": 1000}, **advanced("ml.c5d.xlarge"))

    (entry,) = outcome.recommendations
    metrics: Any = entry["Metrics"]
    configuration: Any = entry["EndpointConfiguration"]
    assert (configuration["InitialInstanceCount"], metrics["MaxInvocations"]) == (3, 1113)
    assert (metrics["CostPerHour"], metrics["CostPerInference"]) == (0.6899999976158142, 1.0332434612791985e-05)
    assert bench.fleets.opened[0].variants[0].instance_count == 1  # one is what was loaded
    (step,) = bench.steps()
    assert step.benchmark["Metrics"] == metrics
    assert step.benchmark["EndpointConfiguration"] == configuration


def test_a_default_job_recommends_one_instance_whatever_is_wanted(bench: JobBench) -> None:
    bench.endpoint = sample

    outcome = bench.run(stopping={"MaxInvocations": 1000}, EndpointConfigurations=configurations("ml.c5.large"))

    configuration: Any = outcome.recommendations[0]["EndpointConfiguration"]
    assert configuration["InitialInstanceCount"] == 1


def test_every_combination_is_a_test_up_to_the_job_s_limit(bench: JobBench) -> None:
    wanted = configurations("ml.c5.large", "ml.m5.large", OMP_NUM_THREADS=["1", "2"], WORKERS=["1", "2"])

    outcome = bench.run(EndpointConfigurations=wanted, ResourceLimit={"MaxNumberOfTests": 5})

    parameters: list[Any] = [entry["ModelConfiguration"] for entry in outcome.recommendations]
    assert len(parameters) == len(bench.steps()) == 5
    assert {"Key": "OMP_NUM_THREADS", "ValueType": "string", "Value": "2"} in parameters[2]["EnvironmentParameters"]
    left_out = [line for line in bench.log("execution") if line.startswith("not scheduled")]
    assert left_out[0] == "not scheduled: ml.m5.large OMP_NUM_THREADS=1 WORKERS=2: the job may make 5 tests"
    assert len(left_out) == 3


def test_after_the_job_s_duration_no_test_begins_and_the_running_one_comes_to_its_end(bench: JobBench) -> None:
    """A made-up stage lasts 10 s: the first test ends after 40, so the second begins and no third one does."""
    outcome = bench.run(
        JobDurationInSeconds=45, EndpointConfigurations=configurations("ml.c5.large", "ml.m5.large", "ml.r5.large")
    )

    assert outcome.failure_reason is None
    assert [step.status for step in bench.steps()] == [JobStatus.COMPLETED] * 2
    assert len(outcome.recommendations) == 2
    (line,) = [line for line in bench.log("execution") if line.startswith("not scheduled")]
    assert line.startswith("not scheduled: ml.r5.large: the job has run for ")
    assert "after 45 s (JobDurationInSeconds) none begins any more" in line


def test_tests_run_side_by_side_on_cores_of_their_own_where_the_host_has_them(bench: JobBench) -> None:
    bench.host = Host(cores=7, memory_gib=64)
    bench.drive.allowed_at_once = 2

    outcome = bench.run(
        EndpointConfigurations=configurations("ml.c5.large", "ml.m5.large", "ml.r5.large", "ml.c5.xlarge")[:3],
        ResourceLimit={"MaxNumberOfTests": 10, "MaxParallelOfTests": 2},
    )

    assert (bench.drive.most_at_once, bench.fleets.most_at_once) == (2, 2)
    assert {deployment.variants[0].first_cpu for deployment in bench.fleets.opened} == {0, 2}
    assert len(outcome.recommendations) == 3
    types = [bench.benchmark(position)["EndpointConfiguration"]["InstanceType"] for position in range(3)]
    assert types == ["ml.c5.large", "ml.m5.large", "ml.r5.large"]
    assert not bench.fleets.open_now


def test_the_existing_endpoint_is_tested_alone(bench: JobBench) -> None:
    bench.store.add_endpoint(endpoint_record())
    bench.host = Host(cores=32, memory_gib=64)
    bench.drive.allowed_at_once = 2

    bench.run(endpoint=ENDPOINT, ResourceLimit={"MaxParallelOfTests": 2})

    assert [plan.target.split("/")[2][:6] for plan in bench.drive.plans] == ["stagin", "sm-epc", "sm-epc", "sm-epc"]
    assert bench.fleets.log[0][0] == "open"
    assert "3 tests" not in bench.log("execution")[0]


def test_a_host_that_cannot_test_side_by_side_says_so_and_tests_one_by_one(bench: JobBench) -> None:
    outcome = bench.run(
        EndpointConfigurations=configurations("ml.c5.large", "ml.m5.large"), ResourceLimit={"MaxParallelOfTests": 4}
    )

    assert bench.drive.most_at_once == 1
    assert len(outcome.recommendations) == 2
    assert bench.log("execution")[0] == "The job has 2 tests; 1 at a time."
    assert bench.log("execution")[1].startswith("MaxParallelOfTests is 4, and 1 at a time is what this host can do")


def test_an_error_of_our_own_in_one_lane_ends_the_others(bench: JobBench) -> None:
    def bug(users: int) -> Any:
        raise ZeroDivisionError("oh")

    bench.endpoint = bug
    bench.host = Host(cores=32, memory_gib=64)
    bench.drive.allowed_at_once = 3

    with pytest.raises(ZeroDivisionError):
        bench.run(ResourceLimit={"MaxParallelOfTests": 3})
    assert not bench.fleets.open_now
    assert bench.drive.running == 0
