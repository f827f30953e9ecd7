"""Alarms that users make and trip with boto3, read in this process."""

from __future__ import annotations

from pathlib import Path

from include.sagemaker_local.aws.alarms import MotoAlarms
from tests.fakes.aws_server import ACCOUNT, aws_server, client


def test_the_state_that_was_set_is_read_and_what_is_not_there_is_left_out(tmp_path: Path) -> None:
    with aws_server(tmp_path) as url:
        cloudwatch = client("cloudwatch", url, region="eu-west-1")
        cloudwatch.put_metric_alarm(
            AlarmName="too-slow",
            Namespace="AWS/SageMaker",
            MetricName="ModelLatency",
            Statistic="Average",
            Period=60,
            EvaluationPeriods=1,
            Threshold=100_000,
            ComparisonOperator="GreaterThanThreshold",
        )
        alarms = MotoAlarms(ACCOUNT)
        assert alarms.states("eu-west-1", ["too-slow", "gone"]) == {"too-slow": "INSUFFICIENT_DATA"}
        cloudwatch.set_alarm_state(AlarmName="too-slow", StateValue="ALARM", StateReason="a test")
        assert alarms.states("eu-west-1", ["too-slow"]) == {"too-slow": "ALARM"}
        assert alarms.states("us-east-1", ["too-slow"]) == {}
