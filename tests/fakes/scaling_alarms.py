"""The alarms of scaling policies as dicts."""

from __future__ import annotations

from collections.abc import Sequence

from include.sagemaker_local.autoscaling.alarm_keeper import AlarmKeeper, TrippedAlarm
from include.sagemaker_local.autoscaling.tracking_alarms import TrackingAlarm
from include.sagemaker_local.metrics.alarm import AlarmState


class DictScalingAlarms:
    """An AlarmKeeper. `kept` are the alarms of target tracking policies; put a user's alarm into `users` to trip it."""

    def __init__(self) -> None:
        self.kept: dict[str, TrackingAlarm] = {}
        self.states: dict[str, AlarmState] = {}
        self.users: dict[str, list[TrippedAlarm]] = {}  # by the ARN of the policy that they name

    def keep(self, alarms: Sequence[TrackingAlarm]) -> None:
        self.kept = {alarm.rule.name: alarm for alarm in alarms}
        self.states = {name: self.states.get(name, AlarmState.INSUFFICIENT_DATA) for name in self.kept}

    def state(self, alarm: TrackingAlarm) -> AlarmState:
        return self.states[alarm.rule.name]

    def set_state(self, alarm: TrackingAlarm, state: AlarmState, reason: str) -> None:
        self.states[alarm.rule.name] = state

    def tripped(self, region: str, policy_arn: str) -> list[TrippedAlarm]:
        return self.users.get(policy_arn, [])

    def naming(self, region: str, policy_arn: str) -> list[str]:
        return [alarm.name for alarm in self.users.get(policy_arn, [])]


_keeper: type[AlarmKeeper] = DictScalingAlarms
