"""PHASES and STAIRS of Advanced jobs, through boto3."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.contract.control.conftest import Rig
from tests.contract.control.job_requests import PHASE, PHASES, STAIRS, create_load_test, describe_job

Refused = Callable[..., tuple[str, str]]
TOO_LONG = "Total Traffic duration (across) should not be more than Job duration."


def phases(*changes: dict[str, Any]) -> dict[str, Any]:
    return {"TrafficType": "PHASES", "Phases": [{**PHASE, **change} for change in changes]}


def stairs(**changes: Any) -> dict[str, Any]:
    return {"TrafficType": "STAIRS", "Stairs": {**STAIRS["Stairs"], **changes}}  # type: ignore[dict-item]


def without(member: str) -> dict[str, Any]:
    return {name: value for name, value in PHASE.items() if name != member}


@pytest.mark.parametrize(
    "pattern",
    [
        PHASES,
        STAIRS,
        phases({"InitialNumberOfUsers": 3, "SpawnRate": 0, "DurationInSeconds": 3600}),
        # one user, and three more every minute: 6 at the end, from which 3 are 3 away
        phases({"SpawnRate": 3}, {"InitialNumberOfUsers": 3}),
        stairs(DurationInSeconds=120, NumberOfSteps=120, UsersPerStep=3),
        stairs(DurationInSeconds=3600, NumberOfSteps=1, UsersPerStep=1),
    ],
)
def test_what_the_guide_allows(rig: Rig, pattern: dict[str, Any]) -> None:
    create_load_test(rig, TrafficPattern=pattern)
    assert describe_job(rig)["InputConfig"]["TrafficPattern"] == pattern


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ({"Phases": [PHASE]}, "InputConfig.TrafficPattern needs a TrafficType, PHASES or STAIRS."),
        ({"TrafficType": "PHASES"}, "InputConfig.TrafficPattern of the TrafficType PHASES needs Phases."),
        ({"TrafficType": "STAIRS"}, "InputConfig.TrafficPattern of the TrafficType STAIRS needs Stairs."),
        (
            {**PHASES, "Stairs": STAIRS["Stairs"]},
            "InputConfig.TrafficPattern has Stairs, which does not belong to the TrafficType PHASES.",
        ),
        (
            {**STAIRS, "Phases": [PHASE]},
            "InputConfig.TrafficPattern has Phases, which does not belong to the TrafficType STAIRS.",
        ),
        (
            phases({}, {"InitialNumberOfUsers": 4}),
            "InputConfig.TrafficPattern.Phases[2].InitialNumberOfUsers is 4; it must be 1 to 3.",
        ),
        (
            # of the developer guide's own AWS CLI sample
            phases({"SpawnRate": 60, "DurationInSeconds": 300}),
            "InputConfig.TrafficPattern.Phases[1].SpawnRate is 60; it must be 0 to 3.",
        ),
        (
            phases({"DurationInSeconds": 119}),
            "InputConfig.TrafficPattern.Phases[1].DurationInSeconds is 119; it must be 120 to 3600.",
        ),
        (
            phases({"DurationInSeconds": 3601}),
            "InputConfig.TrafficPattern.Phases[1].DurationInSeconds is 3601; it must be 120 to 3600.",
        ),
        *(
            (
                {"TrafficType": "PHASES", "Phases": [without(member)]},
                f"InputConfig.TrafficPattern.Phases[1] needs {member}.",
            )
            for member in PHASE
        ),
        # two users at the end of the first phase, and no way for the third to begin that far below six
        (
            phases({"SpawnRate": 3}, {"InitialNumberOfUsers": 2}),
            "Users at the end of prev phase is 6 while initial users of current phase is 2.",
        ),
        (
            phases({}, {"SpawnRate": 2, "DurationInSeconds": 180}, {}),
            "Users at the end of prev phase is 6 while initial users of current phase is 1.",
        ),
        (
            stairs(DurationInSeconds=60),
            "InputConfig.TrafficPattern.Stairs.DurationInSeconds is 60; it must be 120 to 3600.",
        ),
        (
            stairs(NumberOfSteps=241),
            "InputConfig.TrafficPattern.Stairs.NumberOfSteps is 241; it must be 1 to 240.",
        ),
        (
            stairs(UsersPerStep=4),
            "1 validation error detected: Value '4' at 'inputConfig.trafficPattern.stairs.usersPerStep' failed to "
            "satisfy constraint: Member must have value less than or equal to 3",
        ),
        (
            {"TrafficType": "STAIRS", "Stairs": {"DurationInSeconds": 240, "NumberOfSteps": 2}},
            "InputConfig.TrafficPattern.Stairs needs UsersPerStep.",
        ),
        (
            {"TrafficType": "ZIGZAG"},
            "1 validation error detected: Value 'ZIGZAG' at 'inputConfig.trafficPattern.trafficType' failed to "
            "satisfy constraint: Member must satisfy enum value set: [PHASES, STAIRS]",
        ),
    ],
)
def test_what_is_refused(rig: Rig, refused: Refused, pattern: dict[str, Any], message: str) -> None:
    assert refused(create_load_test, rig=rig, TrafficPattern=pattern) == ("ValidationException", message)
    assert rig.store.jobs() == []


@pytest.mark.parametrize("pattern", [PHASES, STAIRS])
def test_the_whole_pattern_must_fit_into_the_job(rig: Rig, refused: Refused, pattern: dict[str, Any]) -> None:
    assert refused(create_load_test, rig=rig, TrafficPattern=pattern, JobDurationInSeconds=239) == (
        "ValidationException",
        TOO_LONG,
    )
    create_load_test(rig, TrafficPattern=pattern, JobDurationInSeconds=240)


def test_without_a_duration_the_longest_one_counts(rig: Rig, refused: Refused) -> None:
    hour = {"SpawnRate": 0, "DurationInSeconds": 3600}
    too_long = phases(*[hour] * 5, {})
    assert refused(create_load_test, rig=rig, TrafficPattern=too_long, JobDurationInSeconds=None)[1] == TOO_LONG
    create_load_test(rig, TrafficPattern=phases(*[hour] * 5), JobDurationInSeconds=None)
