"""The plan of a deployment: which shares, which waits, on how many instances."""

from __future__ import annotations

from typing import Any

import pytest

from include.sagemaker_local.guardrails import (
    CapacitySize,
    Guardrails,
    Routing,
    Shift,
    Stage,
    VariantStatus,
    Wait,
    enabled_instances,
    guardrails_of,
    shifts,
    status_message,
    total_wait_s,
)


def planned(routing: Routing, size: CapacitySize | None, instances: int) -> list[tuple[float, float]]:
    plan = list(shifts(Guardrails(routing, size, wait_interval_s=60, termination_wait_s=300), instances))
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
    assert total_wait_s(Guardrails(Routing.LINEAR, CapacitySize(True, 30), 60, 300), 1) == 480


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
        Routing.CANARY, CapacitySize(False, 2), 5, 0, 600, ()
    )
