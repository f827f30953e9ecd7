from __future__ import annotations

from typing import Any

import pytest
from sluice.errors import SpecError
from sluice.fields.typed import build
from sluice.specs.benchmark import BenchmarkSpec, EndpointConfigurationSpec
from sluice.specs.pipeline import PipelineSpec
from sluice.specs.traffic import PhaseSpec, TrafficSpec

from tests.fakes.specs import a_spec, spec_document

PHASE = {"initial_number_of_users": 1, "spawn_rate": 1, "duration_in_seconds": 120}
STAIRS = {"duration_in_seconds": 600, "number_of_steps": 5, "users_per_step": 2}
ADVANCED: dict[str, Any] = {
    "job_type": "Advanced",
    "instance_types": ["ml.c5.large", "ml.c5.xlarge"],
    "traffic": {"phases": [PHASE]},
    "stop": {"max_invocations": 1000},
}


def phases(*changes: dict[str, int]) -> dict[str, Any]:
    return {"traffic": {"phases": [{**PHASE, **each} for each in changes]}}


def stairs(**changes: int) -> dict[str, Any]:
    return {"traffic": {"stairs": {**STAIRS, **changes}}}


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("traffic", {"traffic": None}, "is missing"),
    ("stop", {"stop": None}, "needs a condition that ends it"),
    ("stop.max_invocations", {"stop": {"max_invocations": 30_001}}, "at most 30000"),
    ("stop.flat_invocations", {"stop": {"flat_invocations": "stop"}}, "did you mean 'Stop'"),
    ("traffic", {"traffic": {}}, "either phases or stairs"),
    ("traffic", {"traffic": {"phases": [PHASE], "stairs": STAIRS}}, "not both"),
    ("traffic.phases", {"traffic": {"phases": []}}, "at least 1"),
    ("traffic.phases[0].initial_number_of_users", phases({"initial_number_of_users": 4}), "at most 3"),
    ("traffic.phases[0].spawn_rate", phases({"spawn_rate": 60}), "at most 3"),
    ("traffic.phases[0].duration_in_seconds", phases({"duration_in_seconds": 119}), "at least 120"),
    # Three a minute for two minutes: six users at the end.
    ("traffic.phases[1].initial_number_of_users", phases({"spawn_rate": 3}, {"initial_number_of_users": 1}), "after 6"),
    ("traffic.stairs.users_per_step", stairs(users_per_step=4), "at most 3"),
    ("traffic.stairs.duration_in_seconds", stairs(duration_in_seconds=3601), "at most 3600"),
    ("traffic.stairs.number_of_steps", stairs(number_of_steps=601), "less than a second"),
    ("traffic", {**stairs(), "job_duration_in_seconds": 599}, "takes 600 s"),
    ("job_duration_in_seconds", {"job_duration_in_seconds": 18_001}, "at most 18000"),
    ("resource_limit.max_number_of_tests", {"resource_limit": {"max_number_of_tests": 11}}, "at most 10"),
    ("resource_limit.max_parallel_of_tests", {"resource_limit": {"max_parallel_of_tests": 0}}, "at least 1"),
    ("environment_ranges.2X", {"environment_ranges": {"2X": ["1"]}}, "no variable name"),
    ("environment_ranges.X", {"environment_ranges": {"X": ["1", "1"]}}, "each once"),
    ("environment_ranges.X", {"environment_ranges": {"X": ["1", "2", "3", "4"]}}, "1 to 3 values"),
    ("environment_ranges.X[0]", {"environment_ranges": {"X": [1]}}, "write it in quotes"),
    ("environment_ranges.X", {"environment_ranges": {"X": ["1" * 129]}}, "more than 128"),
    ("environment_ranges", {"environment_ranges": {f"X{n}": ["1"] for n in range(6)}}, "at most 5"),
    ("environment_ranges", {"environment_ranges": {n: ["1", "2", "3"] for n in "XY"}}, "18 tests.*at most 10"),
    (
        "environment_ranges",
        {"environment_ranges": {"X": ["1", "2"]}, "resource_limit": {"max_number_of_tests": 3}},
        "4 tests.*max_number_of_tests is 3",
    ),
    (
        "environment_ranges",
        {"environment_ranges": {"X": ["1"]}, "endpoint_configurations": [{"instance_type": "ml.c5.large"}]},
        "in each of them",
    ),
    (
        "endpoint_configurations[0].instance_type",
        {"endpoint_configurations": [{"instance_type": "ml.m5.large"}]},
        "none of instance_types",
    ),
    (
        "endpoint_configurations[0].environment_ranges.X",
        {"endpoint_configurations": [{"instance_type": "ml.c5.large", "environment_ranges": {"X": []}}]},
        "1 to 3 values",
    ),
    ("traffic", {"job_type": "Default", "stop": None}, "belongs to job_type Advanced"),
    ("resource_limit", {"job_type": "Default", "traffic": None, "resource_limit": {}}, "belongs to job_type Advanced"),
]


