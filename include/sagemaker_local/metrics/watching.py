"""Evaluates the alarms on endpoints' metrics each time that new datapoints are there."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from include.sagemaker_local.metrics.alarm import AlarmRule, AlarmState, decide
from include.sagemaker_local.metrics.distribution import statistic
from include.sagemaker_local.metrics.periods import latest
from include.sagemaker_local.metrics.series import MetricSeries

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm as it is stored: where, what it watches, and its present state."""

    region: str
    rule: AlarmRule
    state: AlarmState


class AlarmBook(Protocol):
    """Where alarms are kept."""

    def alarms(self) -> Iterable[Alarm]:
        """The alarms of all regions that watch one metric of an endpoint."""

    def set_state(self, alarm: Alarm, state: AlarmState, reason: str) -> None:
        """Gives the alarm a new state; does nothing when it was deleted meanwhile."""


class AlarmWatch:
    """Brings every alarm to the state that its metric calls for."""

    def __init__(self, book: AlarmBook, series: MetricSeries) -> None:
        self._book = book
        self._series = series

    def evaluate(self, now_s: float) -> None:
        """Looks at the periods that end at `now_s`. May block for milliseconds; call it from one thread at a time."""
        for alarm in self._book.alarms():
            values = self._values(alarm, now_s)
            state = decide(alarm.rule, values, alarm.state)
            if state is not alarm.state:
                reason = _reason(alarm.rule, values, state)
                _log.info("alarm %s: %s -> %s: %s", alarm.rule.name, alarm.state, state, reason)
                self._book.set_state(alarm, state, reason)

    def _values(self, alarm: Alarm, now_s: float) -> list[float | None]:
        rule = alarm.rule
        start_s = now_s - rule.range * rule.period_s
        points = self._series.read(alarm.region, rule.metric, start_s, now_s, rule.unit)
        periods = latest(points, rule.period_s, now_s, rule.range)
        return [None if period is None else statistic(period.distribution, rule.statistic) for period in periods]


def _reason(rule: AlarmRule, values: list[float | None], state: AlarmState) -> str:
    """What StateReason says. The words are ours, after CloudWatch's `Threshold Crossed: 1 datapoint [...] was ...`."""
    judged = [value for value in values if value is not None][: rule.evaluation_periods]
    if state is AlarmState.INSUFFICIENT_DATA:
        return f"Insufficient Data: no datapoints were received in the last {len(values)} periods of {rule.period_s} s."
    beyond = sum(rule.breaches(value) for value in judged)
    shown = ", ".join(f"{value:g}" for value in judged) or "none"
    return (
        f"Threshold Crossed: {beyond} out of the last {rule.evaluation_periods} datapoints [{shown}] "
        f"fulfil {rule.comparison} ({rule.threshold:g}); {rule.datapoints_to_alarm} make an alarm, "
        f"and missing data is treated as {rule.missing}."
    )
