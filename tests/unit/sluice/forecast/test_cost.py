"""What a promotion is said to cost before it is started, and what its load test did cost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sluice.forecast.cost import measured_row, predicted_rows
from sluice.forecast.list_prices import usd_per_hour
from sluice.specs.pipeline import Stage

from include.sagemaker_local.instance_types import all_types
from tests.fakes.specs import a_spec

BEGIN = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_the_local_sagemaker_has_the_same_prices() -> None:
    """Each half has its own table; neither imports the other."""
    assert {each.name: usd_per_hour(each.name) for each in all_types()} == {
        each.name: each.usd_per_hour for each in all_types()
    }
    assert usd_per_hour("ml.nothing.large") is None


def test_before_the_start() -> None:
    rows = dict(predicted_rows(a_spec(staging__instances=2)))
    # 45 minutes of an ml.c5.large (0.102) and of an ml.c5.xlarge (0.204).
    assert rows["load test costs"].startswith("about 1.5 instance-hours, 0.229 USD, estimated")
    assert rows["staging costs"].startswith("0.204 USD/h, 148.92 USD a month")
    assert rows["production costs"].startswith("0.102 USD/h, 74.46 USD a month")


def test_what_is_not_known_is_said() -> None:
    types = ["ml.c5.large", "ml.c8g.large"]
    spec = a_spec(benchmark__instance_types=types, production={"endpoint": "iris", "instance_type": "ml.c8g.large"})
    rows = dict(predicted_rows(spec))
    assert "and the price of ml.c8g.large, which is not in the list" in rows["load test costs"]
    assert rows["production costs"] == "not known: ml.c8g.large is not in the list of prices"
    chosen = dict(predicted_rows(a_spec(production={"endpoint": "iris", "instance": "cheapest_passing"})))
    assert "ml.c5.large 0.102 USD/h, ml.c5.xlarge 0.204 USD/h" in chosen["production costs"]
    deleted = dict(predicted_rows(a_spec(staging__after_gate="delete")))
    assert deleted["staging costs"].endswith("it is deleted when the gate has spoken")


@pytest.mark.parametrize("told", [{}, {"CreationTime": BEGIN}, {"CreationTime": "2026", "CompletionTime": "2026"}])
def test_a_job_that_does_not_say_its_times_has_no_cost(told: dict[str, Any]) -> None:
    assert measured_row({"JobName": "j", **told}, a_spec().fleet(Stage.STAGING)) is None


def test_what_the_last_job_took() -> None:
    loaded = {
        "EndpointConfiguration": {"InstanceType": "ml.c5.xlarge", "InitialInstanceCount": 3},
        "InvocationStartTime": BEGIN,
        "InvocationEndTime": BEGIN + timedelta(minutes=15),
    }
    answer = {
        "JobName": "iris-1",
        "CreationTime": BEGIN,
        "CompletionTime": BEGIN + timedelta(minutes=30),
        "InferenceRecommendations": [loaded],
    }
    row = measured_row(answer, a_spec().fleet(Stage.STAGING))
    # Half an hour of staging's 0.102 and a quarter of 0.204.
    assert row is not None and row[1].startswith("iris-1 took 0.75 instance-hours, 0.102 USD, estimated")
