from __future__ import annotations

import json

import pytest

from include.sagemaker_local.load.course import Ramp
from include.sagemaker_local.load.plan import LoadPlan
from include.sagemaker_local.load.rules import StopRules
from include.sagemaker_local.wire.sigv4 import Key

PLAN = LoadPlan(
    host="127.0.0.1",
    port=4566,
    target="/endpoints/e/invocations",
    headers=(("content-type", "text/csv"),),
    payloads=(b"1,2\n", bytes(range(256))),
    course=Ramp(3.0),
    rules=StopRules(latency_percentile=95, latency_limit_ms=200),
    timeout_s=65.0,
    key=Key("AKIDEXAMPLE", "secret"),
    region="eu-west-1",
)


def test_a_plan_survives_json() -> None:
    assert LoadPlan.from_json(json.loads(json.dumps(PLAN.to_json()))) == PLAN


def test_a_plan_shows_no_secret() -> None:
    assert "AKIDEXAMPLE" in repr(PLAN)
    assert "secret" not in repr(PLAN)


@pytest.mark.parametrize("missing", ["port", "payloads", "course", "rules"])
def test_an_incomplete_plan_is_refused(missing: str) -> None:
    document = PLAN.to_json()
    del document[missing]

    with pytest.raises(KeyError):
        LoadPlan.from_json(document)
