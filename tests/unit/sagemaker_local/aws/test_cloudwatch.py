"""Endpoint metrics and alarms, as boto3 reads them from CloudWatch after real invocations of fake containers."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from include.sagemaker_local.metrics.names import endpoint_utilisation
from tests.fakes.aws_server import client
from tests.fakes.clock import START_S, ManualClock
from tests.fakes.containers import Behaviour, answer, echo, in_turn
from tests.fakes.invocations import REGION
from tests.fakes.observed_endpoint import Observed, on_observed_endpoint, taking

MINUTE = datetime.fromtimestamp(START_S // 60 * 60, UTC)
VARIANT = {"EndpointName": "flowers", "VariantName": "AllTraffic"}
ALL = ["SampleCount", "Sum", "Average", "Minimum", "Maximum"]


def containers(clock: ManualClock) -> tuple[Behaviour, ...]:
    """Two that need 1 ms and 2 ms; the second one's fourth and fifth answers are errors."""
    second = in_turn(echo(), echo(), echo(), answer(415, b"no"), answer(500, b"broken"), echo())
    return taking(clock, 0.001, echo()), taking(clock, 0.002, second)


def dimensions(**further: str) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in {**VARIANT, **further}.items()]


def cloudwatch(observed: Observed) -> Any:
    return client("cloudwatch", observed.url, region=REGION)


def invoke(observed: Observed, times: int = 1) -> None:
    runtime = client("sagemaker-runtime", observed.url, region=REGION)
    for _ in range(times):
        with contextlib.suppress(runtime.exceptions.ModelError):
            runtime.invoke_endpoint(EndpointName="flowers", Body=b"1", ContentType="text/csv")


def statistics(observed: Observed, name: str, **asked: Any) -> list[dict[str, Any]]:
    parameters = {
        "Namespace": "AWS/SageMaker",
        "MetricName": name,
        "Dimensions": dimensions(),
        "StartTime": MINUTE,
        "EndTime": MINUTE + timedelta(minutes=10),
        "Period": 60,
        **({} if "ExtendedStatistics" in asked else {"Statistics": ALL}),
        **asked,
    }
    found: list[dict[str, Any]] = cloudwatch(observed).get_metric_statistics(**parameters)["Datapoints"]
    return found


def one(observed: Observed, name: str, **asked: Any) -> dict[str, Any]:
    (point,) = statistics(observed, name, **asked)
    return point


def query(identity: str, name: str, stat: str, **members: Any) -> dict[str, Any]:
    metric = {"Namespace": "AWS/SageMaker", "MetricName": name, "Dimensions": dimensions()}
    return {"Id": identity, "MetricStat": {"Metric": metric, "Period": 60, "Stat": stat}, **members}


def test_invocations_errors_and_latencies_have_sagemakers_names_dimensions_and_units(tmp_path: Path) -> None:
    def test(observed: Observed) -> None:
        invoke(observed, 5)
        observed.publish()
        expected = {
            "Timestamp": MINUTE,
            "Unit": "None",
            "SampleCount": 5,
            "Sum": 5,
            "Average": 1,
            "Minimum": 1,
            "Maximum": 1,
        }
        assert one(observed, "Invocations") == expected
        assert one(observed, "InvocationsPerInstance")["Sum"] == 5
        assert one(observed, "Invocation4XXErrors")["Sum"] == 1
        assert one(observed, "Invocation5XXErrors")["Average"] == pytest.approx(0.2)
        assert one(observed, "InvocationModelErrors")["Sum"] == 2
        latency = one(observed, "ModelLatency")
        spread = {"Sum": 15_000, "Average": 3000, "Minimum": 3000, "Maximum": 3000}
        assert latency == {"Timestamp": MINUTE, "Unit": "Microseconds", "SampleCount": 5, **spread}
        assert one(observed, "OverheadLatency")["Maximum"] == 0  # the clock stands still outside of the containers
        for name, latency_us in (("featurize", 1000), ("predict", 2000)):
            of_container = one(observed, "ContainerLatency", Dimensions=dimensions(ContainerName=name))
            assert (of_container["SampleCount"], of_container["Maximum"]) == (5, latency_us)
        of_config = one(observed, "Invocations", Dimensions=dimensions(EndpointConfigName="flowers-config"))
        assert of_config["Sum"] == 5
        assert statistics(observed, "Invocations", Dimensions=dimensions()[:1]) == []
        assert statistics(observed, "Invocations", Unit="Count") == []

    clock = ManualClock()
    on_observed_endpoint(tmp_path, clock, containers(clock), test)


