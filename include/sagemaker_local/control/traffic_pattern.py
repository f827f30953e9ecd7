"""The rules of an Advanced job's TrafficPattern.

Limits are the developer guide's ("Run a custom load test"). The texts on continuity and on the whole duration are AWS's
("Troubleshoot Inference Recommender errors"), the others ours.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from include.sagemaker_local.control.refusals import invalid
from include.sagemaker_local.load.course import Phase, Phases, steps_of
from include.sagemaker_local.wire.members import Members

_WHERE = "InputConfig.TrafficPattern"
_MEMBER_OF = {"PHASES": "Phases", "STAIRS": "Stairs"}
_INITIAL_USERS = (1, 3)
_SPAWN_RATE = (0, 3)
_DURATION_S = (120, 3600)
_LARGEST_JUMP = 3  # in users, from the end of a phase to the beginning of the next


def check_traffic_pattern(pattern: Members, longest_s: int) -> None:
    """Raises ApiError for the first broken rule. `longest_s` is how long the whole pattern may take."""
    kind = pattern.text("TrafficType")
    if kind is None:
        raise invalid(f"{_WHERE} needs a TrafficType, PHASES or STAIRS.")
    for other_kind, member in _MEMBER_OF.items():
        if other_kind != kind and member in pattern:
            raise invalid(f"{_WHERE} has {member}, which does not belong to the TrafficType {kind}.")
    if _MEMBER_OF[kind] not in pattern:
        raise invalid(f"{_WHERE} of the TrafficType {kind} needs {_MEMBER_OF[kind]}.")
    if kind == "PHASES":
        duration_s = _check_phases(pattern.structures("Phases"))
    else:
        duration_s = _check_stairs(Members(pattern.raw["Stairs"]))
    if duration_s > longest_s:
        raise invalid("Total Traffic duration (across) should not be more than Job duration.")


def _check_phases(given: Sequence[Members]) -> int:
    """How long all phases take, in seconds."""
    phases = [_phase(each, f"{_WHERE}.Phases[{number}]") for number, each in enumerate(given, 1)]
    for before, after in itertools.pairwise(phases):
        users = _users_at_end(before)
        if abs(after.initial_users - users) > _LARGEST_JUMP:
            raise invalid(
                f"Users at the end of prev phase is {users} while initial users of current phase is "
                f"{after.initial_users}."
            )
    return sum(int(phase.duration_s) for phase in phases)


def _phase(given: Members, where: str) -> Phase:
    return Phase(
        _within(given, "InitialNumberOfUsers", where, _INITIAL_USERS),
        _within(given, "SpawnRate", where, _SPAWN_RATE),
        _within(given, "DurationInSeconds", where, _DURATION_S),
    )


def _users_at_end(phase: Phase) -> int:
    return [step.users for step in steps_of(Phases((phase,)))][-1]


def _check_stairs(stairs: Members) -> int:
    """How long the whole stairs take, in seconds: the developer guide's reading of DurationInSeconds."""
    where = f"{_WHERE}.Stairs"
    duration_s = _within(stairs, "DurationInSeconds", where, _DURATION_S)
    # The generator cannot change its users more often than once a second: our limit, the guide has none.
    _within(stairs, "NumberOfSteps", where, (1, duration_s))
    if "UsersPerStep" not in stairs:  # its limits are in the service model
        raise invalid(f"{where} needs UsersPerStep.")
    return duration_s


def _within(given: Members, name: str, where: str, limits: tuple[int, int]) -> int:
    value = given.integer(name)
    if value is None:
        raise invalid(f"{where} needs {name}.")
    if not limits[0] <= value <= limits[1]:
        raise invalid(f"{where}.{name} is {value}; it must be {limits[0]} to {limits[1]}.")
    return value
