"""moto's alarms as JSON and back. With metric_alarms.py the only file that knows moto's alarm classes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from moto.cloudwatch.models import Alarm, Dimension, Metric, MetricDataQuery, MetricStat

# What moto's Alarm takes and keeps under the same name, as the request gave it.
_GIVEN = (
    "name",
    "namespace",
    "metric_name",
    "comparison_operator",
    "evaluation_periods",
    "datapoints_to_alarm",
    "period",
    "threshold",
    "statistic",
    "extended_statistic",
    "description",
    "alarm_actions",
    "ok_actions",
    "insufficient_data_actions",
    "unit",
    "actions_enabled",
    "treat_missing_data",
    "evaluate_low_sample_count_percentile",
    "threshold_metric_id",
    "rule",
)
_STATE = ("state_value", "state_reason", "state_reason_data")
_TIMES = ("configuration_updated_timestamp", "state_updated_timestamp")


def alarm_to_json(alarm: Alarm) -> dict[str, Any]:
    """The alarm and its state; not its history."""
    return {
        "given": {name: getattr(alarm, name) for name in _GIVEN},
        "dimensions": _dimensions_to_json(alarm.dimensions),
        "queries": [_query_to_json(query) for query in alarm.metric_data_queries],
        "state": {name: getattr(alarm, name) for name in _STATE},
        "times": {name: getattr(alarm, name).isoformat() for name in _TIMES},
    }


def alarm_from_json(region: str, account_id: str, value: Mapping[str, Any]) -> Alarm:
    """The alarm that `alarm_to_json` wrote."""
    alarm = Alarm(
        account_id=account_id,
        region_name=region,
        dimensions=value["dimensions"],
        metric_data_queries=[_query_from_json(query) for query in value["queries"]],
        **value["given"],
    )
    for name, text in value["state"].items():
        setattr(alarm, name, text)
    for name, text in value["times"].items():
        setattr(alarm, name, datetime.fromisoformat(text))
    return alarm


def _query_to_json(query: MetricDataQuery) -> dict[str, Any]:
    stat = query.metric_stat
    return {
        "query_id": query.id,
        "label": query.label,
        "period": query.period,
        "return_data": query.return_data,
        "expression": query.expression,
        "metric_stat": None
        if stat is None
        else {
            "metric_name": stat.metric.metric_name,
            "namespace": stat.metric.namespace,
            "dimensions": _dimensions_to_json(stat.metric.dimensions),
            "period": stat.period,
            "stat": stat.stat,
            "unit": stat.unit,
        },
    }


def _query_from_json(value: Mapping[str, Any]) -> MetricDataQuery:
    held = value["metric_stat"]
    stat = None
    if held is not None:
        dimensions = [Dimension(one["Name"], one["Value"]) for one in held["dimensions"]]
        metric = Metric(held["metric_name"], held["namespace"], dimensions)
        stat = MetricStat(metric, held["period"], held["stat"], held["unit"])
    return MetricDataQuery(**{**value, "metric_stat": stat})


def _dimensions_to_json(dimensions: list[Dimension]) -> list[dict[str, Any]]:
    return [{"Name": dimension.name, "Value": dimension.value} for dimension in dimensions]
