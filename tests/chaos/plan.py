"""What strikes which run, and when: a number in, a course out. PURE.

A strike waits for a call that the run makes to AWS, and comes just before the service gets it or just after the
service has answered and before the caller knows. Between those two lies everything that can be done twice.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum


class Victim(StrEnum):
    """Who gets SIGKILL."""

    TASK = "task"
    """The process in which the task runs; its supervisor sees it and says so at once."""
    WORKER = "worker"
    """LocalExecutor's worker, which supervises the task: only a heart that no longer beats tells of it."""
    SCHEDULER = "scheduler"
    """The scheduler alone: what its workers are at goes on, and nobody takes it into account."""
    HOST = "host"
    """The scheduler with its workers and all their tasks, as when their machine is lost."""
    TRIGGERER = "triggerer"
    SAGEMAKER = "sagemaker"
    """The local SageMaker, with the containers and load tests that end with it."""


class Moment(StrEnum):
    """On which side of the service."""

    BEFORE = "before"
    AFTER = "after"


class Candidate(StrEnum):
    """What is to be promoted."""

    GOOD = "good"
    SLOW = "slow"
    """The gate refuses it."""


@dataclass(frozen=True)
class Point:
    """The first call of that operation by that task; `waiting`: by the triggerer, on the task's behalf."""

    task: str
    operation: str
    waiting: bool = False

    def __str__(self) -> str:
        return f"{self.task}{' (waiting)' if self.waiting else ''}: {self.operation}"


@dataclass(frozen=True)
class Strike:
    """Kill `victim` at `point`."""

    victim: Victim
    point: Point
    moment: Moment

    def __str__(self) -> str:
        return f"{self.victim} {self.moment} {self.point}"


@dataclass(frozen=True)
class Course:
    """One run. `has_production`: an endpoint that somebody else deployed is there before it."""

    seed: int
    strikes: tuple[Strike, ...]
    candidate: Candidate = Candidate.GOOD
    has_production: bool = False
    throttled: bool = False

    @property
    def pipeline(self) -> str:
        """The name of its pipeline; its own, so that runs do not meet."""
        return f"chaos-{self.seed:02}"

    @property
    def turn(self) -> int:
        """Runs of one turn go on at once. What one run alone feels comes first, then what all feel, kind by kind."""
        if self.throttled or len(self.strikes) > 1:
            return 4
        return max((_TURNS[strike.victim] for strike in self.strikes), default=1)


_TURNS = {
    Victim.TASK: 1,
    Victim.WORKER: 1,
    Victim.TRIGGERER: 2,
    Victim.SCHEDULER: 2,
    Victim.HOST: 2,
    Victim.SAGEMAKER: 3,
}

PREFLIGHT = Point("preflight", "GetObject")
REGISTER = Point("register_package", "CreateModelPackage")
MODEL = Point("create_model", "CreateModel")
STAGING = Point("deploy_staging", "CreateEndpoint")
JOB = Point("recommend", "CreateInferenceRecommendationsJob")
JUDGE = Point("judge", "DescribeInferenceRecommendationsJob")
APPROVAL = Point("promote", "UpdateModelPackage")
PRODUCTION = Point("promote", "CreateEndpoint")
UPDATE = Point("promote", "UpdateEndpoint")
VERIFY = Point("verify", "InvokeEndpoint")
EVIDENCE = Point("report", "PutObject")
REJECTION = Point("reject", "UpdateModelPackage")
WAIT_STAGING = Point("deploy_staging", "DescribeEndpoint", waiting=True)
WAIT_JOB = Point("recommend", "DescribeInferenceRecommendationsJob", waiting=True)
WAIT_PRODUCTION = Point("promote", "DescribeEndpoint", waiting=True)

UP_TO_THE_GATE = (PREFLIGHT, REGISTER, MODEL, STAGING, JOB, JUDGE)
TO_PRODUCTION = (*UP_TO_THE_GATE, APPROVAL, PRODUCTION, VERIFY, EVIDENCE)
"""A call of each task: the one that would leave something twice, where there is one."""
WAITS = (WAIT_STAGING, WAIT_JOB, WAIT_PRODUCTION)

ONE_EACH: tuple[tuple[Victim, Point], ...] = (
    (Victim.TASK, PREFLIGHT),
    (Victim.WORKER, REGISTER),
    (Victim.TASK, MODEL),
    (Victim.WORKER, STAGING),
    (Victim.TASK, JOB),
    (Victim.WORKER, JUDGE),
    (Victim.TASK, APPROVAL),
    (Victim.WORKER, PRODUCTION),
    (Victim.TASK, UPDATE),
    (Victim.TASK, VERIFY),
    (Victim.WORKER, EVIDENCE),
    (Victim.TASK, REJECTION),
    (Victim.TRIGGERER, WAIT_STAGING),
    (Victim.TRIGGERER, WAIT_JOB),
    (Victim.TRIGGERER, WAIT_PRODUCTION),
    (Victim.SCHEDULER, STAGING),
    (Victim.HOST, PRODUCTION),
    (Victim.SAGEMAKER, REGISTER),
    (Victim.SAGEMAKER, WAIT_JOB),
    (Victim.SAGEMAKER, UPDATE),
)
"""Seeds 1 to 20: one strike each."""
THROTTLED = (21, 22)
MIXED = (23, 24)
SEEDS = tuple(range(1, 25))
"""What `make test-chaos` runs; every other number is one more mixture."""


def course(seed: int) -> Course:
    """The run of that number, which is always the same."""
    chance = random.Random(seed)
    if 1 <= seed <= len(ONE_EACH):
        victim, point = ONE_EACH[seed - 1]
        return _on_the_way(seed, Strike(victim, point, _moment(chance)))
    if seed in THROTTLED:
        return Course(seed, (), _candidates(seed), has_production=True, throttled=True)
    return _mixture(seed, chance)


def _on_the_way(seed: int, strike: Strike) -> Course:
    refused = strike.point == REJECTION
    candidate = Candidate.SLOW if refused else Candidate.GOOD
    return Course(seed, (strike,), candidate, has_production=refused or strike.point == UPDATE)


def _candidates(seed: int) -> Candidate:
    return Candidate.GOOD if seed == THROTTLED[0] else Candidate.SLOW


def _mixture(seed: int, chance: random.Random) -> Course:
    """A task or worker on the way to the gate, then the triggerer, then what all share, with or without throttling."""
    near = Strike(chance.choice((Victim.TASK, Victim.WORKER)), chance.choice(UP_TO_THE_GATE), _moment(chance))
    wait = Strike(Victim.TRIGGERER, chance.choice(WAITS), _moment(chance))
    shared = (Victim.SAGEMAKER, Victim.SCHEDULER, Victim.HOST)
    far = Strike(chance.choice(shared), chance.choice((APPROVAL, PRODUCTION, VERIFY, EVIDENCE)), _moment(chance))
    return Course(seed, (near, wait, far), throttled=chance.random() < 0.5)


def _moment(chance: random.Random) -> Moment:
    return chance.choice(tuple(Moment))
