"""CloudWatch's alarms as autoscaling needs them: a seam to moto, which keeps them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from include.sagemaker_local.autoscaling.tracking_alarms import TrackingAlarm
from include.sagemaker_local.metrics.alarm import AlarmRule, AlarmState


@dataclass(frozen=True, slots=True)
class TrippedAlarm:
    """A user's alarm in ALARM that has a scaling policy as an action.

    `rule` is None when the alarm is not on one metric: then only its state is known, not its values.
    """

    name: str
    rule: AlarmRule | None
    threshold: float
    upwards: bool  # whether it is for values above its threshold


class AlarmKeeper(Protocol):
    """Where alarms are kept."""

    def keep(self, alarms: Sequence[TrackingAlarm]) -> None:
        """Makes these the alarms of all target tracking policies: adds, changes, removes. Known ones keep a state."""

    def state(self, alarm: TrackingAlarm) -> AlarmState:
        """The alarm's present state."""

    def set_state(self, alarm: TrackingAlarm, state: AlarmState, reason: str) -> None:
        """Gives the alarm a new state."""

    def tripped(self, region: str, policy_arn: str) -> list[TrippedAlarm]:
        """The alarms in ALARM that name the policy among their AlarmActions."""

    def naming(self, region: str, policy_arn: str) -> list[str]:
        """The names of all alarms that name the policy among their AlarmActions."""
