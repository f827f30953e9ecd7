"""Step policies: users' alarms, from published minutes to a changed capacity."""

from __future__ import annotations

from include.sagemaker_local.autoscaling.alarm_keeper import TrippedAlarm
from include.sagemaker_local.metrics.alarm import AlarmRule, Missing
from tests.fakes.scaling_bench import CALLS, ScalingBench


def step_policy(bench: ScalingBench) -> None:
    steps = [
        {"MetricIntervalLowerBound": 0.0, "MetricIntervalUpperBound": 50.0, "ScalingAdjustment": 1},
        {"MetricIntervalLowerBound": 50.0, "ScalingAdjustment": 3},
    ]
    bench.policy(configuration={"AdjustmentType": "ChangeInCapacity", "StepAdjustments": steps, "Cooldown": 600})


def trip(bench: ScalingBench, *, known: bool = True) -> None:
    rule = AlarmRule("busy", CALLS, None, "Sum", 60, 1, 1, "GreaterThanThreshold", 100.0, Missing.MISSING)
    bench.alarms.users["arn:p"] = [TrippedAlarm("busy", rule if known else None, 100.0, upwards=True)]


def test_a_step_policy_acts_on_a_users_alarm_by_how_far_it_is_exceeded(bench: ScalingBench) -> None:
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


def test_a_scale_out_goes_on_with_the_one_in_whose_cooldown_it_is(bench: ScalingBench) -> None:
    step_policy(bench)
    trip(bench)
    bench.minute(calls=120)
    bench.done()
    bench.minute(calls=160)
    assert bench.wanted() == 5  # one was there already
    bench.done()
    bench.minutes(5, calls=160)
    assert bench.wanted() is None  # all three are
    bench.clock.advance(600)
    bench.minute(calls=160)
    assert bench.wanted() == 8


def test_an_alarm_that_was_set_by_hand_is_just_at_its_threshold(bench: ScalingBench) -> None:
    step_policy(bench)
    trip(bench, known=False)
    bench.minute(calls=1000)
    assert bench.wanted() == 3
