"""GetMetricStatistics and GetMetricData on the metrics that the local SageMaker publishes, as parsed by moto."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from moto.cloudwatch.exceptions import InvalidParameterCombination, InvalidParameterValue, ValidationError

from include.sagemaker_local.metrics.distribution import STATISTICS, percentage, statistic
from include.sagemaker_local.metrics.names import NAMESPACES
from include.sagemaker_local.metrics.periods import aligned
from include.sagemaker_local.metrics.series import Dimensions, Metric, MetricSeries, Point

# From the API reference: what one GetMetricStatistics may return, and the periods that there are besides minutes.
MAX_DATAPOINTS = 1440
_SHORT_PERIODS_S = frozenset((1, 5, 10, 20, 30))
_MINUTE_S = 60


@dataclass(frozen=True, slots=True)
class Span:
    """A reader's time range in seconds since the epoch, its end not in it, and the length of its periods."""

    start_s: float
    end_s: float
    period_s: int


def is_ours(namespace: str | None) -> bool:
    """Whether only the local SageMaker publishes there."""
    return namespace in NAMESPACES


def metric_of(parameters: Mapping[str, Any]) -> Metric:
    """The metric that Namespace, MetricName and Dimensions name."""
    return Metric(parameters["Namespace"], parameters["MetricName"], dimensions_of(parameters))


def dimensions_of(parameters: Mapping[str, Any]) -> Dimensions:
    """Dimensions as pairs, sorted."""
    return tuple(sorted((one["Name"], one["Value"]) for one in parameters.get("Dimensions") or ()))


def datapoints(series: MetricSeries, region: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The Datapoints of GetMetricStatistics. Raises moto's errors, which have CloudWatch's codes."""
    statistics = list(parameters.get("Statistics") or ())
    extended = list(parameters.get("ExtendedStatistics") or ())
    if not statistics and not extended:
        raise InvalidParameterCombination("Must specify either Statistics or ExtendedStatistics")
    for name in statistics:
        if name not in STATISTICS:
            raise InvalidParameterValue(f"The value {name} for parameter Statistics is invalid.")
    _check_percentiles(extended)
    span = _span(parameters["StartTime"], parameters["EndTime"], parameters["Period"])
    asked = (span.end_s - span.start_s) / span.period_s
    if asked > MAX_DATAPOINTS:
        raise InvalidParameterCombination(
            f"You have requested up to {asked:,.0f} datapoints, which exceeds the limit of {MAX_DATAPOINTS:,}. You may "
            "reduce the datapoints requested by increasing Period, or decreasing the time range."
        )
    metric = metric_of(parameters)
    # CloudWatch counts the periods from the minute of StartTime.
    begin_s = span.start_s // min(_MINUTE_S, span.period_s) * min(_MINUTE_S, span.period_s)
    points = aligned(series.read(region, metric, begin_s, span.end_s, parameters.get("Unit")), span.period_s, begin_s)
    unit = series.unit(region, metric)
    return [_datapoint(point, unit, statistics, extended) for point in points]


def result(series: MetricSeries, region: str, query: Mapping[str, Any], times: Mapping[str, Any]) -> dict[str, Any]:
    """One of GetMetricData's MetricDataResults, oldest first. `times` holds StartTime and EndTime."""
    asked = query["MetricStat"]
    name, metric = asked["Stat"], metric_of(asked["Metric"])
    if name not in STATISTICS:
        _check_percentiles([name])
    span = _span(times["StartTime"], times["EndTime"], asked["Period"])
    begin_s = span.start_s // span.period_s * span.period_s
    points = aligned(series.read(region, metric, begin_s, span.end_s, asked.get("Unit")), span.period_s, begin_s)
    return {
        "Id": query["Id"],
        "Label": query.get("Label") or f"{metric.name} {name}",
        "Timestamps": [_datetime(point.time_s) for point in points],
        "Values": [statistic(point.distribution, name) for point in points],
        "StatusCode": "Complete",
    }


def _span(start: datetime, end: datetime, period_s: int) -> Span:
    if start >= end:
        raise ValidationError("The parameter StartTime must be less than the parameter EndTime.")
    if int(period_s) not in _SHORT_PERIODS_S and (int(period_s) < _MINUTE_S or int(period_s) % _MINUTE_S):
        raise InvalidParameterValue(
            f"The value {period_s} for parameter Period is invalid: it is 1, 5, 10, 20, 30 or a multiple of 60."
        )
    return Span(_seconds(start), _seconds(end), int(period_s))


def _check_percentiles(names: Sequence[str]) -> None:
    for name in names:
        try:
            percentage(name)
        except ValueError as error:
            raise InvalidParameterValue(f"The local SageMaker's metrics do not have it: {error}.") from None


def _datapoint(point: Point, unit: str | None, statistics: Sequence[str], extended: Sequence[str]) -> dict[str, Any]:
    members: dict[str, Any] = {"Timestamp": _datetime(point.time_s), "Unit": unit}
    members.update({name: statistic(point.distribution, name) for name in statistics})
    if extended:
        members["ExtendedStatistics"] = {name: statistic(point.distribution, name) for name in extended}
    return members


def _seconds(moment: datetime) -> float:
    """moto parses times without a zone; they are UTC."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _datetime(time_s: float) -> datetime:
    return datetime.fromtimestamp(time_s, UTC)
