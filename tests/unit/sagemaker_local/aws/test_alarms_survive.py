"""CloudWatch's alarms after the server was killed: one `aws_server` after the other on the same directory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from include.sagemaker_local.aws.alarm_archive import AlarmArchive
from include.sagemaker_local.aws.metric_alarms import MotoAlarmBook
from include.sagemaker_local.errors import HostError
from include.sagemaker_local.metrics.alarm import AlarmState
from tests.fakes.aws_server import ACCOUNT, aws_server, client

LATENCY: dict[str, Any] = {
    "AlarmName": "slow",
    "AlarmDescription": "too slow",
    "Namespace": "AWS/SageMaker",
    "MetricName": "ModelLatency",
    "Dimensions": [{"Name": "EndpointName", "Value": "e"}, {"Name": "VariantName", "Value": "AllTraffic"}],
    "ExtendedStatistic": "p90",
    "Unit": "Microseconds",
    "Period": 60,
    "EvaluationPeriods": 3,
    "DatapointsToAlarm": 2,
    "Threshold": 1000.5,
    "ComparisonOperator": "GreaterThanThreshold",
    "TreatMissingData": "notBreaching",
    "AlarmActions": ["arn:aws:sns:us-east-1:123456789012:pages"],
}
QUERY: dict[str, Any] = {
    "AlarmName": "math",
    "ComparisonOperator": "LessThanThreshold",
    "EvaluationPeriods": 1,
    "Threshold": 1.0,
    "Metrics": [
        {"Id": "sum", "Expression": "a + 1", "ReturnData": True},
        {
            "Id": "a",
            "ReturnData": False,
            "MetricStat": {
                "Metric": {
                    "Namespace": "Mine",
                    "MetricName": "M",
                    "Dimensions": [{"Name": "D", "Value": "1"}],
                },
                "Period": 60,
                "Stat": "Sum",
            },
        },
    ],
}


def described(url: str, region: str = "us-east-1") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client("cloudwatch", url, region=region).describe_alarms()["MetricAlarms"]
    return found


def test_alarms_of_every_region_come_back_as_they_were(tmp_path: Path) -> None:
    with aws_server(tmp_path) as url:
        client("cloudwatch", url).put_metric_alarm(**LATENCY)
        client("cloudwatch", url).put_metric_alarm(**QUERY)
        client("cloudwatch", url).disable_alarm_actions(AlarmNames=["slow"])
        client("cloudwatch", url, region="eu-west-1").put_metric_alarm(**{**LATENCY, "AlarmName": "far"})
        client("cloudwatch", url).put_metric_alarm(**{**LATENCY, "AlarmName": "gone"})
        client("cloudwatch", url).set_alarm_state(AlarmName="slow", StateValue="ALARM", StateReason="a test")
        client("cloudwatch", url).delete_alarms(AlarmNames=["gone"])
        before = described(url), described(url, "eu-west-1")
        assert [alarm["StateValue"] for alarm in before[0]] == ["ALARM", "OK"]
        assert before[0][0]["ActionsEnabled"] is False
    with aws_server(tmp_path) as url:
        assert (described(url), described(url, "eu-west-1")) == before


def test_a_state_that_an_evaluation_set_comes_back(tmp_path: Path) -> None:
    with aws_server(tmp_path) as url:
        client("cloudwatch", url).put_metric_alarm(**LATENCY)
        book = MotoAlarmBook(ACCOUNT, AlarmArchive(ACCOUNT, tmp_path / "alarms.json"))
        (alarm,) = book.alarms()
        book.set_state(alarm, AlarmState.ALARM, "three datapoints")
    with aws_server(tmp_path) as url:
        (shown,) = described(url)
        assert (shown["StateValue"], shown["StateReason"]) == ("ALARM", "three datapoints")


def test_a_disk_that_refuses_is_reported_and_nothing_is_changed(tmp_path: Path) -> None:
    with aws_server(tmp_path) as url:
        cloudwatch = client("cloudwatch", url)
        cloudwatch.put_metric_alarm(**LATENCY)
        (tmp_path / "alarms.partial").mkdir()  # no file can be written there
        refused: list[tuple[str, dict[str, Any]]] = [
            ("put_metric_alarm", {**LATENCY, "AlarmName": "new"}),
            ("delete_alarms", {"AlarmNames": ["slow"]}),
            ("set_alarm_state", {"AlarmName": "slow", "StateValue": "ALARM", "StateReason": "a test"}),
        ]
        for operation, request in refused:
            with pytest.raises(ClientError) as error:
                getattr(cloudwatch, operation)(**request)
            assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] >= 500
        (shown,) = described(url)
        assert (shown["AlarmName"], shown["StateValue"]) == ("slow", "INSUFFICIENT_DATA")
        (tmp_path / "alarms.partial").rmdir()
        cloudwatch.delete_alarms(AlarmNames=["slow"])
    with aws_server(tmp_path) as url:
        assert described(url) == []


@pytest.mark.parametrize("text", ["{", "[]", '{"us-east-1": [{}]}', '{"us-east-1": [{"given": {"name": "a"}}]}'])
def test_a_file_that_is_not_ours_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "alarms.json"
    path.write_text(text)
    with pytest.raises(HostError, match=f"cannot use the alarms in {path}"):
        AlarmArchive(ACCOUNT, path).load()


def test_reset_forgets_them_on_disk_too(tmp_path: Path) -> None:
    from moto.cloudwatch.models import cloudwatch_backends

    with aws_server(tmp_path) as url:
        client("cloudwatch", url).put_metric_alarm(**LATENCY)
        archive = AlarmArchive(ACCOUNT, tmp_path / "alarms.json")
        archive.load()
        cloudwatch_backends[ACCOUNT]["us-east-1"].alarms.clear()  # as moto's own reset does
        archive.keep()
    with aws_server(tmp_path) as url:
        assert described(url) == []