def test_percentiles_and_longer_periods(tmp_path: Path) -> None:
    def test(observed: Observed) -> None:
        for latency_s in (0.010, 0.020, 0.030, 0.100):
            waits.append(latency_s)
            invoke(observed)
        observed.publish()
        waits.append(0.5)
        invoke(observed)
        observed.publish()
        found = one(observed, "ModelLatency", ExtendedStatistics=["p50", "p90", "p95", "p99"], Period=300)
        assert found["Timestamp"] == MINUTE
        assert found["ExtendedStatistics"]["p50"] == pytest.approx(30_000, rel=0.004)
        assert found["ExtendedStatistics"]["p99"] == 500_000
        first, second = statistics(observed, "ModelLatency", ExtendedStatistics=["p90"], Statistics=["SampleCount"])
        assert first["ExtendedStatistics"] == {"p90": 100_000}
        assert (first["SampleCount"], second["SampleCount"]) == (4, 1)
        assert second["Timestamp"] == MINUTE + timedelta(minutes=1)

    clock = ManualClock()
    waits: list[float] = []
    slow: Behaviour = lambda seen: taking(clock, waits.pop(), echo())(seen)  # noqa: E731
    on_observed_endpoint(tmp_path, clock, (slow,), test)


def test_get_metric_data_mixes_our_metrics_with_those_that_users_put(tmp_path: Path) -> None:
    def test(observed: Observed) -> None:
        metrics = cloudwatch(observed)
        metrics.put_metric_data(Namespace="mine", MetricData=[{"MetricName": "m", "Value": 4.5, "Timestamp": MINUTE}])
        invoke(observed, 2)
        observed.publish()
        invoke(observed, 1)
        observed.publish()
        mine = {"Metric": {"Namespace": "mine", "MetricName": "m"}, "Period": 60, "Stat": "Maximum"}
        queries = [
            query("sums", "Invocations", "Sum"),
            query("latency", "ModelLatency", "p99", ReturnData=False),
            {"Id": "again", "Expression": "latency", "Label": "p99 of all"},
            {"Id": "mine", "MetricStat": mine},
        ]
        span = {"StartTime": MINUTE, "EndTime": MINUTE + timedelta(minutes=5)}
        found = metrics.get_metric_data(MetricDataQueries=queries, **span)["MetricDataResults"]
        assert [result["Id"] for result in found] == ["sums", "again", "mine"]
        assert found[0]["Values"] == [1, 2]  # newest first unless asked otherwise
        assert found[0]["Timestamps"] == [MINUTE + timedelta(minutes=1), MINUTE]
        assert (found[1]["Label"], found[1]["Values"]) == ("p99 of all", [3000, 3000])
        assert found[2]["Values"] == [4.5]
        ascending = metrics.get_metric_data(MetricDataQueries=queries[:1], ScanBy="TimestampAscending", **span)
        assert ascending["MetricDataResults"][0]["Values"] == [2, 1]
        alone = metrics.get_metric_data(MetricDataQueries=queries[3:], **span)["MetricDataResults"]
        assert alone[0]["Values"] == [4.5]

    clock = ManualClock()
    on_observed_endpoint(tmp_path, clock, containers(clock), test)


def test_metrics_are_listed(tmp_path: Path) -> None:
    def test(observed: Observed) -> None:
        invoke(observed)
        percentages = {"i-1": 150.0, "i-2": 50.0}
        for datum in endpoint_utilisation("flowers", "AllTraffic", "CPUUtilization", percentages):
            observed.samples.data.append((REGION, datum))
        observed.publish()
        metrics = cloudwatch(observed)
        metrics.put_metric_data(Namespace="mine", MetricData=[{"MetricName": "m", "Value": 1.0}])
        listed = metrics.list_metrics()["Metrics"]
        assert {metric["Namespace"] for metric in listed} == {"AWS/SageMaker", "/aws/sagemaker/Endpoints", "mine"}
        asked = {"Namespace": "AWS/SageMaker", "Dimensions": [{"Name": "ContainerName", "Value": "predict"}]}
        found = metrics.list_metrics(**asked)["Metrics"]
        assert {metric["MetricName"] for metric in found} == {"ContainerLatency"}
        cpu = one(observed, "CPUUtilization", Namespace="/aws/sagemaker/Endpoints")
        assert (cpu["Unit"], cpu["Average"], cpu["Maximum"], cpu["SampleCount"]) == ("Percent", 100, 150, 2)
        host = {"Dimensions": [{"Name": "Host", "Value": "flowers/AllTraffic/i-1"}]}
        alone = one(observed, "CPUUtilization", Namespace="/aws/sagemaker/Endpoints", **host)
        assert (alone["Average"], alone["SampleCount"]) == (150, 1)

    clock = ManualClock()
    on_observed_endpoint(tmp_path, clock, containers(clock), test)


