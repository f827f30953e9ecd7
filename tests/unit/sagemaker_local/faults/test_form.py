"""What a fault may say, and that everything else is refused with a word that helps."""

from __future__ import annotations

import json
from typing import Any

import pytest

from include.sagemaker_local.faults import Kind
from include.sagemaker_local.faults.fault import RULES
from include.sagemaker_local.faults.form import BadFault, fault_from_json, fault_to_json

OPERATIONS = {Kind.THROTTLING: {"DescribeEndpoint"}, Kind.RESOURCE_LIMIT_EXCEEDED: {"CreateEndpoint"}}
NEEDED: dict[str, Any] = {"seconds": 2, "status": 503}


def read(**members: Any) -> Any:
    return fault_from_json(json.dumps(members).encode(), OPERATIONS)


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_needs_no_more_than_it_says_and_shows_what_it_was_given(kind: Kind) -> None:
    rules = RULES[kind]
    scope = {name: next(iter(OPERATIONS[kind])) if name == "operation" else "x" for name in rules.scope}
    members = {name: NEEDED[name] for name in rules.needs}
    shown = fault_to_json(read(kind=kind, scope=scope, count=3, seed=7, probability=0.5, **members), 2)
    assert shown["fired"] == 2
    assert {"kind": kind, "scope": scope, "count": 3, "seed": 7, "probability": 0.5, **members}.items() <= shown.items()
    assert json.loads(json.dumps(shown)) == shown


def test_what_is_left_out_means_everywhere_always_and_without_end() -> None:
    fault = read(kind="crash")
    assert (fault.scope, fault.probability, fault.count, fault.seed) == ({}, 1.0, None, None)
    error = read(kind="error", status=500, body="no")
    assert (error.status, error.body) == (500, "no")


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({}, "'kind' must be one of throttling, resource_limit_exceeded"),
        ({"kind": "flood"}, "it is 'flood'"),
        ({"kind": ["crash"]}, "'kind' must be one of"),
        ({"kind": "crash", "probabilty": 1}, "has no 'probabilty'; it has count, kind, probability, scope, seed"),
        ({"kind": "crash", "seconds": 1}, "has no 'seconds'"),
        ({"kind": "delay"}, "needs 'seconds'"),
        ({"kind": "error"}, "needs 'status'"),
        ({"kind": "delay", "seconds": 0}, "greater than 0 and at most 3600"),
        ({"kind": "delay", "seconds": 3601}, "it is 3601"),
        ({"kind": "delay", "seconds": "1"}, "it is '1'"),
        ({"kind": "delay", "seconds": True}, "it is True"),
        ({"kind": "error", "status": 200}, "a whole number from 300 to 599"),
        ({"kind": "error", "status": 500, "body": {}}, "'body' must be a string"),
        ({"kind": "crash", "probability": 0}, "greater than 0 and at most 1"),
        ({"kind": "crash", "probability": 1.5}, "it is 1.5"),
        ({"kind": "crash", "count": 0}, "a whole number from 1"),
        ({"kind": "crash", "count": 1.5}, "it is 1.5"),
        ({"kind": "crash", "seed": "x"}, "'seed' must be a whole number; it is 'x'"),
        ({"kind": "crash", "scope": "e"}, "'scope' must be an object"),
        ({"kind": "crash", "scope": {"endpoint": ""}}, "'scope.endpoint' must be a name"),
        ({"kind": "crash", "scope": {"operation": "CreateEndpoint"}}, "has no 'operation'; it has container, endpoint"),
        ({"kind": "throttling", "scope": {"operation": "Create"}}, "'Create' is no operation at which throttling"),
        ({"kind": "resource_limit_exceeded", "scope": {"operation": "DescribeEndpoint"}}, "is no operation"),
        ({"kind": "failed_rollback", "scope": {"variant": "v"}}, "has no 'variant'"),
    ],
)
def test_a_fault_that_cannot_be(members: dict[str, Any], words: str) -> None:
    with pytest.raises(BadFault) as caught:
        read(**members)
    assert words in str(caught.value)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"[" * 100_000])
def test_a_body_that_is_no_fault(body: bytes) -> None:
    with pytest.raises(BadFault, match="the body"):
        fault_from_json(body, OPERATIONS)
