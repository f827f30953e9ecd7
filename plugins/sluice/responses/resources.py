"""What AWS answered -> typed values. The one place that knows which member of which answer holds what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sluice.errors import UnexpectedAnswer
from sluice.naming import WITHDRAWN, content_in
from sluice.specs.adopted_package import AdoptedPackage
from sluice.specs.container import ContainerSpec

Answer = Mapping[str, Any]

MOVING = frozenset({"Creating", "Updating", "SystemUpdating", "RollingBack"})
"""Endpoint statuses that will become another one by themselves."""
SERVING = frozenset({"InService", "SystemUpdating"})
"""SystemUpdating is AWS's own maintenance, which "does not change any customer-specified values" (DescribeEndpoint)."""
PACKAGE_MOVING = frozenset({"Pending", "InProgress"})
PACKAGE_UNUSABLE = frozenset({"Failed", "Deleting"})


class DeploymentOutcome(StrEnum):
    """What became of the config that was asked for."""

    APPLIED = "applied"
    IN_PROGRESS = "in progress"
    ROLLED_BACK = "rolled back"
    ROLLBACK_FAILED = "rollback failed"
    FAILED = "failed"


@dataclass(frozen=True)
class EndpointState:
    """DescribeEndpoint, as far as a deployment is concerned."""

    endpoint: str
    arn: str
    status: str
    config: str | None
    """The config that is live. While an update runs, still the old one."""
    pending_config: str | None = None
    failure_reason: str | None = None
    """Often empty after a rollback; AWS drops it at the next update."""
    touched: float | None = None
    """When it was made or changed last, in seconds since the epoch."""

    @property
    def ended(self) -> bool:
        """No create, update, rollback or deletion is under way. Settled is not applied: see `deployment_outcome`."""
        return self.status not in MOVING and self.status != "Deleting"


def endpoint_state(answer: Answer) -> EndpointState:
    """DescribeEndpoint's answer -> state; UnexpectedAnswer when name, ARN or status is missing."""
    operation = "DescribeEndpoint"
    return EndpointState(
        endpoint=text_in(answer, "EndpointName", operation),
        arn=text_in(answer, "EndpointArn", operation),
        status=text_in(answer, "EndpointStatus", operation),
        config=answer.get("EndpointConfigName"),
        pending_config=(answer.get("PendingDeploymentSummary") or {}).get("EndpointConfigName"),
        failure_reason=answer.get("FailureReason"),
        touched=seconds_of(answer.get("LastModifiedTime")),
    )


def deployment_outcome(state: EndpointState, wanted_config: str) -> DeploymentOutcome:
    """What became of `wanted_config`, once it has been asked for.

    AWS reports a failed update as InService on the old config, often without a reason, so InService alone proves
    nothing: only the live config's name does. A status that is not known counts as failed, since nothing is promoted
    on hope.
    """
    if state.status in MOVING:
        return DeploymentOutcome.IN_PROGRESS
    if state.status == "InService":
        return DeploymentOutcome.APPLIED if state.config == wanted_config else DeploymentOutcome.ROLLED_BACK
    return DeploymentOutcome.ROLLBACK_FAILED if state.status == "UpdateRollbackFailed" else DeploymentOutcome.FAILED


@dataclass(frozen=True)
class AlarmState:
    """A CloudWatch alarm as DescribeAlarms has it: `state` is OK, ALARM or INSUFFICIENT_DATA."""

    name: str
    state: str
    reason: str

    @property
    def fired(self) -> bool:
        """It would roll a deployment back."""
        return self.state == "ALARM"

    def __str__(self) -> str:
        return f"alarm {self.name} is in {self.state}" + (f" ({self.reason})" if self.reason else "")


def alarm_states(page: Answer) -> list[AlarmState]:
    """A page of DescribeAlarms, alarms of metrics and of other alarms alike."""
    alarms = [*page.get("MetricAlarms", ()), *page.get("CompositeAlarms", ())]
    operation = "DescribeAlarms"
    return [
        AlarmState(
            text_in(each, "AlarmName", operation), text_in(each, "StateValue", operation), each.get("StateReason", "")
        )
        for each in alarms
    ]