def test_an_alarm_follows_its_metric(tmp_path: Path) -> None:
    def test(observed: Observed) -> None:
        metrics = cloudwatch(observed)

        def put(**members: Any) -> None:
            alarm = {
                "AlarmName": "errors",
                "Namespace": "AWS/SageMaker",
                "MetricName": "InvocationModelErrors",
                "Dimensions": dimensions(EndpointConfigName="flowers-config"),
                "Statistic": "Average",
                "Period": 60,
                "EvaluationPeriods": 1,
                "Threshold": 0.5,
                "ComparisonOperator": "GreaterThanOrEqualToThreshold",
                **members,
            }
            metrics.put_metric_alarm(**alarm)

        def state() -> str:
            (alarm,) = metrics.describe_alarms(AlarmNames=["errors"])["MetricAlarms"]
            return str(alarm["StateValue"])

        put()
        assert state() == "INSUFFICIENT_DATA"
        invoke(observed, 3)
        observed.publish()
        assert state() == "OK"
        invoke(observed, 2)
        observed.publish()
        assert state() == "ALARM"
        reason = metrics.describe_alarms(StateValue="ALARM")["MetricAlarms"][0]["StateReason"]
        assert "1 out of the last 1 datapoints [1] fulfil GreaterThanOrEqualToThreshold (0.5)" in reason
        put(TreatMissingData="notBreaching")
        assert state() == "ALARM"  # a change of its rule leaves the state alone
        invoke(observed, 1)
        observed.publish()
        assert state() == "OK"
        put(Statistic="Sum", MetricName="ModelLatency", Threshold=100.0, ComparisonOperator="LessThanThreshold")
        for _ in range(3):
            observed.publish()
        assert state() == "INSUFFICIENT_DATA"

    clock = ManualClock()
    on_observed_endpoint(tmp_path, clock, containers(clock), test)


def test_what_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    def test(observed: Observed) -> None:
        metrics = cloudwatch(observed)
        span = {"StartTime": MINUTE, "EndTime": MINUTE + timedelta(minutes=5)}
        alarm = {
            "AlarmName": "a",
            "EvaluationPeriods": 1,
            "Threshold": 1.0,
            "ComparisonOperator": "GreaterThanThreshold",
        }
        ours = {**alarm, "Namespace": "AWS/SageMaker", "MetricName": "Invocations", "Period": 60}
        math = [query("m", "Invocations", "Sum"), {"Id": "e", "Expression": "m * 2"}]
        data = {"MetricData": [{"MetricName": "m"}]}
        refused: list[tuple[str, Any]] = [
            ("SageMaker alone", lambda: metrics.put_metric_data(Namespace="AWS/SageMaker", **data)),
            ("'tm90'", lambda: statistics(observed, "Invocations", ExtendedStatistics=["tm90"])),
            ("Period", lambda: statistics(observed, "Invocations", Period=90)),
            ("1,440", lambda: statistics(observed, "Invocations", StartTime=MINUTE - timedelta(days=2))),
            ("StartTime", lambda: statistics(observed, "Invocations", EndTime=MINUTE)),
            ("metric math", lambda: metrics.get_metric_data(MetricDataQueries=math, **span)),
            ("MaxDatapoints", lambda: metrics.get_metric_data(MetricDataQueries=math[:1], MaxDatapoints=5, **span)),
            ("'tm90'", lambda: metrics.get_metric_data(MetricDataQueries=[query("m", "Invocations", "tm90")], **span)),
            ("in place of Metrics", lambda: metrics.put_metric_alarm(**alarm, Metrics=math[:1])),
            ("EvaluateLowSample", lambda: metrics.put_metric_alarm(
                **ours, ExtendedStatistic="p99", EvaluateLowSampleCountPercentile="ignore")),
            ("'p101'", lambda: metrics.put_metric_alarm(**ours, ExtendedStatistic="p101")),
            ("at most", lambda: metrics.put_metric_alarm(**ours, Statistic="Sum", DatapointsToAlarm=2)),
            ("TreatMissingData", lambda: metrics.put_metric_alarm(**ours, Statistic="Sum", TreatMissingData="zero")),
            ("either", lambda: metrics.put_metric_alarm(**ours)),
        ]  # fmt: skip
        for named, call in refused:
            with pytest.raises(ClientError, match=named) as refusal:
                call()
            assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
        assert metrics.describe_alarms()["MetricAlarms"] == []

    clock = ManualClock()
    on_observed_endpoint(tmp_path, clock, containers(clock), test)
