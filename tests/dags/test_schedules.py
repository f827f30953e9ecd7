"""When Airflow starts a promotion: by its spec's schedule, and by the assets that may come beside it."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.assets.evaluation import AssetEvaluator
from airflow.sdk import DAG
from airflow.serialization.definitions.assets import SerializedAssetUniqueKey
from airflow.serialization.serialized_objects import DagSerialization
from sluice.dag_factory import build
from sluice.plans.promotion import PROMOTION

from tests.fakes.specs import a_spec

FINDINGS = "sagemaker://iris-group/findings"
FEATURES, BOOSTER = "s3://models/iris/features", "booster"


def as_the_scheduler_has_it(dag: DAG) -> Any:
    return DagSerialization.from_dict(DagSerialization.to_dict(dag)).timetable


def is_started_by(timetable: Any, *updated: str) -> bool:
    keys = {SerializedAssetUniqueKey(name=name, uri=name): True for name in updated}
    started: bool = AssetEvaluator(None).run(timetable.asset_condition, keys)  # type: ignore[arg-type]  # no alias here
    return started


@pytest.mark.parametrize(
    ("schedule", "summary"),
    [
        ("@daily", "Asset or 0 0 * * *"),
        ("15 6 * * 1", "Asset or 15 6 * * 1"),
        ("@once", "Asset or @once"),
        (None, "Asset"),
    ],
)
def test_a_finding_starts_a_promotion_beside_its_own_schedule(schedule: Any, summary: str) -> None:
    timetable = as_the_scheduler_has_it(build(PROMOTION, a_spec(schedule=schedule, rebenchmark={})))
    assert timetable.summary == summary
    assert is_started_by(timetable, FINDINGS) and not is_started_by(timetable, "another")


def test_assets_that_go_together_do_so_still() -> None:
    spec = a_spec(schedule={"assets": [FEATURES, BOOSTER]}, rebenchmark={})
    timetable = as_the_scheduler_has_it(build(PROMOTION, spec))
    assert is_started_by(timetable, FINDINGS)
    assert is_started_by(timetable, FEATURES, BOOSTER)
    assert not is_started_by(timetable, FEATURES) and not is_started_by(timetable, BOOSTER)


QUEUE = "https://sqs.us-east-1.amazonaws.com/123456789012/versions"
VERSIONS = "sagemaker://iris-group/versions/iris"


def test_a_queue_is_watched_by_the_triggerer_with_the_connection_of_the_spec() -> None:
    aws = {"role": "arn:aws:iam::123456789012:role/x", "connection": "team_a", "region": "eu-west-1"}
    timetable = as_the_scheduler_has_it(build(PROMOTION, a_spec(schedule="@daily", watch={"queue": QUEUE}, aws=aws)))
    assert timetable.summary == "Asset or 0 0 * * *" and is_started_by(timetable, VERSIONS)
    (asset,) = [asset for _, asset in timetable.asset_condition.iter_assets()]
    (watcher,) = asset.watchers
    assert watcher.name == "iris-versions" and watcher.trigger["classpath"].endswith(".SqsSensorTrigger")
    given = watcher.trigger["kwargs"]
    assert (given["sqs_queue"], given["aws_conn_id"], given["region_name"]) == (QUEUE, "team_a", "eu-west-1")
    # What is not deleted would start a run again and again.
    assert given["delete_message_on_reception"] is True
    assert given["message_filtering_match_values"] == ["iris-group"]


def test_all_that_starts_a_promotion_at_once() -> None:
    spec = a_spec(schedule={"assets": [FEATURES, BOOSTER]}, rebenchmark={}, watch={"queue": QUEUE})
    timetable = as_the_scheduler_has_it(build(PROMOTION, spec))
    assert is_started_by(timetable, VERSIONS) and is_started_by(timetable, FINDINGS)
    assert is_started_by(timetable, FEATURES, BOOSTER) and not is_started_by(timetable, FEATURES)


def test_cron_runs_at_the_same_time_with_and_without_assets() -> None:
    plain = build(PROMOTION, a_spec(schedule="15 6 * * 1")).timetable
    combined: Any = build(PROMOTION, a_spec(schedule="15 6 * * 1", rebenchmark={})).timetable
    assert combined.timetable == plain
