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
    COMPARED = "compared"
    """Both, side by side in one run; each has tasks of its own up to the gate, and a staging endpoint that goes."""


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
    moment: Moment
    point: Point

    def __str__(self) -> str:
        return f"{self.victim} {self.moment} {self.point}"


@dataclass(frozen=True)
class Course:
    """One run, and what strikes it: each strike once, in whatever order its calls come.

    `has_production`: an endpoint that somebody else deployed is there before it. `throttled`: AWS refuses every tenth
    of its calls.
    """

    seed: int
    strikes: tuple[Strike, ...]
    candidate: Candidate = Candidate.GOOD
    has_production: bool = False
    throttled: bool = False
    survives: bool = True
    """False when it is struck more often than it has retries: then the version is Rejected and production stays."""

    @property
    def pipeline(self) -> str:
        """The name of its pipeline; its own, so that runs do not meet."""
        return f"chaos-{self.seed:02}"

    @property
    def turn(self) -> int:
        """Runs of one turn go on at once. What one run alone feels comes first, then what all feel, kind by kind."""
        if len(set(self.strikes)) > 1:
            return 4
        felt_by_all = [_TURNS[strike.victim] for strike in self.strikes if strike.victim in _TURNS]
        # Half of the runs that are struck alone at a time: a starved scheduler takes the living for dead.
        return max(felt_by_all, default=self.seed % 2)


_TURNS = {Victim.TRIGGERER: 2, Victim.SCHEDULER: 2, Victim.HOST: 2, Victim.SAGEMAKER: 3}
"""Of what all runs feel."""

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
MAPPED_JOB = Point("measure.recommend", "CreateInferenceRecommendationsJob")
WAITS = (WAIT_STAGING, WAIT_JOB, WAIT_PRODUCTION)

ONE_EACH: tuple[Strike, ...] = (
    Strike(Victim.TASK, Moment.BEFORE, PREFLIGHT),
    Strike(Victim.WORKER, Moment.AFTER, REGISTER),
    Strike(Victim.TASK, Moment.AFTER, MODEL),
    Strike(Victim.WORKER, Moment.AFTER, STAGING),
    Strike(Victim.TASK, Moment.AFTER, JOB),
    Strike(Victim.WORKER, Moment.BEFORE, JUDGE),
    Strike(Victim.TASK, Moment.BEFORE, APPROVAL),
    Strike(Victim.WORKER, Moment.AFTER, PRODUCTION),
    Strike(Victim.TASK, Moment.AFTER, UPDATE),
    Strike(Victim.TASK, Moment.AFTER, VERIFY),
    Strike(Victim.WORKER, Moment.AFTER, EVIDENCE),
    Strike(Victim.TASK, Moment.AFTER, REJECTION),
    Strike(Victim.TRIGGERER, Moment.AFTER, WAIT_STAGING),
    Strike(Victim.TRIGGERER, Moment.BEFORE, WAIT_JOB),
    Strike(Victim.TRIGGERER, Moment.BEFORE, WAIT_PRODUCTION),
    Strike(Victim.SCHEDULER, Moment.AFTER, STAGING),
    Strike(Victim.HOST, Moment.AFTER, PRODUCTION),
    Strike(Victim.SAGEMAKER, Moment.AFTER, REGISTER),
    Strike(Victim.SAGEMAKER, Moment.BEFORE, WAIT_JOB),
    Strike(Victim.SAGEMAKER, Moment.AFTER, UPDATE),
)
"""Seeds 1 to 20: one strike each; after what creates something, since that is where it might be done twice."""
THROTTLED, THROTTLED_AND_REFUSED = 21, 22
MIXED = (23, 24)
TOO_OFTEN = 25
COMPARED = 26
SEEDS = tuple(range(1, 27))
"""What `make test-chaos` runs; every other number is one more mixture."""


def course(seed: int) -> Course:
    """The run of that number, which is always the same."""
    if 1 <= seed <= len(ONE_EACH):
        return _struck_once(seed, ONE_EACH[seed - 1])
    if seed in (THROTTLED, THROTTLED_AND_REFUSED):
        candidate = Candidate.GOOD if seed == THROTTLED else Candidate.SLOW
        return Course(seed, (), candidate, has_production=True, throttled=True)
    if seed == TOO_OFTEN:
        # Twice is what a task withstands. The third time comes before there is a job, and so there is none.
        strikes = (Strike(Victim.TASK, Moment.BEFORE, JOB),) * 3
        return Course(seed, strikes, has_production=True, survives=False)
    if seed == COMPARED:
        return Course(seed, (Strike(Victim.TASK, Moment.AFTER, MAPPED_JOB),), Candidate.COMPARED)
    return _mixture(seed, random.Random(seed))


def _struck_once(seed: int, strike: Strike) -> Course:
    refused = strike.point == REJECTION
    candidate = Candidate.SLOW if refused else Candidate.GOOD
    return Course(seed, (strike,), candidate, has_production=refused or strike.point == UPDATE)


def _mixture(seed: int, chance: random.Random) -> Course:
    """A task or worker on the way to the gate, then the triggerer, then what all share, with or without throttling."""
    near = Strike(chance.choice((Victim.TASK, Victim.WORKER)), _moment(chance), chance.choice(UP_TO_THE_GATE))
    wait = Strike(Victim.TRIGGERER, _moment(chance), chance.choice(WAITS))
    shared = (Victim.SAGEMAKER, Victim.SCHEDULER, Victim.HOST)
    far = Strike(chance.choice(shared), _moment(chance), chance.choice((APPROVAL, PRODUCTION, VERIFY, EVIDENCE)))
    return Course(seed, (near, wait, far), throttled=seed % 2 == 1)


def _moment(chance: random.Random) -> Moment:
    return chance.choice(tuple(Moment))
