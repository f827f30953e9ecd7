"""DeploymentConfig: what is accepted, what is refused, and what DescribeEndpoint shows of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from include.sagemaker_local.guardrails import Shift, VariantStatus, Wait
from include.sagemaker_local.lifecycle import EndpointEvent
from tests.contract.control.conftest import Rig

Refused = Callable[..., tuple[str, str]]
REGION = "us-east-1"
TEN_PERCENT = {"Type": "CAPACITY_PERCENT", "Value": 10}


def policy(kind: str = "ALL_AT_ONCE", wait_s: int = 0, bake_s: int | None = None, **sizes: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "TrafficRoutingConfiguration": {"Type": kind, "WaitIntervalInSeconds": wait_s, **sizes},
    }
    return {"BlueGreenUpdatePolicy": given if bake_s is None else {**given, "TerminationWaitInSeconds": bake_s}}


def count(value: int) -> dict[str, Any]:
    return {"Type": "INSTANCE_COUNT", "Value": value}


def rolling(batch: dict[str, Any], wait_s: int = 0, **more: Any) -> dict[str, Any]:
    return {"RollingUpdatePolicy": {"MaximumBatchSize": batch, "WaitIntervalInSeconds": wait_s, **more}}


CANARY = policy("CANARY", 300, 600, CanarySize=TEN_PERCENT)


def serving(rig: Rig, instances: int = 1) -> None:
    rig.model()
    rig.config(InitialInstanceCount=instances)
    rig.endpoint()
    rig.deployed()


def update(rig: Rig, **members: Any) -> None:
    rig.client.update_endpoint(EndpointName="staging", EndpointConfigName="config-1", **members)


def describe(rig: Rig) -> dict[str, Any]:
    answer: dict[str, Any] = rig.client.describe_endpoint(EndpointName="staging")
    return answer


def test_a_deployment_config_is_kept_and_shown_once_the_deployment_is_over(rig: Rig) -> None:
    serving(rig)
    assert "LastDeploymentConfig" not in describe(rig)
    update(rig, DeploymentConfig=CANARY)
    assert "LastDeploymentConfig" not in describe(rig)
    rig.deployed()
    assert describe(rig)["LastDeploymentConfig"] == CANARY


def test_an_update_that_retains_the_deployment_config_uses_the_last_one(rig: Rig) -> None:
    rig.model()
    rig.config()
    rig.client.create_endpoint(EndpointName="staging", EndpointConfigName="config-1", DeploymentConfig=CANARY)
    rig.deployed()
    assert describe(rig)["LastDeploymentConfig"] == CANARY
    update(rig, RetainDeploymentConfig=True)
    rig.deployed()
    assert describe(rig)["LastDeploymentConfig"] == CANARY
    update(rig)
    rig.deployed()
    assert "LastDeploymentConfig" not in describe(rig)


def test_the_stage_of_a_deployment_is_a_variant_status_with_a_message(rig: Rig) -> None:
    serving(rig, instances=10)
    update(rig, DeploymentConfig=CANARY)
    rig.clock.advance(5)
    rig.store.reach_stage(REGION, "staging", VariantStatus.BAKING, Shift(0.1, 300, Wait.INTERVAL))
    (variant,) = describe(rig)["PendingDeploymentSummary"]["ProductionVariants"]
    assert (variant["CurrentWeight"], variant["CurrentInstanceCount"], variant["DesiredInstanceCount"]) == (0.1, 10, 10)
    (status,) = variant["VariantStatus"]
    assert status["StartTime"].timestamp() == rig.clock.now_s()
    assert (status["Status"], status["StatusMessage"]) == (
        "Baking",
        "Baking for 300 seconds (WaitIntervalInSeconds) with traffic enabled on canary capacity of 1 instance(s).",
    )
    rig.store.move_endpoint(REGION, "staging", EndpointEvent.DEPLOY_FAILED)
    assert "PendingDeploymentSummary" not in describe(rig)


@pytest.mark.parametrize(
    ("instances", "config", "words"),
    [
        (1, policy("CANARY", 60), "needs CanarySize"),
        (1, policy("LINEAR", 60), "needs LinearStepSize"),
        (1, policy("ALL_AT_ONCE", CanarySize=TEN_PERCENT), "CanarySize belongs to Type CANARY"),
        (1, policy("CANARY", CanarySize=TEN_PERCENT, LinearStepSize=TEN_PERCENT), "LinearStepSize belongs to"),
        (4, policy("CANARY", CanarySize=count(3)), "at most 50 %"),
        (1, policy("CANARY", CanarySize={"Type": "CAPACITY_PERCENT", "Value": 51}), "at most 50 %"),
        (11, policy("LINEAR", LinearStepSize=count(1)), "10 to 50 %"),
        (4, policy("LINEAR", LinearStepSize=count(3)), "10 to 50 %"),
        (1, policy("LINEAR", LinearStepSize={"Type": "CAPACITY_PERCENT", "Value": 9}), "10 to 50 %"),
        (1, {"AutoRollbackConfiguration": {"Alarms": [{}]}}, "needs an AlarmName"),
        (1, {"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "a"}, {"AlarmName": "b"}]}}, '"b"'),
        (1, policy("ALL_AT_ONCE", bake_s=3601), "less than or equal to 3600"),
        (4, rolling(count(1), WaitIntervalInSeconds=3601), "less than or equal to 3600"),
        (2, {**policy(), **rolling(count(1))}, "either a BlueGreenUpdatePolicy or a RollingUpdatePolicy"),
        (1, rolling(count(1)), "it is 1 of 1 instance(s)"),
        (4, rolling(count(3)), "5 to 50 % of variant AllTraffic's instances"),
        (4, rolling({"Type": "CAPACITY_PERCENT", "Value": 51}), "it is 51 %"),
        (4, rolling({"Type": "CAPACITY_PERCENT", "Value": 4}), "it is 4 %"),
        (4, rolling(count(2), RollbackMaximumBatchSize={"Type": "CAPACITY_PERCENT", "Value": 101}), "at most 100 %"),
        (4, rolling(count(1), 300, MaximumExecutionTimeoutInSeconds=1200), "which are 1200 seconds"),
    ],
)
def test_a_config_that_breaks_a_limit_or_contradicts_itself_is_refused(
    rig: Rig, refused: Refused, instances: int, config: dict[str, Any], words: str
) -> None:
    serving(rig, instances)
    rig.alarms.held["a"] = "OK"
    request = {"EndpointName": "staging", "EndpointConfigName": "config-1", "DeploymentConfig": config}
    code, message = refused(rig.client.update_endpoint, **request)
    assert (code, words in message) == ("ValidationException", True), message
    assert describe(rig)["EndpointStatus"] == "InService"


def test_the_execution_timeout_must_be_longer_than_all_waits(rig: Rig, refused: Refused) -> None:
    serving(rig)
    config = policy("LINEAR", 300, 100, LinearStepSize={"Type": "CAPACITY_PERCENT", "Value": 30})
    config["BlueGreenUpdatePolicy"]["MaximumExecutionTimeoutInSeconds"] = 1000
    request = {"EndpointName": "staging", "EndpointConfigName": "config-1", "DeploymentConfig": config}
    assert "which are 1000 seconds" in refused(rig.client.update_endpoint, **request)[1]
    config["BlueGreenUpdatePolicy"]["MaximumExecutionTimeoutInSeconds"] = 1001
    rig.client.update_endpoint(**request)


def test_sizes_at_their_limits_are_accepted(rig: Rig) -> None:
    serving(rig, instances=4)
    update(rig, DeploymentConfig=policy("CANARY", CanarySize=count(2)))
    rig.deployed()
    update(rig, DeploymentConfig=policy("LINEAR", LinearStepSize=count(1)))
    rig.deployed()
    update(rig, DeploymentConfig=rolling(count(2), RollbackMaximumBatchSize=count(4)))
    rig.deployed()
    assert describe(rig)["LastDeploymentConfig"] == rolling(count(2), RollbackMaximumBatchSize=count(4))


def test_a_rolling_deployment_shows_the_instances_of_both_fleets(rig: Rig) -> None:
    serving(rig, instances=10)
    update(rig, DeploymentConfig=rolling({"Type": "CAPACITY_PERCENT", "Value": 30}, 60))
    shift = Shift(0.6, 60, Wait.INTERVAL, (6,))
    rig.store.reach_stage(REGION, "staging", VariantStatus.BAKING, shift, blue=(7,), green=(6,))
    (old,) = describe(rig)["ProductionVariants"]
    assert (old["CurrentInstanceCount"], old["DesiredInstanceCount"]) == (7, 10)
    (new,) = describe(rig)["PendingDeploymentSummary"]["ProductionVariants"]
    assert (new["CurrentInstanceCount"], new["DesiredInstanceCount"], new["CurrentWeight"]) == (6, 10, 0.6)
    assert new["VariantStatus"][0]["StatusMessage"] == (
        "Baking for 60 seconds (WaitIntervalInSeconds) with traffic enabled on rolling capacity of 6 instance(s)."
    )
    rig.store.move_endpoint(REGION, "staging", EndpointEvent.DEPLOY_FAILED, failure_reason="an alarm")
    rig.store.reach_stage(REGION, "staging", VariantStatus.UPDATING, blue=(8,), green=(2,))
    shown = describe(rig)
    assert (shown["EndpointStatus"], "FailureReason" in shown) == ("RollingBack", False)
    (old,) = shown["ProductionVariants"]
    assert (old["CurrentInstanceCount"], [one["Status"] for one in old["VariantStatus"]]) == (8, ["Updating"])


def test_after_a_rollback_that_failed_both_configs_serve_and_only_an_update_helps(rig: Rig, refused: Refused) -> None:
    serving(rig, instances=3)
    record = rig.store.endpoint(REGION, "staging")
    assert record is not None
    assert record.live is not None
    update(rig, DeploymentConfig=rolling({"Type": "CAPACITY_PERCENT", "Value": 50}))
    (plan,) = record.live.variants
    both = (
        replace(plan, instance_count=1, weight=1 / 3, config_name="config-1"),
        replace(plan, instance_count=2, weight=2 / 3, config_name="config-2"),
    )
    rig.store.move_endpoint(REGION, "staging", EndpointEvent.DEPLOY_FAILED)
    rig.store.move_endpoint(
        REGION,
        "staging",
        EndpointEvent.ROLLBACK_FAILED,
        live=replace(record.live, variants=both),
        wanted=None,
        failure_reason="both",
    )
    shown = describe(rig)
    assert (shown["EndpointStatus"], shown["EndpointConfigName"]) == ("UpdateRollbackFailed", "config-1")
    (variant,) = shown["ProductionVariants"]
    assert (variant["CurrentInstanceCount"], variant["CurrentWeight"]) == (3, 1.0)
    entry = {"VariantName": "AllTraffic", "DesiredWeight": 1}
    operation = rig.client.update_endpoint_weights_and_capacities
    assert "only UpdateEndpoint" in refused(operation, EndpointName="staging", DesiredWeightsAndCapacities=[entry])[1]
    update(rig, RetainAllVariantProperties=True)
    assert rig.deployed().counts == (3,)


def test_a_config_beside_a_retained_one_is_refused(rig: Rig, refused: Refused) -> None:
    serving(rig)
    request: dict[str, Any] = {"EndpointName": "staging", "EndpointConfigName": "config-1"}
    both = refused(rig.client.update_endpoint, **request, DeploymentConfig=CANARY, RetainDeploymentConfig=True)
    assert "exclude one another" in both[1]
