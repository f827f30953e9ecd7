"""Which state an alarm is in, from the latest periods of its metric.

Source: "Using Amazon CloudWatch alarms" and its chapter on missing data, whose two tables are the test cases.
PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from include.sagemaker_local.metrics.series import Metric

# CloudWatch looks back further than the periods that it judges, by a number that it does not publish; in its examples
# five periods for three.
_FURTHER_BACK = 2

_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}
COMPARISONS = frozenset(_COMPARISONS)
"""The comparisons of an alarm with a fixed threshold."""


class AlarmState(StrEnum):
    """CloudWatch's three."""

    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


class Missing(StrEnum):
    """TreatMissingData."""

    MISSING = "missing"
    IGNORE = "ignore"
    BREACHING = "breaching"
    NOT_BREACHING = "notBreaching"


@dataclass(frozen=True, slots=True)
class AlarmRule:
    """A metric alarm as PutMetricAlarm describes it. `statistic` may be a percentile."""

    name: str
    metric: Metric
    unit: str | None
    statistic: str
    period_s: int
    evaluation_periods: int
    datapoints_to_alarm: int
    comparison: str
    threshold: float
    missing: Missing

    @property
    def range(self) -> int:
        """How many periods `decide` wants to see."""
        return self.evaluation_periods + _FURTHER_BACK

    def breaches(self, value: float) -> bool:
        """Whether a datapoint is beyond the threshold."""
        return _COMPARISONS[self.comparison](value, self.threshold)


def decide(rule: AlarmRule, values: Sequence[float | None], present: AlarmState) -> AlarmState:
    """The state after looking at `values`: those of the rule's range, newest first, None where there was no data."""
    known = [rule.breaches(value) for value in values if value is not None][: rule.evaluation_periods]
    breaching = sum(known)
    lacking = rule.evaluation_periods - len(known)
    if rule.missing is Missing.BREACHING:
        breaching += lacking
    if breaching >= rule.datapoints_to_alarm:
        return AlarmState.ALARM
    if not lacking or not all(known) or rule.missing in (Missing.BREACHING, Missing.NOT_BREACHING):
        return AlarmState.OK
    return _undecided(rule, values, present)


def _undecided(rule: AlarmRule, values: Sequence[float | None], present: AlarmState) -> AlarmState:
    """Some periods have no data, and those that have all breach, but are too few."""
    if rule.missing is Missing.IGNORE:
        return present
    ages = [age for age, value in enumerate(values, start=1) if value is not None]
    if not ages:
        return AlarmState.INSUFFICIENT_DATA
    # "... when the oldest available breaching datapoint ... is at least as old as the value of Datapoints to Alarm".
    return AlarmState.ALARM if max(ages) >= rule.datapoints_to_alarm else present
