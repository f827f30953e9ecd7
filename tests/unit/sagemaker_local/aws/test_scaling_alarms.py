"""The alarms of scaling policies inside moto, as boto3 sees and trips them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from include.sagemaker_local.autoscaling.policies import tracking_of
from include.sagemaker_local.autoscaling.tracking_alarms import TrackingAlarm, alarm_names, tracking_alarms
from include.sagemaker_local.aws.alarm_archive import AlarmArchive
from include.sagemaker_local.aws.metric_alarms import MotoAlarmBook
from include.sagemaker_local.aws.scaling_alarms import MotoScalingAlarms
from include.sagemaker_local.metrics.alarm import AlarmState
from tests.fakes.aws_server import ACCOUNT, aws_server, client

REGION = "eu-west-1"
HIGH, LOW = alarm_names("endpoint/e/variant/v", ("1", "2"))


def alarms(target: float = 70.0) -> list[TrackingAlarm]:
    policy = tracking_of({"TargetValue": target}, "e", "v")
    return tracking_alarms(REGION, "arn:policy", policy, (HIGH, LOW))


@pytest.fixture
def cloudwatch(tmp_path: Path) -> Iterator[Any]:
    with aws_server(tmp_path) as url:
        yield client("cloudwatch", url, region=REGION)


def held(cloudwatch: Any) -> dict[str, dict[str, Any]]:
    return {one["AlarmName"]: one for one in cloudwatch.describe_alarms()["MetricAlarms"]}


def test_they_look_like_those_of_aws_and_go_with_their_policy(cloudwatch: Any, tmp_path: Path) -> None:
    keeper = MotoScalingAlarms(ACCOUNT)
    users: dict[str, Any] = {
        "AlarmName": "mine",
        "Namespace": "AWS/SageMaker",
        "MetricName": "Invocations",
        "Statistic": "Sum",
    }
    users |= {"Period": 60, "EvaluationPeriods": 1, "Threshold": 1, "ComparisonOperator": "GreaterThanThreshold"}
    cloudwatch.put_metric_alarm(**users)
    keeper.keep(alarms())
    low = held(cloudwatch)[LOW]
    shown = (
        "Statistic",
        "Threshold",
        "ComparisonOperator",
        "EvaluationPeriods",
        "Period",
        "AlarmActions",
        "StateValue",
    )
    assert [low[name] for name in shown] == [
        "Sum",
        63,
        "LessThanThreshold",
        15,
        60,
        ["arn:policy"],
        "INSUFFICIENT_DATA",
    ]
    assert (low["Namespace"], low["MetricName"]) == ("AWS/SageMaker", "InvocationsPerInstance")
    assert {one["Name"]: one["Value"] for one in low["Dimensions"]} == {"EndpointName": "e", "VariantName": "v"}
    book = MotoAlarmBook(ACCOUNT, AlarmArchive(ACCOUNT, tmp_path / "alarms.json"))
    assert [alarm.rule.name for alarm in book.alarms()] == ["mine"]  # the others are autoscaling's
    keeper.keep([])
    assert list(held(cloudwatch)) == ["mine"]


def test_a_state_outlives_a_new_threshold_and_a_deleted_alarm_comes_back(cloudwatch: Any) -> None:
    keeper = MotoScalingAlarms(ACCOUNT)
    keeper.keep(alarms())
    high, _ = alarms()
    keeper.set_state(high, AlarmState.ALARM, "much asked")
    keeper.keep(alarms(target=10.0))
    assert (held(cloudwatch)[HIGH]["Threshold"], held(cloudwatch)[HIGH]["StateValue"]) == (10, "ALARM")
    assert keeper.state(high) is AlarmState.ALARM
    cloudwatch.delete_alarms(AlarmNames=[HIGH])
    assert keeper.state(high) is AlarmState.INSUFFICIENT_DATA
    keeper.keep(alarms())
    assert set(held(cloudwatch)) == {HIGH, LOW}


def test_a_users_alarm_trips_the_policy_that_it_names(cloudwatch: Any) -> None:
    keeper = MotoScalingAlarms(ACCOUNT)
    rule = {"Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1, "AlarmActions": ["arn:step"]}
    for name, namespace, comparison in (
        ("busy", "AWS/SageMaker", "GreaterThanOrEqualToThreshold"),
        ("elsewhere", "Mine", "LessThanThreshold"),
    ):
        cloudwatch.put_metric_alarm(
            AlarmName=name, Namespace=namespace, MetricName="m", ComparisonOperator=comparison, Threshold=5, **rule
        )
    assert keeper.tripped(REGION, "arn:step") == []
    assert keeper.naming(REGION, "arn:step") == ["busy", "elsewhere"]
    for name in ("busy", "elsewhere"):
        cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="a test")
    busy, elsewhere = keeper.tripped(REGION, "arn:step")
    assert (busy.name, busy.threshold, busy.upwards, busy.rule is None) == ("busy", 5.0, True, False)
    assert (elsewhere.name, elsewhere.upwards, elsewhere.rule is None) == ("elsewhere", False, False)
    cloudwatch.disable_alarm_actions(AlarmNames=["busy"])
    assert [one.name for one in keeper.tripped(REGION, "arn:step")] == ["elsewhere"]
    assert keeper.tripped(REGION, "arn:other") == []
    assert keeper.tripped("us-east-1", "arn:step") == []
