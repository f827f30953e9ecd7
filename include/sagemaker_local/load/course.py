"""What load runs when: one step of constant load after the other, each decided from what the steps before it gave.

A user sends a request, waits for the answer and sends the next; that is what Inference Recommender calls a user.
PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

from include.sagemaker_local.load.plateau import is_flat
from include.sagemaker_local.load.ramp import MAX_USERS, READING_PRECISION, Look, next_look
from include.sagemaker_local.load.rules import StopReason, StopRules, stop_reason
from include.sagemaker_local.load.stage import StageResult

# The first part of a step belongs to the warm-up: new connections, and the queue finding its new length.
_WARM_UP_SHARE = 1 / 3

# Of a ramp's stage, too; only the first one finds an endpoint that nobody has asked yet.
_WARM_UP_SHARE_LATER = 1 / 6

# Of a step of a traffic pattern, which may last for an hour, no more than this is lost to the warm-up.
_LONGEST_WARM_UP_S = 5.0

# Lengths of steps are fractions of a minute; what is left of a phase by rounding is not a step.
_ROUNDING = 1e-6


@dataclass(frozen=True, slots=True)
class Step:
    """A while of constant load: `warm_up_s` that are in no figure, then the measured part.

    The measured part lasts `duration_s`; None: until the throughput is known to `precision` (a share of it, with 95 %
    confidence), or `stage_s` long if it is not known as well by then (`enough.is_enough`).
    `users` ask in a closed loop. With a `rate_per_s` requests are sent at that rate instead, whether those before them
    were answered or not (an open loop), and `users` is how many may be under way at once. They come evenly, or, with a
    `poisson_seed`, as a Poisson process has them (`due_times.py`).
    """

    users: int
    rate_per_s: float | None = None
    warm_up_s: float = 0.0
    duration_s: float | None = None
    stage_s: float = 3.0
    poisson_seed: int | None = None
    precision: float = 0.0


@dataclass(frozen=True, slots=True)
class Ramp:
    """A Default job: 1, 2, 4, 8, ... users until more of them bring no more throughput (`ramp.py`).

    `stage_s` is how long a stage is measured at most, unless it has too few answers.
    """

    stage_s: float = 3.0


@dataclass(frozen=True, slots=True)
class Phase:
    """A phase of TrafficPattern PHASES: `initial_users`, and `spawn_per_minute` more every minute until its end."""

    initial_users: int
    spawn_per_minute: float
    duration_s: float


@dataclass(frozen=True, slots=True)
class Phases:
    """TrafficPattern PHASES, one after the other."""

    phases: tuple[Phase, ...]


@dataclass(frozen=True, slots=True)
class Stairs:
    """TrafficPattern STAIRS: `users_per_step` more users with every step.

    `duration_s` is the whole, as the developer guide has it (600 s in 5 steps are steps of 120 s); the API reference
    calls the same member the length of one step.
    """

    duration_s: float
    steps: int
    users_per_step: int


@dataclass(frozen=True, slots=True)
class ConstantUsers:
    """A closed loop of `users` for `duration_s`, after a warm-up."""

    users: int
    duration_s: float
    warm_up_s: float = 0.0


@dataclass(frozen=True, slots=True)
class ConstantRate:
    """An open loop: `rate_per_s` requests a second for `duration_s`, after a warm-up.

    A request's latency counts from the moment at which it was due, so one that had to wait because `most_in_flight`
    others were under way is as slow as its caller found it.
    """

    rate_per_s: float
    duration_s: float
    most_in_flight: int = MAX_USERS
    warm_up_s: float = 0.0
    poisson_seed: int | None = None  # None: evenly spaced; a number: at random, the same way every time


Course: TypeAlias = Ramp | Phases | Stairs | ConstantUsers | ConstantRate

_KINDS: Mapping[str, type[Course]] = {
    "ramp": Ramp,
    "phases": Phases,
    "stairs": Stairs,
    "constant-users": ConstantUsers,
    "constant-rate": ConstantRate,
}


def next_step(course: Course, stages: Sequence[StageResult], rules: StopRules) -> Step | StopReason:
    """The step that follows on `stages`, which `course` gave so far, or why there is none."""
    reason = stop_reason(stages[-1], rules) if stages else None
    if reason is not None:
        return reason
    if isinstance(course, Ramp):
        look = next_look(stages, rules.stop_when_flat)
        return _stage_of_ramp(course, look, stages) if isinstance(look, Look) else look
    if rules.stop_when_flat and is_flat(stages):
        return StopReason.FLAT
    steps = tuple(steps_of(course))
    return steps[len(stages)] if len(stages) < len(steps) else StopReason.COURSE_OVER


def steps_of(course: Phases | Stairs | ConstantUsers | ConstantRate) -> Iterator[Step]:
    """All steps of a course that is laid down in advance."""
    if isinstance(course, Phases):
        for phase in course.phases:
            yield from _steps_of_phase(phase)
    elif isinstance(course, Stairs):
        for number in range(1, course.steps + 1):
            yield _fixed(number * course.users_per_step, course.duration_s / course.steps)
    elif isinstance(course, ConstantUsers):
        yield Step(course.users, warm_up_s=course.warm_up_s, duration_s=course.duration_s)
    else:
        yield Step(
            course.most_in_flight,
            course.rate_per_s,
            course.warm_up_s,
            course.duration_s,
            poisson_seed=course.poisson_seed,
        )


def course_to_json(course: Course) -> dict[str, Any]:
    """A JSON object; `course_from_json` makes an equal course of it."""
    kind = next(name for name, type_ in _KINDS.items() if isinstance(course, type_))
    return {"kind": kind, **asdict(course)}


def course_from_json(document: Mapping[str, Any]) -> Course:
    """The course that `course_to_json` wrote. Raises KeyError or TypeError when `document` is something else."""
    members = {name: value for name, value in document.items() if name != "kind"}
    if document["kind"] == "phases":
        return Phases(tuple(Phase(**phase) for phase in members["phases"]))
    return _KINDS[document["kind"]](**members)


def _stage_of_ramp(ramp: Ramp, look: Look, stages: Sequence[StageResult]) -> Step:
    """Its warm-up lasts at least until what was asked for before it is answered, and one request more."""
    warm_up_s = ramp.stage_s * (_WARM_UP_SHARE_LATER if stages else _WARM_UP_SHARE)
    if stages and stages[0].latency.count and stages[-1].latency.count:
        warm_up_s = max(warm_up_s, (stages[0].latency.mean_us() + stages[-1].latency.mean_us()) / 1e6)
    longest_s = ramp.stage_s if look.precision <= READING_PRECISION else ramp.stage_s / 2
    return Step(look.users, warm_up_s=warm_up_s, stage_s=longest_s, precision=look.precision)


def _steps_of_phase(phase: Phase) -> Iterator[Step]:
    """A step for every number of users: a new one comes every 60 / spawn_per_minute seconds."""
    each_s = 60 / phase.spawn_per_minute if phase.spawn_per_minute else phase.duration_s
    whole = int(phase.duration_s / each_s + _ROUNDING)
    for number in range(whole):
        yield _fixed(phase.initial_users + number, each_s)
    rest_s = phase.duration_s - whole * each_s
    if rest_s > _ROUNDING * each_s:
        yield _fixed(phase.initial_users + whole, rest_s)


def _fixed(users: int, length_s: float) -> Step:
    warm_up_s = min(length_s * _WARM_UP_SHARE, _LONGEST_WARM_UP_S)
    return Step(users, warm_up_s=warm_up_s, duration_s=length_s - warm_up_s)
