"""The states of an endpoint, of a recommendation job and of a transform job, as tables.

An event that the table does not list for a state is a programming error and changes nothing. The API's own refusals
("Cannot update in-progress endpoint ...") are asked of the same table through `allows`.
PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from include.sagemaker_local.errors import IllegalTransition


class EndpointStatus(StrEnum):
    """EndpointStatus as DescribeEndpoint reports it."""

    OUT_OF_SERVICE = "OutOfService"
    CREATING = "Creating"
    UPDATING = "Updating"
    SYSTEM_UPDATING = "SystemUpdating"
    ROLLING_BACK = "RollingBack"
    IN_SERVICE = "InService"
    DELETING = "Deleting"
    FAILED = "Failed"
    UPDATE_ROLLBACK_FAILED = "UpdateRollbackFailed"


class EndpointEvent(StrEnum):
    """What can happen to an endpoint."""

    UPDATE = "update"  # UpdateEndpoint was accepted
    DELETE = "delete"  # DeleteEndpoint was accepted
    DEPLOYED = "deployed"  # the wanted fleet answers /ping and has the traffic
    DEPLOY_FAILED = "deploy failed"  # the wanted fleet did not come up
    ROLLED_BACK = "rolled back"  # the old fleet has the traffic again
    ROLLBACK_FAILED = "rollback failed"  # neither fleet can serve
    RESTARTED = "restarted"  # the server was restarted; the fleet has to be started again


class JobStatus(StrEnum):
    """Status of an inference recommendations job; upper case, unlike every other SageMaker status."""

    PENDING = "PENDING"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    STOPPING = "STOPPING"
    STOPPED = "STOPPED"


class JobEvent(StrEnum):
    """What can happen to a recommendation job."""

    START = "start"
    COMPLETE = "complete"
    FAIL = "fail"
    STOP = "stop"  # StopInferenceRecommendationsJob was accepted
    STOPPED = "stopped"  # no load is running any more
    RESTARTED = "restarted"  # the server was restarted; measurements of the old process are void


class TransformStatus(StrEnum):
    """TransformJobStatus as DescribeTransformJob reports it. A job is InProgress from the moment it is accepted."""

    IN_PROGRESS = "InProgress"
    COMPLETED = "Completed"
    FAILED = "Failed"
    STOPPING = "Stopping"
    STOPPED = "Stopped"


class TransformEvent(StrEnum):
    """What can happen to a transform job."""

    BEGIN = "begin"  # its turn has come; TransformStartTime
    COMPLETE = "complete"
    FAIL = "fail"
    STOP = "stop"  # StopTransformJob was accepted
    STOPPED = "stopped"  # nothing of it is running any more
    RESTARTED = "restarted"  # the server was restarted; nothing that the old process did was stored


_E = EndpointStatus
_J = JobStatus
_T = TransformStatus

ENDPOINT_TRANSITIONS: Mapping[tuple[EndpointStatus, EndpointEvent], EndpointStatus] = {
    (_E.CREATING, EndpointEvent.DEPLOYED): _E.IN_SERVICE,
    (_E.CREATING, EndpointEvent.DEPLOY_FAILED): _E.FAILED,
    (_E.CREATING, EndpointEvent.RESTARTED): _E.CREATING,
    (_E.IN_SERVICE, EndpointEvent.UPDATE): _E.UPDATING,
    (_E.IN_SERVICE, EndpointEvent.DELETE): _E.DELETING,
    (_E.IN_SERVICE, EndpointEvent.RESTARTED): _E.SYSTEM_UPDATING,
    (_E.UPDATING, EndpointEvent.DEPLOYED): _E.IN_SERVICE,
    (_E.UPDATING, EndpointEvent.DEPLOY_FAILED): _E.ROLLING_BACK,
    (_E.UPDATING, EndpointEvent.RESTARTED): _E.UPDATING,
    (_E.SYSTEM_UPDATING, EndpointEvent.DEPLOYED): _E.IN_SERVICE,
    (_E.SYSTEM_UPDATING, EndpointEvent.DEPLOY_FAILED): _E.FAILED,
    (_E.SYSTEM_UPDATING, EndpointEvent.RESTARTED): _E.SYSTEM_UPDATING,
    (_E.ROLLING_BACK, EndpointEvent.ROLLED_BACK): _E.IN_SERVICE,
    (_E.ROLLING_BACK, EndpointEvent.ROLLBACK_FAILED): _E.UPDATE_ROLLBACK_FAILED,
    (_E.ROLLING_BACK, EndpointEvent.RESTARTED): _E.ROLLING_BACK,
    (_E.UPDATE_ROLLBACK_FAILED, EndpointEvent.UPDATE): _E.UPDATING,
    (_E.UPDATE_ROLLBACK_FAILED, EndpointEvent.DELETE): _E.DELETING,
    (_E.OUT_OF_SERVICE, EndpointEvent.DELETE): _E.DELETING,
    (_E.FAILED, EndpointEvent.DELETE): _E.DELETING,
    (_E.DELETING, EndpointEvent.RESTARTED): _E.DELETING,
}

JOB_TRANSITIONS: Mapping[tuple[JobStatus, JobEvent], JobStatus] = {
    (_J.PENDING, JobEvent.START): _J.IN_PROGRESS,
    (_J.PENDING, JobEvent.STOP): _J.STOPPING,
    (_J.PENDING, JobEvent.RESTARTED): _J.PENDING,
    (_J.IN_PROGRESS, JobEvent.COMPLETE): _J.COMPLETED,
    (_J.IN_PROGRESS, JobEvent.FAIL): _J.FAILED,
    (_J.IN_PROGRESS, JobEvent.STOP): _J.STOPPING,
    (_J.IN_PROGRESS, JobEvent.RESTARTED): _J.PENDING,
    (_J.STOPPING, JobEvent.STOPPED): _J.STOPPED,
    (_J.STOPPING, JobEvent.RESTARTED): _J.STOPPING,
}


# A job that was writing its last results when the stop came has come to its end: it does not say Stopped, which means
# that nothing was stored.
TRANSFORM_TRANSITIONS: Mapping[tuple[TransformStatus, TransformEvent], TransformStatus] = {
    (_T.IN_PROGRESS, TransformEvent.BEGIN): _T.IN_PROGRESS,
    (_T.IN_PROGRESS, TransformEvent.COMPLETE): _T.COMPLETED,
    (_T.IN_PROGRESS, TransformEvent.FAIL): _T.FAILED,
    (_T.IN_PROGRESS, TransformEvent.STOP): _T.STOPPING,
    (_T.IN_PROGRESS, TransformEvent.RESTARTED): _T.IN_PROGRESS,
    (_T.STOPPING, TransformEvent.COMPLETE): _T.COMPLETED,
    (_T.STOPPING, TransformEvent.FAIL): _T.FAILED,
    (_T.STOPPING, TransformEvent.STOPPED): _T.STOPPED,
}


def next_endpoint_status(status: EndpointStatus, event: EndpointEvent) -> EndpointStatus:
    """The state after `event`. Raises IllegalTransition when the table does not list it."""
    try:
        return ENDPOINT_TRANSITIONS[status, event]
    except KeyError:
        raise IllegalTransition(f"an endpoint in {status} cannot take the event {event!r}") from None


def next_job_status(status: JobStatus, event: JobEvent) -> JobStatus:
    """The state after `event`. Raises IllegalTransition when the table does not list it."""
    try:
        return JOB_TRANSITIONS[status, event]
    except KeyError:
        raise IllegalTransition(f"a recommendation job in {status} cannot take the event {event!r}") from None


def next_transform_status(status: TransformStatus, event: TransformEvent) -> TransformStatus:
    """The state after `event`. Raises IllegalTransition when the table does not list it."""
    try:
        return TRANSFORM_TRANSITIONS[status, event]
    except KeyError:
        raise IllegalTransition(f"a transform job in {status} cannot take the event {event!r}") from None


def endpoint_allows(status: EndpointStatus, event: EndpointEvent) -> bool:
    """Whether the table lists `event` for `status`."""
    return (status, event) in ENDPOINT_TRANSITIONS


def job_allows(status: JobStatus, event: JobEvent) -> bool:
    """Whether the table lists `event` for `status`."""
    return (status, event) in JOB_TRANSITIONS


def transform_allows(status: TransformStatus, event: TransformEvent) -> bool:
    """Whether the table lists `event` for `status`."""
    return (status, event) in TRANSFORM_TRANSITIONS
