from __future__ import annotations

import json
from dataclasses import replace

import pytest

from include.sagemaker_local.load.course import Ramp
from include.sagemaker_local.load.plan import LoadPlan, Tls
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


ELSEWHERE = replace(PLAN, key=None, region="", method="GET", tls=Tls("/etc/company.pem"), port=443)


@pytest.mark.parametrize("plan", [PLAN, ELSEWHERE, replace(PLAN, tls=Tls())])
def test_a_plan_survives_json(plan: LoadPlan) -> None:
    assert LoadPlan.from_json(json.loads(json.dumps(plan.to_json()))) == plan


def test_the_authority_has_a_port_only_where_it_says_something() -> None:
    assert [replace(PLAN, host=host, port=port, tls=tls).authority for host, port, tls in (
        ("a", 80, None), ("a", 443, None), ("a", 443, Tls()), ("::1", 80, Tls()), ("::1", 80, None)
    )] == ["a", "a:443", "a", "[::1]:80", "[::1]"]  # fmt: skip


def test_a_plan_shows_no_secret() -> None:
    assert "AKIDEXAMPLE" in repr(PLAN)
    assert "secret" not in repr(PLAN)


@pytest.mark.parametrize("missing", ["port", "payloads", "course", "rules"])
def test_an_incomplete_plan_is_refused(missing: str) -> None:
    document = PLAN.to_json()
    del document[missing]

    with pytest.raises(KeyError):
        LoadPlan.from_json(document)
