"""Scaling activities: what was begun and how it ended, in the words of DescribeScalingActivities.

PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from include.sagemaker_local.autoscaling.decision import LastChange, Proposal, basis
from include.sagemaker_local.lifecycle import EndpointStatus
from include.sagemaker_local.store.records import EndpointRecord, ScalableTargetRecord, ScalingActivityRecord

IN_PROGRESS = "InProgress"
SUCCESSFUL = "Successful"
FAILED = "Failed"
_OVER = frozenset({EndpointStatus.IN_SERVICE, EndpointStatus.UPDATE_ROLLBACK_FAILED, EndpointStatus.FAILED})


def description(activity: ScalingActivityRecord) -> str:
    """Description of an activity."""
    return f"Setting desired instance count to {activity.after}."


def alarm_cause(proposal: Proposal) -> str:
    """Cause, when an alarm asked for it."""
    return f"monitor alarm {proposal.alarm} in state ALARM triggered policy {proposal.policy}"


def limit_cause(before: int, after: int) -> str:
    """Cause, when a new limit of the target asked for it."""
    which = "minimum" if after > before else "maximum"
    return f"{which} capacity was set to {after}"


def begun_message(capacity: int) -> str:
    """StatusMessage while it is going on."""
    return f"Successfully set desired instance count to {capacity}. Waiting for change to be fulfilled by sagemaker."


def quota_message(activity_id: str, capacity: int, refusal: str) -> str:
    """StatusMessage when SageMaker has refused the change; the form is that of the guide's example.

    (SageMaker AI, "Identify blocked scaling activities from instance quotas".)
    """
    refused = f"Status Code: 400; Error Code: ResourceLimitExceeded; Request ID: {activity_id}"
    return f"{_failure(capacity, refusal)} (Service: AmazonSageMaker; {refused})."


def ended(activity: ScalingActivityRecord, endpoint: EndpointRecord | None, now_s: float) -> ScalingActivityRecord:
    """The activity as it is now: over, when its endpoint is at rest or gone."""
    if endpoint is None or endpoint.live is None:
        return _failed(activity, "The endpoint was deleted.", now_s)
    if endpoint.status not in _OVER:
        return activity
    count = next((one.instance_count for one in endpoint.live.variants if one.name == activity.variant_name), 0)
    if count != activity.after:
        reason = endpoint.failure_reason or "The endpoint has another capacity."
        return _failed(activity, reason, endpoint.modified_at_s)
    message = (
        f"Successfully set desired instance count to {activity.after}. Change successfully fulfilled by sagemaker."
    )
    return replace(activity, status=SUCCESSFUL, message=message, ended_at_s=endpoint.modified_at_s)


def last_change(
    target: ScalableTargetRecord, activities: Iterable[ScalingActivityRecord], time_scale: float
) -> LastChange | None:
    """The last change since the target was registered. `activities` are the variant's successful ones, oldest first.

    A scale-out within the cooldown of another goes on with it: what both have added counts as added.
    """
    last: LastChange | None = None
    for one in activities:
        if one.ended_at_s is not None and one.started_at_s >= target.created_at_s:
            before = one.before if last is None else basis(one.before, last, one.started_at_s)
            last = LastChange(
                before if one.after > one.before else one.before,
                one.after,
                one.ended_at_s + one.cooldown_s * time_scale,
            )
    return last


def _failed(activity: ScalingActivityRecord, reason: str, now_s: float) -> ScalingActivityRecord:
    return replace(activity, status=FAILED, message=_failure(activity.after, reason), ended_at_s=now_s)


def _failure(capacity: int, reason: str) -> str:
    return f"Failed to set desired instance count to {capacity}. Reason: {reason}"
