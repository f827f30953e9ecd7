"""The plan of a deployment: which shares, which waits, on how many instances."""

from __future__ import annotations

from typing import Any

import pytest

from include.sagemaker_local.guardrails import (
    CapacitySize,
    Guardrails,
    Retreat,
    Routing,
    Shift,
    Stage,
    VariantStatus,
    Wait,
    enabled_instances,
    guardrails_of,
    remaining,
    retreats,
    shifts,
    status_message,
    total_wait_s,
)


def planned(routing: Routing, size: CapacitySize | None, instances: int) -> list[tuple[float, float]]:
    plan = list(shifts(Guardrails(routing, size, wait_interval_s=60, termination_wait_s=300), [instances]))
    assert [shift.wait for shift in plan] == [Wait.INTERVAL] * (len(plan) - 1) + [Wait.TERMINATION]
    return [(round(shift.share, 9), shift.wait_s) for shift in plan]


@pytest.mark.parametrize(
    ("routing", "size", "instances", "plan"),
    [
        (Routing.ALL_AT_ONCE, None, 3, [(1, 300)]),
        (Routing.CANARY, CapacitySize(True, 10), 1, [(0.1, 60), (1, 300)]),
        (Routing.CANARY, CapacitySize(False, 1), 4, [(0.25, 60), (1, 300)]),
        (Routing.LINEAR, CapacitySize(True, 50), 1, [(0.5, 60), (1, 300)]),
        (Routing.LINEAR, CapacitySize(True, 30), 1, [(0.3, 60), (0.6, 60), (0.9, 60), (1, 300)]),
        (Routing.LINEAR, CapacitySize(False, 1), 3, [(0.333333333, 60), (0.666666667, 60), (1, 300)]),
        (Routing.LINEAR, CapacitySize(True, 10), 1, [*((n / 10, 60) for n in range(1, 10)), (1, 300)]),
    ],
)
def test_traffic_goes_over_in_these_steps(
    routing: Routing, size: CapacitySize | None, instances: int, plan: list[tuple[float, float]]
) -> None:
    assert planned(routing, size, instances) == plan


def test_all_waits_together() -> None:
    assert (
        total_wait_s(
            Guardrails(Routing.LINEAR, CapacitySize(True, 30), wait_interval_s=60, termination_wait_s=300), [1]
        )
        == 480
    )


@pytest.mark.parametrize(
    ("share", "instances", "enabled"),
    [(0.1, 1, 1), (0.1, 10, 1), (0.1, 11, 2), (1 / 3, 3, 1), (2 / 3, 3, 2), (1, 3, 3)],
)
def test_a_canary_takes_at_least_one_instance_and_never_less_than_its_share(
    share: float, instances: int, enabled: int
) -> None:
    assert enabled_instances(share, instances) == enabled


def test_the_message_of_a_bake_is_in_the_form_of_aws() -> None:
    canary = Stage(VariantStatus.BAKING, 0, Shift(0.1, 600, Wait.INTERVAL))
    assert status_message(canary, 10) == (
        "Baking for 600 seconds (WaitIntervalInSeconds) with traffic enabled on canary capacity of 1 instance(s)."
    )
    last = Stage(VariantStatus.BAKING, 0, Shift(1.0, 300, Wait.TERMINATION))
    assert status_message(last, 2) == (
        "Baking for 300 seconds (TerminationWaitInSeconds) with traffic enabled on full capacity of 2 instance(s)."
    )
    assert status_message(Stage(VariantStatus.CREATING, 0), 2) is None


