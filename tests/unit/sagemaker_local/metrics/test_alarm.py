"""The states of alarms, by the tables of CloudWatch's chapter on missing data."""

from __future__ import annotations

import pytest

from include.sagemaker_local.metrics.alarm import COMPARISONS, AlarmRule, AlarmState, Missing, decide
from include.sagemaker_local.metrics.series import Metric

# Oldest first, as the tables print them: X breaches, 0 does not, - is missing. Columns: missing, ignore, breaching,
# notBreaching; "kept" is the present state.
THREE_OF_THREE = [
    ("0 - X - X", "OK", "OK", "OK", "OK"),
    ("- - - - 0", "OK", "OK", "OK", "OK"),
    ("- - - - -", "INSUFFICIENT_DATA", "kept", "ALARM", "OK"),
    ("0 X X - X", "ALARM", "ALARM", "ALARM", "ALARM"),
    ("- - X - -", "ALARM", "kept", "ALARM", "OK"),
]
TWO_OF_THREE = [
    ("0 - X - X", "ALARM", "ALARM", "ALARM", "ALARM"),
    ("0 0 X 0 X", "ALARM", "ALARM", "ALARM", "ALARM"),
    ("0 - X - -", "OK", "OK", "ALARM", "OK"),
    ("- - - - 0", "OK", "OK", "ALARM", "OK"),
    ("- - - X -", "ALARM", "kept", "ALARM", "OK"),
]
CASES = [
    (datapoints, drawn, missing, expected)
    for datapoints, table in ((3, THREE_OF_THREE), (2, TWO_OF_THREE))
    for drawn, *states in table
    for missing, expected in zip(Missing, [states[0], states[1], states[2], states[3]], strict=True)
]


def rule(**changes: object) -> AlarmRule:
    values: dict[str, object] = {
        "name": "a",
        "metric": Metric("AWS/SageMaker", "ModelLatency", ()),
        "unit": None,
        "statistic": "Average",
        "period_s": 60,
        "evaluation_periods": 3,
        "datapoints_to_alarm": 3,
        "comparison": "GreaterThanThreshold",
        "threshold": 5.0,
        "missing": Missing.MISSING,
        **changes,
    }
    return AlarmRule(**values)  # type: ignore[arg-type]  # each value has its field's type


@pytest.mark.parametrize(("datapoints", "drawn", "missing", "expected"), CASES)
@pytest.mark.parametrize("present", [AlarmState.OK, AlarmState.ALARM])
def test_the_tables(datapoints: int, drawn: str, missing: Missing, expected: str, present: AlarmState) -> None:
    alarm = rule(datapoints_to_alarm=datapoints, missing=missing)
    oldest_first = [{"X": 10.0, "0": 1.0, "-": None}[sign] for sign in drawn.split()]
    assert len(oldest_first) == alarm.range
    state = decide(alarm, oldest_first[::-1], present)
    assert state == (present if expected == "kept" else expected)


def test_one_datapoint_that_is_too_young_changes_nothing() -> None:
    values = [10.0, None, None, None, None]
    assert decide(rule(), values, AlarmState.INSUFFICIENT_DATA) is AlarmState.INSUFFICIENT_DATA
    assert decide(rule(), values, AlarmState.OK) is AlarmState.OK


@pytest.mark.parametrize(
    ("comparison", "at", "above", "below"),
    [
        ("GreaterThanOrEqualToThreshold", True, True, False),
        ("GreaterThanThreshold", False, True, False),
        ("LessThanThreshold", False, False, True),
        ("LessThanOrEqualToThreshold", True, False, True),
    ],
)
def test_comparisons(comparison: str, at: bool, above: bool, below: bool) -> None:
    assert comparison in COMPARISONS
    alarm = rule(comparison=comparison)
    assert (alarm.breaches(5.0), alarm.breaches(5.1), alarm.breaches(4.9)) == (at, above, below)
