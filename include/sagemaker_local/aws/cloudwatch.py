"""moto's CloudWatch, with the metrics of endpoints in it.

moto keeps single values, has no percentiles and evaluates no alarms. So the two namespaces that SageMaker publishes to
are answered from the local SageMaker's own datapoints; parsing, serialising and every other namespace stay moto's.
"""

from __future__ import annotations

from typing import Any

from moto.cloudwatch.exceptions import InvalidParameterValue, ValidationError
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow

from include.sagemaker_local.aws.alarm_archive import AlarmArchive
from include.sagemaker_local.aws.metric_queries import datapoints, is_ours, result
from include.sagemaker_local.metrics.alarm import COMPARISONS, AlarmState, Missing
from include.sagemaker_local.metrics.distribution import STATISTICS, percentage
from include.sagemaker_local.metrics.series import Metric, MetricSeries


class CloudWatch(CloudWatchResponse):
    """One request. moto calls the method that is called like the operation."""

    def __init__(self, series: MetricSeries, alarms: AlarmArchive) -> None:
        super().__init__()
        self._series = series
        self._alarms = alarms

    def get_metric_statistics(self) -> ActionResult:
        """Sum, SampleCount, Average, Minimum, Maximum and percentiles."""
        parameters = self._get_params()
        if not is_ours(parameters.get("Namespace")):
            return super().get_metric_statistics()
        points = datapoints(self._series, self.region, parameters)
        return ActionResult({"Label": parameters["MetricName"], "Datapoints": points})

    def get_metric_data(self) -> ActionResult:
        """Queries of either kind side by side; expressions as far as moto has them: a query's id and nothing else."""
        parameters = self._get_params()
        queries = parameters.get("MetricDataQueries") or []
        if not any(_reads_ours(query) for query in queries):
            return super().get_metric_data()
        _check_members(parameters, queries)
        results = [answer for query in queries if (answer := self._result(query, queries, parameters)) is not None]
        if parameters.get("ScanBy") != "TimestampAscending":
            for answer in results:
                answer["Timestamps"].reverse()
                answer["Values"].reverse()
        return ActionResult({"MetricDataResults": results})

    def list_metrics(self) -> ActionResult:
        """Ours, on the first page, besides moto's."""
        parameters = self._get_params()
        namespace, name = parameters.get("Namespace"), parameters.get("MetricName")
        ours: list[dict[str, Any]] = []
        if not parameters.get("NextToken") and (namespace is None or is_ours(namespace)):
            filters = [(one["Name"], one.get("Value")) for one in parameters.get("Dimensions") or ()]
            ours = [
                _described(metric)
                for metric in self._series.metrics(self.region)
                if namespace in (None, metric.namespace) and name in (None, metric.name) and _has(metric, filters)
            ]
        if is_ours(namespace):
            return ActionResult({"Metrics": ours})
        answer: Any = super().list_metrics().result
        return ActionResult({**answer, "Metrics": [*ours, *answer["Metrics"]]})

    def put_metric_data(self) -> ActionResult:
        """As CloudWatch: the namespaces of services are theirs alone, and what has no time gets that of the request."""
        namespace = self._get_param("Namespace")
        if is_ours(namespace):
            raise InvalidParameterValue(
                f"The value {namespace} for parameter Namespace is invalid: SageMaker alone publishes there."
            )
        received = utcnow()
        data = [{"Timestamp": received, **datum} for datum in self._get_param("MetricData", [])]
        self.cloudwatch_backend.put_metric_data(namespace, data)
        return EmptyResult()

    def put_metric_alarm(self) -> ActionResult:
        """Refuses what would never be evaluated. A new alarm has insufficient data, a known one keeps its state."""
        parameters = self._get_params()
        _check_alarm(parameters)
        with self._alarms.change():
            return self._put_metric_alarm(parameters)

    def delete_alarms(self) -> ActionResult:
        """As moto's."""
        with self._alarms.change():
            return super().delete_alarms()

    def set_alarm_state(self) -> ActionResult:
        """As moto's. A state that is set by hand stays until the alarm is evaluated, over a restart too."""
        with self._alarms.change():
            return super().set_alarm_state()

    def enable_alarm_actions(self) -> ActionResult:
        """As moto's."""
        with self._alarms.change():
            return super().enable_alarm_actions()

    def disable_alarm_actions(self) -> ActionResult:
        """As moto's."""
        with self._alarms.change():
            return super().disable_alarm_actions()

    def _put_metric_alarm(self, parameters: Any) -> ActionResult:
        name = parameters["AlarmName"]
        before = self.cloudwatch_backend.alarms.get(name)
        answer = super().put_metric_alarm()
        if is_ours(parameters.get("Namespace")):
            alarm = self.cloudwatch_backend.alarms[name]
            alarm.state_value = AlarmState.INSUFFICIENT_DATA.value
            if before is not None:
                alarm.state_value, alarm.state_reason = before.state_value, before.state_reason
                alarm.state_updated_timestamp = before.state_updated_timestamp
        return answer

    def _result(self, query: Any, queries: Any, parameters: Any) -> dict[str, Any] | None:
        """One query's result, oldest first; None when it is not to be returned."""
        if not query.get("ReturnData", True):
            return None
        meant = query
        if "Expression" in query:
            meant = next(one for one in queries if one["Id"] == query["Expression"])
        if _reads_ours(meant):
            answer = result(self._series, self.region, meant, parameters)
        else:
            answer = self._result_of_moto(meant, parameters)
        return {**answer, "Id": query["Id"], "Label": query.get("Label") or answer["Label"]}

    def _result_of_moto(self, query: Any, parameters: Any) -> dict[str, Any]:
        (answer,) = self.cloudwatch_backend.get_metric_data(
            queries=[{**query, "ReturnData": True}],
            start_time=parameters["StartTime"],
            end_time=parameters["EndTime"],
            scan_by="TimestampAscending",
        )
        return {
            "Label": answer["label"],
            "Timestamps": answer["timestamps"],
            "Values": answer["values"],
            "StatusCode": "Complete",
        }


