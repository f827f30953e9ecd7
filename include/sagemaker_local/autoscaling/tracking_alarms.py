"""The two CloudWatch alarms of a target tracking policy, as Application Auto Scaling makes them.

PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

from dataclasses import dataclass

from include.sagemaker_local.autoscaling.policies import Tracking
from include.sagemaker_local.metrics.alarm import AlarmRule, Missing

MANAGED_PREFIX = "TargetTracking-endpoint/"
"""How the names of such alarms begin: `TargetTracking-endpoint/e/variant/v-AlarmHigh-<uuid>`."""

# What the alarms of AWS show for SageMaker: above the target for 3 minutes, below nine tenths of it for 15.
PERIOD_S = 60
HIGH_PERIODS = 3
LOW_PERIODS = 15
LOW_SHARE = 0.9
_ABOVE, _BELOW = "GreaterThanThreshold", "LessThanThreshold"


@dataclass(frozen=True, slots=True)
class TrackingAlarm:
    """One of the two, with the policy that it is for."""

    region: str
    policy_arn: str
    rule: AlarmRule

    @property
    def is_high(self) -> bool:
        """Whether it asks for more instances, and not for fewer."""
        return self.rule.comparison == _ABOVE


def tracking_alarms(region: str, policy_arn: str, policy: Tracking, names: tuple[str, str]) -> list[TrackingAlarm]:
    """The high alarm and, unless the policy never scales in, the low one. `names` are theirs, in that order."""
    high = TrackingAlarm(region, policy_arn, _rule(policy, names[0], _ABOVE, policy.target, HIGH_PERIODS))
    if not policy.scales_in:
        return [high]
    # Rounded, so that DescribeAlarms shows 63.0 and not 63.00000000000001.
    threshold = round(policy.target * LOW_SHARE, 9)
    return [high, TrackingAlarm(region, policy_arn, _rule(policy, names[1], _BELOW, threshold, LOW_PERIODS))]


def alarm_names(resource_id: str, unique: tuple[str, str]) -> tuple[str, str]:
    """The names of a policy's high and low alarm."""
    return (
        f"TargetTracking-{resource_id}-AlarmHigh-{unique[0]}",
        f"TargetTracking-{resource_id}-AlarmLow-{unique[1]}",
    )


def _rule(policy: Tracking, name: str, comparison: str, threshold: float, periods: int) -> AlarmRule:
    return AlarmRule(
        name=name,
        metric=policy.metric,
        unit=policy.unit,
        statistic=policy.statistic,
        period_s=PERIOD_S,
        evaluation_periods=periods,
        datapoints_to_alarm=periods,
        comparison=comparison,
        threshold=threshold,
        missing=Missing.MISSING,
    )
