"""From published minutes to a changed capacity, on a real store and series; nothing runs and time is the test's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from include.sagemaker_local.autoscaling import Autoscaler, ScalingTempo
from include.sagemaker_local.autoscaling.alarm_keeper import TrippedAlarm
from include.sagemaker_local.autoscaling.tracking_alarms import alarm_names
from include.sagemaker_local.lifecycle import EndpointEvent, EndpointStatus
from include.sagemaker_local.metrics.alarm import AlarmRule, AlarmState, Missing
from include.sagemaker_local.metrics.distribution import exact
from include.sagemaker_local.metrics.names import INSTANCES, INVOCATIONS, PER_INSTANCE
from include.sagemaker_local.metrics.series import Datum, Metric, MetricSeries
from include.sagemaker_local.store import Store
from include.sagemaker_local.store.records import (
    EndpointRecord,
    ScalableTargetRecord,
    ScalingActivityRecord,
    ScalingPolicyRecord,
)
from tests.fakes.clock import ManualClock
from tests.fakes.scaling_alarms import DictScalingAlarms
from tests.fakes.supervised import plan

REGION = "us-east-1"
DIMENSIONS = (("EndpointName", "e"), ("VariantName", "AllTraffic"))
CALLS = Metric(INVOCATIONS, PER_INSTANCE, DIMENSIONS)
CPU = Metric(INSTANCES, "CPUUtilization", DIMENSIONS)
RESOURCE = "endpoint/e/variant/AllTraffic"
HIGH, LOW = alarm_names(RESOURCE, ("1", "2"))
TRACKING = {
    "TargetValue": 100.0,
    "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
}
SUSPENDED = dict.fromkeys(("DynamicScalingInSuspended", "DynamicScalingOutSuspended"), False)


class Bench:
    """An endpoint `e` of two instances with a target of 1 to 10. `minute` publishes one and acts."""

    def __init__(self, path: Path, interval_s: float = 60.0, time_scale: float = 1.0) -> None:
        self.clock = ManualClock(1_700_000_040.0)  # on a minute
        self.store = Store(path, self.clock)
        self.series, self.alarms = MetricSeries(), DictScalingAlarms()
        self.wakes = 0
        self.interval_s = interval_s
        tempo = ScalingTempo(interval_s, time_scale)
        self.scaler = Autoscaler(self.store, self.series, self.alarms, self.clock, self._wake, tempo)
        deployment = plan("config", "a", instances=2)
        self.store.add_endpoint(
            EndpointRecord(REGION, "e", "arn:e", EndpointStatus.IN_SERVICE, deployment, None, None, 1.0, 1.0)
        )
        self.target()

    def _wake(self) -> None:
        self.wakes += 1

    def target(self, least: int = 1, most: int = 10, **suspended: bool) -> None:
        now_s = self.clock.now_s()
        state = {**SUSPENDED, **suspended}
        self.store.put_scalable_target(
            ScalableTargetRecord(REGION, "e", "AllTraffic", "arn:t", least, most, "role", state, now_s)
        )

    def policy(self, name: str = "p", configuration: Any = None, **changes: Any) -> None:
        configuration = TRACKING if configuration is None else configuration
        kind = "TargetTrackingScaling" if "TargetValue" in configuration else "StepScaling"
        names = alarm_names(RESOURCE, (f"{name}1", f"{name}2")) if kind == "TargetTrackingScaling" else ()
        if name == "p" and names:
            names = (HIGH, LOW)
        self.store.put_scaling_policy(
            ScalingPolicyRecord(
                REGION, "e", "AllTraffic", name, f"arn:{name}", kind, {**configuration, **changes}, names, 1.0
            )
        )

    def minute(self, **values: float) -> None:
        """An interval in which each instance was asked `calls` times and was busy for `cpu` percent."""
        began_s = self.clock.now_s()
        self.clock.advance(self.interval_s)
        metrics = {"calls": CALLS, "cpu": CPU}
        data = [Datum(metrics[name], "None", exact({value: 1})) for name, value in values.items()]
        self.series.publish(REGION, began_s, data)
        self.scaler.published(began_s)

    def minutes(self, number: int, **values: float) -> None:
        for _ in range(number):
            self.minute(**values)

    def wanted(self) -> int | None:
        """What a change under way asks for; None when none is."""
        record = self.store.endpoint(REGION, "e")
        assert record is not None
        return None if record.wanted is None else record.wanted.variants[0].instance_count

    def done(self) -> None:
        """What the supervisor does when the wanted instances serve."""
        record = self.store.endpoint(REGION, "e")
        assert record is not None
        self.store.move_endpoint(REGION, "e", EndpointEvent.DEPLOYED, live=record.wanted, wanted=None)

    def activities(self) -> list[ScalingActivityRecord]:
        self.scaler.settle()
        return self.store.scaling_activities()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path / "store")
    yield made
    made.store.close()


def test_three_minutes_above_the_target_add_instances_in_proportion(bench: Bench) -> None:
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


def test_one_quiet_minute_of_three_is_enough_to_stay(bench: Bench) -> None:
    bench.policy()
    for calls in (250, 250, 99, 250, 250):
        bench.minute(calls=calls)
    assert (bench.wanted(), bench.alarms.states[HIGH]) == (None, AlarmState.OK)


def test_fifteen_minutes_below_nine_tenths_remove_instances(bench: Bench) -> None:
    bench.policy()
    bench.minutes(14, calls=40)
    assert bench.wanted() is None
    bench.minute(calls=40)
    assert (bench.wanted(), bench.alarms.states[LOW]) == (1, AlarmState.ALARM)


def test_between_nine_tenths_and_the_target_nothing_happens(bench: Bench) -> None:
    bench.policy()
    bench.minutes(20, calls=95)
    assert (bench.wanted(), bench.alarms.states[LOW]) == (None, AlarmState.OK)


def test_a_variant_that_nobody_asks_goes_down_to_the_minimum(bench: Bench) -> None:
    bench.policy()
    bench.minutes(15)
    assert bench.wanted() == 1


def test_a_policy_that_does_not_scale_in_has_no_low_alarm(bench: Bench) -> None:
    bench.policy(DisableScaleIn=True)
    bench.minutes(20)
    assert (bench.wanted(), list(bench.alarms.kept)) == (None, [HIGH])


def test_nothing_is_changed_while_the_endpoint_is(bench: Bench) -> None:
    bench.policy()
    bench.minutes(3, calls=150)
    assert bench.wanted() == 3
    bench.minutes(3, calls=500)
    assert bench.wanted() == 3
    assert len(bench.activities()) == 1


def test_in_the_cooldown_only_a_larger_scale_out_adds_anything(bench: Bench) -> None:
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


def test_scale_ins_are_a_cooldown_apart(bench: Bench) -> None:
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
    bench = Bench(tmp_path / "store", interval_s=0.1, time_scale=0.01)
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
    bench = Bench(tmp_path / "store", interval_s=2.0, time_scale=0.01)
    bench.policy()
    bench.minutes(3, calls=5)
    assert bench.wanted() == 3
    bench.store.close()


def test_a_metric_of_ones_own_is_not_counted_per_minute(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "store", interval_s=1.0, time_scale=0.01)
    own = {"MetricName": "CPUUtilization", "Namespace": INSTANCES, "Statistic": "Average"}
    own["Dimensions"] = [{"Name": name, "Value": value} for name, value in DIMENSIONS]  # type: ignore[assignment]
    bench.policy(configuration={"TargetValue": 50.0, "CustomizedMetricSpecification": own})
    bench.minutes(3, cpu=80.0)
    assert bench.wanted() == 4
    bench.store.close()


def test_all_target_tracking_policies_must_agree_to_a_scale_in(bench: Bench) -> None:
    own = {"MetricName": "CPUUtilization", "Namespace": INSTANCES, "Statistic": "Average"}
    own["Dimensions"] = [{"Name": name, "Value": value} for name, value in DIMENSIONS]  # type: ignore[assignment]
    bench.policy()
    bench.policy("cpu", {"TargetValue": 50.0, "CustomizedMetricSpecification": own})
    bench.minutes(15, calls=1, cpu=49.0)
    assert bench.wanted() is None
    bench.minutes(15, calls=1, cpu=10.0)
    assert bench.wanted() == 1


def step_policy(bench: Bench) -> None:
    steps = [
        {"MetricIntervalLowerBound": 0.0, "MetricIntervalUpperBound": 50.0, "ScalingAdjustment": 1},
        {"MetricIntervalLowerBound": 50.0, "ScalingAdjustment": 3},
    ]
    bench.policy(configuration={"AdjustmentType": "ChangeInCapacity", "StepAdjustments": steps, "Cooldown": 600})


def trip(bench: Bench, *, known: bool = True) -> None:
    rule = AlarmRule("busy", CALLS, None, "Sum", 60, 1, 1, "GreaterThanThreshold", 100.0, Missing.MISSING)
    bench.alarms.users["arn:p"] = [TrippedAlarm("busy", rule if known else None, 100.0, upwards=True)]


def test_a_step_policy_acts_on_a_users_alarm_by_how_far_it_is_exceeded(bench: Bench) -> None:
    step_policy(bench)
    bench.minute(calls=160)
    assert bench.wanted() is None
    trip(bench)
    bench.minute(calls=120)
    assert bench.wanted() == 3
    assert bench.activities()[0].cause == "monitor alarm busy in state ALARM triggered policy p"
    bench.done()
    bench.minute(calls=120)
    assert bench.wanted() is None  # the one that was added counts
    bench.minute(calls=160)
    assert bench.wanted() == 5


def test_an_alarm_that_was_set_by_hand_is_just_at_its_threshold(bench: Bench) -> None:
    step_policy(bench)
    trip(bench, known=False)
    bench.minute(calls=1000)
    assert bench.wanted() == 3


def test_suspended_scaling_does_nothing(bench: Bench) -> None:
    bench.policy()
    bench.target(DynamicScalingOutSuspended=True)
    bench.minutes(5, calls=500)
    assert (bench.wanted(), bench.alarms.states[HIGH]) == (None, AlarmState.ALARM)
    bench.target()
    bench.minute(calls=500)
    assert bench.wanted() == 10


@pytest.mark.parametrize(
    ("least", "most", "wanted", "cause"),
    [(3, 5, 3, ["minimum capacity was set to 3"]), (1, 1, 1, ["maximum capacity was set to 1"]), (1, 2, None, [])],
)
def test_new_limits_are_enforced_at_once(
    bench: Bench, least: int, most: int, wanted: int | None, cause: list[str]
) -> None:
    bench.target(least, most)
    bench.scaler.enforce_limits(REGION, "e")
    assert (bench.wanted(), [one.cause for one in bench.activities()]) == (wanted, cause)


def test_a_change_that_fails_is_told_with_the_endpoints_reason(bench: Bench) -> None:
    bench.policy()
    bench.minutes(3, calls=250)
    bench.store.move_endpoint(REGION, "e", EndpointEvent.DEPLOY_FAILED, failure_reason="no more room")
    bench.store.move_endpoint(REGION, "e", EndpointEvent.ROLLED_BACK, wanted=None)
    (activity,) = bench.activities()
    assert (activity.status, activity.message) == (
        "Failed",
        "Failed to set desired instance count to 5. Reason: no more room",
    )


def test_an_endpoint_that_is_deleted_meanwhile_ends_the_activity(bench: Bench) -> None:
    bench.policy()
    bench.minutes(3, calls=250)
    bench.store.remove_endpoint(REGION, "e")
    (activity,) = bench.activities()
    assert (activity.status, bench.store.scalable_targets(), bench.store.scaling_policies()) == ("Failed", [], [])


def test_everything_is_there_again_after_a_restart(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "store")
    bench.policy()
    bench.minutes(3, calls=250)
    bench.store.close()
    store, alarms = Store(tmp_path / "store", bench.clock), DictScalingAlarms()
    tempo = ScalingTempo(60.0, 1.0)
    Autoscaler(store, MetricSeries(), alarms, bench.clock, lambda: None, tempo).refresh()
    assert list(alarms.kept) == [HIGH, LOW]
    assert [one.after for one in store.scaling_activities()] == [5]
    assert [one.resource_id for one in store.scalable_targets()] == [RESOURCE]
    store.close()
