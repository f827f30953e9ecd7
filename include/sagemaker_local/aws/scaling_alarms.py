"""AlarmKeeper on moto's CloudWatch, read and written in this process: no request is made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from moto.cloudwatch.models import cloudwatch_backends

from include.sagemaker_local.autoscaling.alarm_keeper import TrippedAlarm
from include.sagemaker_local.autoscaling.tracking_alarms import MANAGED_PREFIX, TrackingAlarm
from include.sagemaker_local.aws.metric_alarms import rule_of
from include.sagemaker_local.metrics.alarm import AlarmState


class MotoScalingAlarms:
    """The alarms of target tracking policies, and the users' alarms that have step policies as actions."""

    def __init__(self, account_id: str) -> None:
        self._account_id = account_id

    def keep(self, alarms: Sequence[TrackingAlarm]) -> None:
        """Adds what is missing, changes what is different, removes what no policy owns."""
        wanted = {(alarm.region, alarm.rule.name): alarm for alarm in alarms}
        for region, backend in list(cloudwatch_backends[self._account_id].items()):
            for name in [name for name in list(backend.alarms) if name.startswith(MANAGED_PREFIX)]:
                if (region, name) not in wanted:
                    backend.alarms.pop(name, None)
        for alarm in alarms:
            held = self._held(alarm.region, alarm.rule.name)
            if held is None or rule_of(held) != alarm.rule:
                self._put(alarm, held)

    def state(self, alarm: TrackingAlarm) -> AlarmState:
        """The alarm's present state; one that somebody deleted has insufficient data."""
        held = self._held(alarm.region, alarm.rule.name)
        return AlarmState.INSUFFICIENT_DATA if held is None else AlarmState(held.state_value)

    def set_state(self, alarm: TrackingAlarm, state: AlarmState, reason: str) -> None:
        """Gives the alarm a new state; does nothing when it was deleted meanwhile."""
        held = self._held(alarm.region, alarm.rule.name)
        if held is not None:
            held.update_state(reason, "{}", state.value)

    def tripped(self, region: str, policy_arn: str) -> list[TrippedAlarm]:
        """The alarms in ALARM that name the policy, unless their actions are disabled."""
        return [
            TrippedAlarm(
                held.name,
                rule_of(held) if _is_on_one_metric(held) else None,
                float(held.threshold or 0.0),
                upwards=not (held.comparison_operator or "").startswith("Less"),
            )
            for held in self._naming(region, policy_arn)
            if held.state_value == AlarmState.ALARM and held.actions_enabled
        ]

    def naming(self, region: str, policy_arn: str) -> list[str]:
        """The names of all alarms that name the policy."""
        return [held.name for held in self._naming(region, policy_arn)]

    def _naming(self, region: str, policy_arn: str) -> list[Any]:
        alarms = list(cloudwatch_backends[self._account_id][region].alarms.values())
        return [held for held in alarms if policy_arn in (held.alarm_actions or ())]

    def _held(self, region: str, name: str) -> Any:
        return cloudwatch_backends[self._account_id][region].alarms.get(name)

    def _put(self, alarm: TrackingAlarm, before: Any) -> None:
        rule = alarm.rule
        held = cloudwatch_backends[self._account_id][alarm.region].put_metric_alarm(
            name=rule.name,
            namespace=rule.metric.namespace,
            metric_name=rule.metric.name,
            dimensions=[{"Name": name, "Value": value} for name, value in rule.metric.dimensions],
            comparison_operator=rule.comparison,
            evaluation_periods=rule.evaluation_periods,
            period=rule.period_s,
            threshold=rule.threshold,
            statistic=rule.statistic,
            unit=rule.unit,
            # What AWS writes there.
            description=f"DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {alarm.policy_arn}.",
            alarm_actions=[alarm.policy_arn],
        )
        held.state_value = AlarmState.INSUFFICIENT_DATA.value
        if before is not None:
            held.state_value, held.state_reason = before.state_value, before.state_reason


def _is_on_one_metric(held: Any) -> bool:
    """Not a composite alarm and not one on metric math."""
    return bool(held.metric_name and held.period and (held.statistic or held.extended_statistic))