@dataclass(frozen=True)
class PackageState:
    """One version in the registry, from ListModelPackages or DescribeModelPackage."""

    arn: str
    group: str
    version: int
    status: str
    approval: str
    content: str | None = None
    """SHA-256 of the content (64 hex digits), where Sluice registered it."""
    failure_reason: str | None = None
    metadata: Mapping[str, str] | None = None
    """CustomerMetadataProperties. Only DescribeModelPackage gives them; None from a list."""
    approval_reason: str | None = None
    """ApprovalDescription. Only DescribeModelPackage gives it."""

    @property
    def ended(self) -> bool:
        """The registry has taken it in, or has refused it."""
        return self.status not in PACKAGE_MOVING

    @property
    def withdrawn(self) -> str | None:
        """When production was rolled back from this version (ISO 8601), None when it was not, or is approved since."""
        return (self.metadata or {}).get(WITHDRAWN) if self.approval == "Rejected" else None


def package_state(answer: Answer) -> PackageState:
    """DescribeModelPackage's answer, or one item of ListModelPackages' ModelPackageSummaryList -> state."""
    operation = "DescribeModelPackage or ListModelPackages"
    version = answer.get("ModelPackageVersion")
    if not isinstance(version, int):
        raise UnexpectedAnswer(operation, f"ModelPackageVersion is {version!r}")
    details = answer.get("ModelPackageStatusDetails") or {}
    reasons = [check.get("FailureReason") for check in details.get("ValidationStatuses") or ()]
    return PackageState(
        arn=text_in(answer, "ModelPackageArn", operation),
        group=text_in(answer, "ModelPackageGroupName", operation),
        version=version,
        status=text_in(answer, "ModelPackageStatus", operation),
        approval=str(answer.get("ModelApprovalStatus") or "PendingManualApproval"),
        content=content_in(answer.get("ModelPackageDescription")),
        failure_reason="; ".join(reason for reason in reasons if reason) or None,
        metadata=answer.get("CustomerMetadataProperties"),
        approval_reason=answer.get("ApprovalDescription"),
    )


def adopted_package(answer: Answer) -> AdoptedPackage:
    """DescribeModelPackage's answer -> what the version holds. SpecError for containers that no spec could hold."""
    state = package_state(answer)
    holds = answer.get("InferenceSpecification") or {}
    return AdoptedPackage(
        arn=state.arn,
        group=state.group,
        version=state.version,
        status=state.status,
        containers=tuple(_container(each) for each in holds.get("Containers") or ()),
        domain=answer.get("Domain"),
        task=answer.get("Task"),
        sample_payload=answer.get("SamplePayloadUrl"),
        content_types=tuple(holds.get("SupportedContentTypes") or ()),
        response_types=tuple(holds.get("SupportedResponseMIMETypes") or ()),
        instance_types=tuple(holds.get("SupportedRealtimeInferenceInstanceTypes") or ()),
    )


def _container(described: Answer) -> ContainerSpec:
    return ContainerSpec(
        image=text_in(described, "Image", "DescribeModelPackage"),
        hostname=described.get("ContainerHostname"),
        model_data=described.get("ModelDataUrl"),
        environment=described.get("Environment") or {},
        framework=described.get("Framework"),
        framework_version=described.get("FrameworkVersion") if described.get("Framework") else None,
    )


def model_holds(answer: Answer) -> tuple[str | None, tuple[ContainerSpec, ...]]:
    """DescribeModel's answer -> the package version that it refers to, and the containers that it has itself.

    A model that was made from a version goes on referring to it, and shows none of its containers.
    """
    given = answer.get("Containers") or [answer.get("PrimaryContainer") or {}]
    package_arn = given[0].get("ModelPackageName")
    return package_arn, tuple(_container(each) for each in given if each.get("Image"))


def existing_version(packages: Iterable[PackageState], content: str) -> PackageState | None:
    """The newest usable version that holds exactly this content; Failed and Deleting ones do not count."""
    usable = [each for each in packages if each.content == content and each.status not in PACKAGE_UNUSABLE]
    return max(usable, key=lambda each: each.version, default=None)


def text_in(answer: Answer, member: str, operation: str) -> str:
    """A member that the API promises; UnexpectedAnswer when it is missing or empty."""
    value = answer.get(member)
    if not isinstance(value, str) or not value:
        raise UnexpectedAnswer(operation, f"{member} is {value!r}")
    return value


def seconds_of(value: object) -> float | None:
    """A time of boto3's as seconds since the epoch."""
    return value.timestamp() if isinstance(value, datetime) else None
