"""What AWS does by itself while a task waits: how each kind is looked at, when it is over, and how it is stopped.

Both sides of a wait read this table, the worker through `hook` and the triggerer through `triggers`, so that they
cannot disagree about what is over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol

from sluice.responses.batch import transform_state
from sluice.responses.job import job_state
from sluice.responses.resources import Answer, endpoint_state, package_state
from sluice.waiting.polling import Pace


class Kind(StrEnum):
    """What may be waited for, in words that fit before a name."""

    ENDPOINT = "endpoint"
    PACKAGE = "model package"
    RECOMMENDATION_JOB = "recommendation job"
    TRANSFORM_JOB = "transform job"


class WorkState(Protocol):
    """As far as a wait is concerned."""

    @property
    def status(self) -> str:
        """AWS's word."""

    @property
    def ended(self) -> bool:
        """It stays as it is until somebody asks for something new. Whether it ended well is another question."""


class JobState(WorkState, Protocol):
    """As far as a job's whole life is concerned."""

    @property
    def arn(self) -> str:
        """The job's ARN."""

    @property
    def failure_reason(self) -> str | None:
        """AWS's own words, where there are any."""

    @property
    def began(self) -> float | None:
        """When it was created, in seconds since the epoch."""

    @property
    def completed_well(self) -> bool:
        """It has come to what it was started for."""

    @property
    def failed(self) -> bool:
        """It ended without results by itself. A job that somebody has stopped has not failed."""

    @property
    def needs_new_attempt(self) -> bool:
        """Nothing will come of it any more, and AWS never gives a job's name free."""


@dataclass(frozen=True, kw_only=True)
class Calls:
    """Names of boto3's methods for one kind, and the member that names the thing."""

    describe: str
    member: str
    read: Callable[[Answer], WorkState]
    expected_s: float
    """How long it takes as a rule: ours, unless a source is named."""


@dataclass(frozen=True, kw_only=True)
class JobCalls(Calls):
    """The same for a job, which can be started under a name of one's own, and stopped."""

    read: Callable[[Answer], JobState]
    create: str
    stop: str
    running: frozenset[str]
    """The statuses in which `stop` is accepted."""


JOBS: Mapping[Kind, JobCalls] = MappingProxyType(
    {
        Kind.RECOMMENDATION_JOB: JobCalls(
            describe="describe_inference_recommendations_job",
            member="JobName",
            read=job_state,
            expected_s=45 * 60,  # AWS's guide: a Default job takes up to 45 minutes
            create="create_inference_recommendations_job",
            stop="stop_inference_recommendations_job",
            running=frozenset({"PENDING", "IN_PROGRESS"}),
        ),
        Kind.TRANSFORM_JOB: JobCalls(
            describe="describe_transform_job",
            member="TransformJobName",
            read=transform_state,
            expected_s=10 * 60,
            create="create_transform_job",
            stop="stop_transform_job",
            running=frozenset({"InProgress"}),
        ),
    }
)

CALLS: Mapping[Kind, Calls] = MappingProxyType(
    {
        **JOBS,
        # AWS refuses UpdateEndpoint and DeleteEndpoint alike while a deployment is under way ("Cannot update
        # in-progress endpoint"), so there is nothing to stop one with.
        Kind.ENDPOINT: Calls(
            describe="describe_endpoint", member="EndpointName", read=endpoint_state, expected_s=5 * 60
        ),
        Kind.PACKAGE: Calls(
            describe="describe_model_package", member="ModelPackageName", read=package_state, expected_s=10
        ),
    }
)


@dataclass(frozen=True, kw_only=True)
class Wait:
    """One wait: for what, since when (seconds since the epoch), and how closely watched.

    `since` is when the work began, not when somebody began to look, so whoever takes the wait up goes on with it.
    """

    kind: Kind
    name: str
    since: float
    pace: Pace

    def __str__(self) -> str:
        return f"{self.kind.value} {self.name}"