def test_a_config_is_read_with_its_defaults() -> None:
    assert guardrails_of(None) == guardrails_of({}) == Guardrails()
    alarms = [{"AlarmName": "latency"}, {"AlarmName": "errors"}, {"AlarmName": "latency"}]
    assert guardrails_of({"AutoRollbackConfiguration": {"Alarms": alarms}}).alarms == ("latency", "errors")
    routing: dict[str, Any] = {
        "Type": "CANARY",
        "WaitIntervalInSeconds": 5,
        "CanarySize": {"Type": "INSTANCE_COUNT", "Value": 2},
    }
    policy = {"TrafficRoutingConfiguration": routing, "MaximumExecutionTimeoutInSeconds": 600}
    assert guardrails_of({"BlueGreenUpdatePolicy": policy}) == Guardrails(
        Routing.CANARY, CapacitySize(False, 2), None, 5, 0, 600, ()
    )
    rolling = {"MaximumBatchSize": {"Type": "CAPACITY_PERCENT", "Value": 30}, "WaitIntervalInSeconds": 5}
    assert guardrails_of({"RollingUpdatePolicy": rolling}) == Guardrails(
        Routing.ROLLING, CapacitySize(True, 30), wait_interval_s=5
    )
    back = {"RollbackMaximumBatchSize": {"Type": "INSTANCE_COUNT", "Value": 2}, "MaximumExecutionTimeoutInSeconds": 600}
    assert guardrails_of({"RollingUpdatePolicy": {**rolling, **back}}) == Guardrails(
        Routing.ROLLING, CapacitySize(True, 30), CapacitySize(False, 2), 5, 0, 600, ()
    )


ROLLING = Guardrails(Routing.ROLLING, CapacitySize(True, 30), wait_interval_s=60)


@pytest.mark.parametrize(
    ("size", "counts", "plan"),
    [
        (CapacitySize(True, 30), [10], [((3,), 0.3), ((6,), 0.6), ((9,), 0.9), ((10,), 1)]),
        (CapacitySize(True, 50), [1], [((1,), 1)]),
        (CapacitySize(True, 5), [3], [((1,), 1 / 3), ((2,), 2 / 3), ((3,), 1)]),
        (CapacitySize(False, 2), [4], [((2,), 0.5), ((4,), 1)]),
        (CapacitySize(True, 50), [4, 1], [((2, 1), 0.6), ((4, 1), 1)]),
    ],
)
def test_a_rolling_deployment_goes_by_batches_of_each_variant_and_every_one_bakes(
    size: CapacitySize, counts: list[int], plan: list[tuple[tuple[int, ...], float]]
) -> None:
    found = list(shifts(Guardrails(Routing.ROLLING, size, wait_interval_s=60), counts))
    assert [(one.green, round(one.share, 9)) for one in found] == [(green, round(share, 9)) for green, share in plan]
    assert {(one.wait_s, one.wait, one.rolling) for one in found} == {(60, Wait.INTERVAL, True)}
    assert total_wait_s(Guardrails(Routing.ROLLING, size, wait_interval_s=60), counts) == 60 * len(plan)


@pytest.mark.parametrize(
    ("share", "counts", "left"),
    [(0.3, [10], (7,)), (1 / 3, [3], (2,)), (0.9, [4], (1,)), (0.6, [4, 1], (2, 1)), (1, [4, 1], (0, 0))],
)
def test_blue_gives_up_no_more_than_green_has_taken_over(
    share: float, counts: list[int], left: tuple[int, ...]
) -> None:
    assert remaining(share, counts) == left


def test_a_rollback_is_one_step_unless_it_has_a_batch_size() -> None:
    assert list(retreats(ROLLING, [4], [10])) == [Retreat((10,), 0.0)]
    assert list(retreats(Guardrails(), [2], [2])) == [Retreat((2,), 0.0)]
    by_four = Guardrails(Routing.ROLLING, CapacitySize(True, 30), CapacitySize(True, 40))
    steps = list(retreats(by_four, [1], [10]))
    assert [(one.blue, round(one.share, 6)) for one in steps] == [((5,), 0.5), ((9,), 0.1), ((10,), 0.0)]


def test_the_message_of_a_batch() -> None:
    shift = Shift(0.3, 60, Wait.INTERVAL, (3,))
    messages = [status_message(Stage(status, 0, shift), 3) for status in VariantStatus]
    assert "Creating the next batch with traffic enabled on rolling capacity of 3 instance(s)." in messages
    assert "Deleting a batch of the old fleet with traffic enabled on rolling capacity of 3 instance(s)." in messages
    assert (
        "Baking for 60 seconds (WaitIntervalInSeconds) with traffic enabled on rolling capacity of 3 instance(s)."
        in messages
    )
