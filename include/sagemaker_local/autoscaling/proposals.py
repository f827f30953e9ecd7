"""What a target's policies ask for at this moment: their alarms evaluated, their metrics read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from include.sagemaker_local.autoscaling.alarm_keeper import AlarmKeeper
from include.sagemaker_local.autoscaling.capacity import reduced, stepped, tracked
from include.sagemaker_local.autoscaling.decision import Proposal
from include.sagemaker_local.autoscaling.policies import PolicyType, Tracking, stepping_of, tracking_of
from include.sagemaker_local.autoscaling.readings import Readings, aggregated
from include.sagemaker_local.autoscaling.tracking_alarms import TrackingAlarm, tracking_alarms
from include.sagemaker_local.metrics.alarm import AlarmState, decide
from include.sagemaker_local.store.records import ScalingPolicyRecord


@dataclass(frozen=True, slots=True)
class Moment:
    """A variant when its policies are asked. `basis` is the capacity that a scale-out is reckoned from."""

    end_s: float
    capacity: int
    basis: int


class Proposals:
    """Evaluates policies. Safe on the event loop: everything it looks at is in memory."""

    def __init__(self, readings: Readings, alarms: AlarmKeeper) -> None:
        self._readings = readings
        self._alarms = alarms

    def of(self, policies: Sequence[ScalingPolicyRecord], moment: Moment) -> list[Proposal]:
        """The proposals of all of a target's policies."""
        found: list[Proposal] = []
        for policy in policies:
            make = self._tracking if policy.type == PolicyType.TRACKING else self._stepping
            found += make(policy, moment)
        return found

    def _tracking(self, policy: ScalingPolicyRecord, moment: Moment) -> list[Proposal]:
        tracking = tracked_by(policy)
        found = []
        for alarm in alarms_of(policy):
            values = self._readings.minutes(alarm.region, alarm.rule, moment.end_s, is_rate=tracking.is_rate)
            if self._evaluated(alarm, values) is AlarmState.ALARM:
                known = [value for value in values if value is not None][: alarm.rule.evaluation_periods]
                found.append(_tracking_proposal(policy.name, tracking, alarm, known, moment))
        return found

    def _evaluated(self, alarm: TrackingAlarm, values: Sequence[float | None]) -> AlarmState:
        before = self._alarms.state(alarm)
        state = decide(alarm.rule, values, before)
        if state is not before:
            shown = ", ".join(f"{value:g}" for value in values if value is not None) or "none"
            reason = f"Threshold: {alarm.rule.comparison} {alarm.rule.threshold:g}; latest datapoints: [{shown}]."
            self._alarms.set_state(alarm, state, reason)
        return state

    def _stepping(self, policy: ScalingPolicyRecord, moment: Moment) -> list[Proposal]:
        stepping = stepping_of(policy.configuration)
        found = []
        for alarm in self._alarms.tripped(policy.region, policy.arn):
            known = [] if alarm.rule is None else self._readings.periods(policy.region, alarm.rule, moment.end_s)
            # An alarm that somebody has set by hand may have no values: then it is just at its threshold.
            beyond = aggregated(known, stepping.aggregation) - alarm.threshold if known else 0.0
            capacity = stepped(stepping, moment.capacity, beyond, upwards=alarm.upwards)
            if capacity is not None and capacity > moment.capacity:
                capacity = stepped(stepping, moment.basis, beyond, upwards=alarm.upwards)
            if capacity is not None:
                found.append(Proposal(policy.name, alarm.name, capacity, stepping.cooldown_s))
        return found


def tracked_by(policy: ScalingPolicyRecord) -> Tracking:
    """A target tracking policy's record as a value."""
    return tracking_of(policy.configuration, policy.endpoint_name, policy.variant_name)


def alarms_of(policy: ScalingPolicyRecord) -> list[TrackingAlarm]:
    """The alarms that a policy owns; a step policy has none of its own."""
    if policy.type != PolicyType.TRACKING:
        return []
    high, low = policy.alarm_names
    return tracking_alarms(policy.region, policy.arn, tracked_by(policy), (high, low))


def _tracking_proposal(
    name: str, tracking: Tracking, alarm: TrackingAlarm, known: Sequence[float], moment: Moment
) -> Proposal:
    if alarm.is_high:
        capacity = tracked(moment.basis, known[0], tracking.target)
        return Proposal(name, alarm.rule.name, max(capacity, moment.capacity), tracking.out_cooldown_s)
    capacity = reduced(moment.capacity, known, tracking.target)
    return Proposal(name, alarm.rule.name, capacity, tracking.in_cooldown_s, everyone=True)
