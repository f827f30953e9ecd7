"""What is told of changes: their causes, and how they ended."""

from __future__ import annotations

from pathlib import Path

import pytest

from include.sagemaker_local.autoscaling import Autoscaler, ScalingRules
from include.sagemaker_local.lifecycle import EndpointEvent
from include.sagemaker_local.metrics.series import MetricSeries
from include.sagemaker_local.store import Store
from tests.fakes.scaling_alarms import DictScalingAlarms
from tests.fakes.scaling_bench import HIGH, LOW, REGION, RESOURCE, RULES, ScalingBench
from tests.fakes.supervised import plan


@pytest.mark.parametrize(
    ("least", "most", "wanted", "cause"),
    [(3, 5, 3, ["minimum capacity was set to 3"]), (1, 1, 1, ["maximum capacity was set to 1"]), (1, 2, None, [])],
)
def test_new_limits_are_enforced_at_once(
    bench: ScalingBench, least: int, most: int, wanted: int | None, cause: list[str]
) -> None:
    bench.target(least, most)
    bench.scaler.enforce_limits(REGION, "e")
    assert (bench.wanted(), [one.cause for one in bench.activities()]) == (wanted, cause)


def test_a_change_that_fails_is_told_with_the_endpoints_reason(bench: ScalingBench) -> None:
    bench.policy()
    bench.minutes(3, calls=250)
    bench.store.move_endpoint(REGION, "e", EndpointEvent.DEPLOY_FAILED, failure_reason="no more room")
    bench.store.move_endpoint(REGION, "e", EndpointEvent.ROLLED_BACK, wanted=None)
    (activity,) = bench.activities()
    assert (activity.status, activity.message) == (
        "Failed",
        "Failed to set desired instance count to 5. Reason: no more room",
    )


def test_an_endpoint_that_is_deleted_meanwhile_ends_the_activity(bench: ScalingBench) -> None:
    bench.policy()
    bench.minutes(3, calls=250)
    bench.store.remove_endpoint(REGION, "e")
    (activity,) = bench.activities()
    assert (activity.status, bench.store.scalable_targets(), bench.store.scaling_policies()) == ("Failed", [], [])


def test_everything_is_there_again_after_a_restart(tmp_path: Path) -> None:
    bench = ScalingBench(tmp_path / "store")
    bench.policy()
    bench.minutes(3, calls=250)
    bench.store.close()
    store, alarms = Store(tmp_path / "store", bench.clock), DictScalingAlarms()
    Autoscaler(store, MetricSeries(), alarms, bench.clock, lambda: None, RULES).refresh()
    assert list(alarms.kept) == [HIGH, LOW]
    assert [one.after for one in store.scaling_activities()] == [5]
    assert [one.resource_id for one in store.scalable_targets()] == [RESOURCE]
    store.close()


def test_a_scale_out_beyond_the_quota_fails_in_the_words_of_aws_and_is_tried_again(tmp_path: Path) -> None:
    bench = ScalingBench(tmp_path / "store", ScalingRules(60.0, 1.0, max_instances=4))
    bench.policy()
    bench.minutes(4, calls=250)
    first, again = bench.activities()
    assert (first.status, first.before, first.after) == (again.status, 2, 5) == ("Failed", 2, 5)
    assert first.cause == f"monitor alarm {HIGH} in state ALARM triggered policy p"
    assert first.message.startswith(
        "Failed to set desired instance count to 5. Reason: The account-level service limit 'ml.c5.large for endpoint "
        "usage' is 4 Instances, with current utilization of 2 Instances and a request delta of 3 Instances. "
    )
    assert first.message.endswith(
        f" (Service: AmazonSageMaker; Status Code: 400; Error Code: ResourceLimitExceeded; Request ID: {first.id})."
    )
    assert (first.ended_at_s, bench.wanted()) == (first.started_at_s, None)
    bench.minutes(3, calls=190)
    assert bench.wanted() == 4  # a failure has no cooldown
    bench.store.close()


def test_of_two_variants_the_one_that_the_quota_has_room_for_is_scaled(tmp_path: Path) -> None:
    deployment = plan("config", "a", instances=2, variants=("AllTraffic", "other"))
    bench = ScalingBench(tmp_path / "store", ScalingRules(60.0, 1.0, max_instances=9), deployment)
    for variant in ("AllTraffic", "other"):
        bench.target(6, 10, variant=variant)
    bench.scaler.enforce_limits(REGION, "e")
    assert [(one.variant_name, one.status) for one in bench.activities()] == [
        ("AllTraffic", "InProgress"),
        ("other", "Failed"),
    ]
    assert "current utilization of 8 Instances and a request delta of 4 Instances" in bench.activities()[1].message
    assert bench.wanted() == 6
    bench.store.close()
