"""The rules of a PutScalingPolicy request that the service model does not know.

What is allowed is AWS's (API reference and user guide of Application Auto Scaling); where a text is not marked as AWS's
it is ours.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence

from include.sagemaker_local.autoscaling.policies import Adjustment, PolicyType, tracking_of
from include.sagemaker_local.control.refusals import invalid
from include.sagemaker_local.store.records import JsonObject, ScalingPolicyRecord
from include.sagemaker_local.wire.members import Members

_MEMBERS = {
    PolicyType.TRACKING: "TargetTrackingScalingPolicyConfiguration",
    PolicyType.STEP: "StepScalingPolicyConfiguration",
}


def requested_policy(request: Members, before: ScalingPolicyRecord | None) -> tuple[PolicyType, JsonObject]:
    """The policy's type and configuration; what an update leaves out stays. Raises ApiError for what is wrong."""
    given = request.text("PolicyType") or (before.type if before else None)
    if given is None:
        raise invalid("PolicyType is required when a scaling policy is created.")
    kind = PolicyType(given)
    for other in set(_MEMBERS.values()) - {_MEMBERS[kind]}:
        if other in request:
            raise invalid(f"{other} does not belong to a policy of type {kind}.")
    configuration = request.structure(_MEMBERS[kind])
    if configuration is None:
        if before is None or before.type != kind:
            raise invalid(f"{_MEMBERS[kind]} is required for a policy of type {kind}.")
        return kind, before.configuration
    (_check_tracking if kind is PolicyType.TRACKING else _check_stepping)(configuration)
    return kind, dict(configuration.raw)


def refuse_second_policy(configuration: JsonObject, others: Iterable[ScalingPolicyRecord]) -> None:
    """Raises ApiError when another target tracking policy of the same variant follows the same metric."""
    for other in others:
        if other.type == PolicyType.TRACKING:
            new, old = (
                tracking_of(one, other.endpoint_name, other.variant_name)
                for one in (configuration, other.configuration)
            )
            if (new.metric, new.statistic) == (old.metric, old.statistic):
                # AWS's words.
                raise invalid("Only one TargetTrackingScaling policy for a given metric specification is allowed.")


def _check_tracking(configuration: Members) -> None:
    if not configuration.raw["TargetValue"] > 0:
        raise invalid(f"TargetValue is {configuration.raw['TargetValue']:g}; it must be greater than 0.")
    for name in ("ScaleOutCooldown", "ScaleInCooldown"):
        _check_seconds(configuration, name)
    predefined = configuration.structure("PredefinedMetricSpecification")
    own = configuration.structure("CustomizedMetricSpecification")
    if (predefined is None) == (own is None):
        raise invalid(
            "A target tracking policy has either a PredefinedMetricSpecification or a CustomizedMetricSpecification."
        )
    for name in ("MetricName", "Namespace", "Statistic"):
        if own is not None and name not in own:
            raise invalid(f"CustomizedMetricSpecification needs {name}.")


def _check_stepping(configuration: Members) -> None:
    _check_seconds(configuration, "Cooldown")
    kind = configuration.text("AdjustmentType")
    if kind is None:
        raise invalid("StepScalingPolicyConfiguration needs AdjustmentType.")
    least = configuration.integer("MinAdjustmentMagnitude")
    if least is not None and kind != Adjustment.PERCENT:
        raise invalid(f"MinAdjustmentMagnitude belongs to AdjustmentType {Adjustment.PERCENT}, not to {kind}.")
    steps = configuration.structures("StepAdjustments")
    if not steps:
        raise invalid("StepScalingPolicyConfiguration needs at least one of StepAdjustments.")
    for step in steps:
        if kind == Adjustment.EXACT and step.raw["ScalingAdjustment"] < 0:
            raise invalid(f"A ScalingAdjustment of AdjustmentType {kind} must not be negative.")
    _check_steps([(_bound(step, "Lower", -math.inf), _bound(step, "Upper", math.inf)) for step in steps])


def _check_steps(intervals: Sequence[tuple[float, float]]) -> None:
    """The steps follow one another without a gap, and go as far as there are values on either side of the threshold."""
    ordered = sorted(intervals)
    for lower, upper in ordered:
        if not lower < upper:
            raise invalid("The MetricIntervalUpperBound of a step must be greater than its MetricIntervalLowerBound.")
    for (_, end), (begin, _) in itertools.pairwise(ordered):
        if end != begin:
            raise invalid("StepAdjustments must follow one another: there must be no overlap and no gap between them.")
    if ordered[0][0] < 0 and ordered[0][0] != -math.inf:
        raise invalid("With a negative MetricIntervalLowerBound, the lowest step must have none.")
    if ordered[-1][1] > 0 and ordered[-1][1] != math.inf:
        raise invalid("With a positive MetricIntervalUpperBound, the highest step must have none.")


def _bound(step: Members, which: str, without: float) -> float:
    value = step.number(f"MetricInterval{which}Bound")
    return without if value is None else value


def _check_seconds(configuration: Members, name: str) -> None:
    seconds = configuration.integer(name)
    if seconds is not None and seconds < 0:
        raise invalid(f"{name} is {seconds}; it must not be negative.")