@pytest.mark.parametrize(("path", "changes", "says"), REFUSED, ids=[f"{path}-{says}" for path, _, says in REFUSED])
def test_a_job_that_aws_would_not_take_is_refused_with_the_path_to_the_key(
    path: str, changes: dict[str, Any], says: str
) -> None:
    given = {key: value for key, value in {**ADVANCED, **changes}.items() if value is not None}
    with pytest.raises(SpecError, match=says) as caught:
        build(BenchmarkSpec, given)
    assert caught.value.path == path


@pytest.mark.parametrize(
    ("spawn_rate", "seconds", "users"), [(0, 600, 2), (1, 120, 3), (3, 120, 7), (1, 150, 4), (2, 125, 6)]
)
def test_users_at_the_end_of_a_phase(spawn_rate: int, seconds: int, users: int) -> None:
    phase = PhaseSpec(initial_number_of_users=2, spawn_rate=spawn_rate, duration_in_seconds=seconds)
    assert phase.users_at_end == users


def test_phases_that_follow_on_each_other() -> None:
    given = phases({"spawn_rate": 2}, {"initial_number_of_users": 3, "duration_in_seconds": 300})["traffic"]
    assert build(TrafficSpec, given).duration_s == 420


def test_every_type_is_tested_with_the_same_ranges_unless_the_configurations_say_otherwise() -> None:
    ranges = {"OMP_NUM_THREADS": ["1", "2"]}
    of_all = build(BenchmarkSpec, {**ADVANCED, "environment_ranges": ranges})
    assert [each.instance_type for each in of_all.configurations] == ["ml.c5.large", "ml.c5.xlarge"]
    assert [each.tests for each in of_all.configurations] == [2, 2]
    assert of_all.variables == {"OMP_NUM_THREADS"}
    own = [{"instance_type": "ml.c5.xlarge", "environment_ranges": ranges}]
    assert build(BenchmarkSpec, {**ADVANCED, "endpoint_configurations": own}).configurations == (
        EndpointConfigurationSpec(instance_type="ml.c5.xlarge", environment_ranges={"OMP_NUM_THREADS": ("1", "2")}),
    )
    default = a_spec().benchmark
    assert (default.configurations, default.variables) == ((), frozenset())


def test_the_task_waits_for_as_long_as_the_job_may_take() -> None:
    assert a_spec().benchmark.patience_s == 7200
    assert build(BenchmarkSpec, {**ADVANCED, "job_duration_in_seconds": 3600}).patience_s == 3600 + 120 + 7200


def test_environments_are_compared_only_where_one_of_them_is_taken() -> None:
    compared = {**ADVANCED, "environment_ranges": {"X": ["1", "2"]}}
    with pytest.raises(SpecError, match="none of them would be taken") as caught:
        build(PipelineSpec, spec_document(benchmark=compared))
    assert caught.value.path == "production.instance"
    assert a_spec(benchmark=compared, production__instance="cheapest_passing").benchmark.variables == {"X"}
