"""Target tracking policies, from published minutes to a changed capacity."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from include.sagemaker_local.autoscaling import ScalingRules
from include.sagemaker_local.deployment import AsyncInference
from include.sagemaker_local.metrics.alarm import AlarmState
from include.sagemaker_local.metrics.names import INSTANCES
from tests.fakes.scaling_bench import DIMENSIONS, HIGH, LOW, ScalingBench
from tests.fakes.supervised import plan


def test_three_minutes_above_the_target_add_instances_in_proportion(bench: ScalingBench) -> None:
    bench.policy()
    bench.minutes(2, calls=250)
    assert (bench.wanted(), bench.alarms.states[HIGH]) == (None, AlarmState.INSUFFICIENT_DATA)
    bench.minute(calls=250)
    assert (bench.wanted(), bench.alarms.states[HIGH], bench.wakes) == (5, AlarmState.ALARM, 1)
    (activity,) = bench.activities()
    assert (activity.status, activity.before, activity.after) == ("InProgress", 2, 5)
    assert activity.cause == f"monitor alarm {HIGH} in state ALARM triggered policy p"
    bench.done()
    (activity,) = bench.activities()
    assert (activity.status, activity.ended_at_s) == ("Successful", bench.clock.now_s())


def test_one_quiet_minute_of_three_is_enough_to_stay(bench: ScalingBench) -> None:
    bench.policy()
    for calls in (250, 250, 99, 250, 250):
        bench.minute(calls=calls)
    assert (bench.wanted(), bench.alarms.states[HIGH]) == (None, AlarmState.OK)


def test_fifteen_minutes_below_nine_tenths_remove_instances(bench: ScalingBench) -> None:
    bench.policy()
    bench.minutes(14, calls=40)
    assert bench.wanted() is None
    bench.minute(calls=40)
    assert (bench.wanted(), bench.alarms.states[LOW]) == (1, AlarmState.ALARM)


def test_between_nine_tenths_and_the_target_nothing_happens(bench: ScalingBench) -> None:
    bench.policy()
    bench.minutes(20, calls=95)
    assert (bench.wanted(), bench.alarms.states[LOW]) == (None, AlarmState.OK)


def test_a_variant_that_nobody_asks_goes_down_to_the_minimum(bench: ScalingBench) -> None:
    bench.policy()
    bench.minutes(15)
    assert bench.wanted() == 1


def test_an_asynchronous_variant_has_no_invocations_that_could_be_none(tmp_path: Path) -> None:
    deployment = replace(plan("config", "a", instances=2), asynchronous=AsyncInference("s3://bucket/out"))
    bench = ScalingBench(tmp_path / "store", deployment=deployment)
    bench.policy()
    bench.minutes(16)
    assert (bench.wanted(), bench.alarms.states[LOW]) == (None, AlarmState.INSUFFICIENT_DATA)
    bench.store.close()


def test_a_policy_that_does_not_scale_in_has_no_low_alarm(bench: ScalingBench) -> None:
    bench.policy(DisableScaleIn=True)
    bench.minutes(20)
    assert (bench.wanted(), list(bench.alarms.kept)) == (None, [HIGH])


def test_nothing_is_changed_while_the_endpoint_is(bench: ScalingBench) -> None:
    bench.policy()
    bench.minutes(3, calls=150)
    assert bench.wanted() == 3
    bench.minutes(3, calls=500)
    assert bench.wanted() == 3
    assert len(bench.activities()) == 1


def test_in_the_cooldown_only_a_larger_scale_out_adds_anything(bench: ScalingBench) -> None:
    bench.policy(ScaleOutCooldown=600)
    bench.minutes(3, calls=150)
    bench.done()
    bench.minutes(3, calls=150)  # asks for three, which there are
    assert bench.wanted() is None
    bench.minute(calls=250)
    assert bench.wanted() == 5
    bench.done()
    bench.clock.advance(600)
    bench.minutes(3, calls=120)
    assert bench.wanted() == 6


def test_scale_ins_are_a_cooldown_apart(bench: ScalingBench) -> None:
    bench.policy(ScaleInCooldown=600)
    bench.target(1, 10)
    bench.minutes(3, calls=300)
    bench.done()
    bench.clock.advance(300)
    bench.minutes(15, calls=40)
    assert bench.wanted() == 3
    bench.done()
    bench.minutes(9, calls=10)
    assert bench.wanted() is None
    bench.minute(calls=10)
    assert bench.wanted() == 2  # the busiest of the fifteen minutes had 40


def test_time_scale_shortens_minutes_and_cooldowns_but_counts_stay_per_minute(tmp_path: Path) -> None:
    bench = ScalingBench(tmp_path / "store", ScalingRules(0.1, 0.01, 20))
    bench.policy()
    bench.minutes(16, calls=0.25)  # 2.5 a second: 150 a minute
    assert bench.wanted() is None
    bench.minutes(2, calls=0.25)  # three minutes of 0.6 s each
    assert bench.wanted() == 3
    bench.done()
    bench.minutes(29, calls=0.25)
    assert bench.wanted() is None
    bench.minutes(2, calls=0.25)  # 300 s of cooldown are 3 s
    assert bench.wanted() == 5
    bench.store.close()


def test_a_minute_is_no_shorter_than_an_interval(tmp_path: Path) -> None:
    bench = ScalingBench(tmp_path / "store", ScalingRules(2.0, 0.01, 20))
    bench.policy()
    bench.minutes(3, calls=5)
    assert bench.wanted() == 3
    bench.store.close()


def test_a_metric_of_ones_own_is_not_counted_per_minute(tmp_path: Path) -> None:
    bench = ScalingBench(tmp_path / "store", ScalingRules(1.0, 0.01, 20))
    own = {"MetricName": "CPUUtilization", "Namespace": INSTANCES, "Statistic": "Average"}
    own["Dimensions"] = [{"Name": name, "Value": value} for name, value in DIMENSIONS]  # type: ignore[assignment]
    bench.policy(configuration={"TargetValue": 50.0, "CustomizedMetricSpecification": own})
    bench.minutes(3, cpu=80.0)
    assert bench.wanted() == 4
    bench.store.close()


def test_all_target_tracking_policies_must_agree_to_a_scale_in(bench: ScalingBench) -> None:
    own = {"MetricName": "CPUUtilization", "Namespace": INSTANCES, "Statistic": "Average"}
    own["Dimensions"] = [{"Name": name, "Value": value} for name, value in DIMENSIONS]  # type: ignore[assignment]
    bench.policy()
    bench.policy("cpu", {"TargetValue": 50.0, "CustomizedMetricSpecification": own})
    bench.minutes(15, calls=1, cpu=49.0)
    assert bench.wanted() is None
    bench.minutes(15, calls=1, cpu=10.0)
    assert bench.wanted() == 1


def test_suspended_scaling_does_nothing(bench: ScalingBench) -> None:
    bench.policy()
    bench.target(DynamicScalingOutSuspended=True)
    bench.minutes(5, calls=500)
    assert (bench.wanted(), bench.alarms.states[HIGH]) == (None, AlarmState.ALARM)
    bench.target()
    bench.minute(calls=500)
    assert bench.wanted() == 10