def _reads_ours(query: Any) -> bool:
    return is_ours(query.get("MetricStat", {}).get("Metric", {}).get("Namespace"))


def _check_members(parameters: Any, queries: Any) -> None:
    if parameters.get("NextToken") or parameters.get("MaxDatapoints"):
        raise ValidationError("The local SageMaker's metrics come on one page: leave out NextToken and MaxDatapoints.")
    metrics = {query["Id"] for query in queries if "MetricStat" in query}
    for query in queries:
        if "MetricStat" not in query and query.get("Expression") not in metrics:
            raise ValidationError(
                f"The query {query['Id']} has the expression {query.get('Expression')!r}. The local SageMaker has no "
                "metric math: an expression is the id of another query's metric."
            )


def _check_alarm(parameters: Any) -> None:
    if any(_reads_ours(query) for query in parameters.get("Metrics") or ()):
        raise ValidationError(
            "The local SageMaker evaluates alarms on one metric of an endpoint: give Namespace, MetricName and "
            "Dimensions in place of Metrics."
        )
    if not is_ours(parameters.get("Namespace")):
        return
    if parameters.get("ComparisonOperator") not in COMPARISONS:
        raise ValidationError(
            f"An alarm on an endpoint's metric has as ComparisonOperator one of {_list(COMPARISONS)}."
        )
    if parameters.get("TreatMissingData", Missing.MISSING) not in set(Missing):
        raise ValidationError(f"TreatMissingData is one of {_list(Missing)}.")
    if parameters.get("EvaluateLowSampleCountPercentile") == "ignore":
        raise ValidationError("The local SageMaker does not have EvaluateLowSampleCountPercentile=ignore.")
    for member in ("Period", "EvaluationPeriods", "Threshold"):
        if parameters.get(member) is None:
            raise ValidationError(f"An alarm on an endpoint's metric needs {member}.")
    if int(parameters.get("DatapointsToAlarm") or 1) > int(parameters["EvaluationPeriods"]):
        raise ValidationError("DatapointsToAlarm is at most EvaluationPeriods.")
    _check_statistic(parameters.get("Statistic"), parameters.get("ExtendedStatistic"))


def _check_statistic(name: str | None, extended: str | None) -> None:
    if (name is None) == (extended is None):
        raise ValidationError("An alarm has either a Statistic or an ExtendedStatistic.")
    if name is not None and name not in STATISTICS:
        raise ValidationError(f"Statistic is one of {_list(STATISTICS)}, not {name}.")
    if extended is not None:
        try:
            percentage(extended)
        except ValueError as error:
            raise InvalidParameterValue(f"ExtendedStatistic: {error}.") from None


def _list(names: Any) -> str:
    return ", ".join(sorted(names))


def _has(metric: Metric, filters: list[tuple[str, str | None]]) -> bool:
    held = dict(metric.dimensions)
    return all(name in held and value in (None, held[name]) for name, value in filters)


def _described(metric: Metric) -> dict[str, Any]:
    dimensions = [{"Name": name, "Value": value} for name, value in metric.dimensions]
    return {"Namespace": metric.namespace, "MetricName": metric.name, "Dimensions": dimensions}
