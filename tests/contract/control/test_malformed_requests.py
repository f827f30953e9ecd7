"""Requests that are HTTP and nonsense: JSON 1.1 for every operation of SageMaker, headers of its runtime."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.model import ListShape, MapShape, Shape, StructureShape
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from include.sagemaker_local.async_inference.intake import AsyncIntake
from include.sagemaker_local.control.plane import OPERATIONS
from include.sagemaker_local.data.entrance import Invocations
from include.sagemaker_local.guard import Guard
from include.sagemaker_local.http1.messages import Handler, Request, Response
from include.sagemaker_local.store import Store
from include.sagemaker_local.wire import service_model
from include.sagemaker_local.wire.verification import Verifier
from tests.contract.control.conftest import Rig
from tests.fakes.async_requests import INFERENCE, add_endpoint
from tests.fakes.clock import ManualClock
from tests.fakes.containers import echo
from tests.fakes.invocations import one_variant, pipeline, plane

QUICK = settings(
    max_examples=60,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
SIGNED = (
    b"AWS4-HMAC-SHA256 Credential=AKID/20260101/eu-west-1/sagemaker/aws4_request, SignedHeaders=host, Signature="
    + b"0" * 64
)
ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=6,
)
NAMES = st.sampled_from(["pipeline", "config-1", "staging", "fraud", "a", "A-b", "", "x" * 70, "ü", "arn:aws:x"])


def values(shape: Shape, depth: int = 0) -> st.SearchStrategy[Any]:
    """Values of the right kind most of the time, and of any other kind sometimes."""
    return st.one_of(_right(shape, depth), _right(shape, depth), ANYTHING)


def _right(shape: Shape, depth: int) -> st.SearchStrategy[Any]:
    if depth > 5:
        return ANYTHING
    if isinstance(shape, StructureShape):
        members = {name: values(member, depth + 1) for name, member in shape.members.items()}
        needed = {name: members.pop(name) for name in shape.required_members}
        return st.fixed_dictionaries(needed, optional=members)
    if isinstance(shape, ListShape):
        return st.lists(values(shape.member, depth + 1), max_size=2)
    if isinstance(shape, MapShape):
        return st.dictionaries(st.text(max_size=5), values(shape.value, depth + 1), max_size=2)
    if enum := shape.metadata.get("enum"):
        return st.sampled_from(enum)
    if shape.type_name in ("integer", "long", "float", "double", "timestamp"):
        return st.one_of(st.integers(-2, 100), st.sampled_from([2**31, -(2**63), 1e308, 0.5]))
    return st.booleans() if shape.type_name == "boolean" else NAMES


def ask(handler: Handler, request: Request) -> Response:
    return asyncio.run(asyncio.wait_for(_awaited(handler, request), 20))


async def _awaited(handler: Handler, request: Request) -> Response:
    return await handler(request)


def call(operation: str, body: bytes) -> Request:
    headers = [(b"authorization", SIGNED), (b"x-amz-target", f"SageMaker.{operation}".encode())]
    return Request(b"POST", b"/", headers, body)


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    made = Rig(tmp_path_factory.mktemp("fuzz") / "sagemaker.db")
    made.endpoint()
    made.deployed()
    made.package()
    yield made
    made.store.close()


def still_good(rig: Rig) -> None:
    answered = ask(rig.plane.handle, call("ListModelPackageGroups", b"{}"))
    assert answered.status == 200


@QUICK
@given(st.data())
def test_every_operation_with_members_of_which_any_may_be_wrong(rig: Rig, data: st.DataObject) -> None:
    operation = data.draw(st.sampled_from(sorted(OPERATIONS)))
    shape = service_model.sagemaker().input_shape(operation)
    members = data.draw(values(shape)) if shape else {}
    answered = ask(rig.plane.handle, call(operation, json.dumps(members).encode()))
    assert answered.status in (200, 400, 403, 404), (operation, members, answered.body)
    still_good(rig)


@QUICK
@given(
    st.sampled_from([*sorted(OPERATIONS), "Nothing", "", "CreateTrainingJob", "\u00ff"]),
    st.one_of(
        st.binary(max_size=50),
        st.sampled_from(
            [b"[" * 100_000, b'{"a":' * 5000, b"{}" + b" " * 1000, b'{"ModelName": NaN}', b'"\\ud800"', b"{\xff}"]
        ),
        ANYTHING.map(lambda value: json.dumps(value).encode()),
    ),
)
def test_bodies_that_are_no_request(rig: Rig, operation: str, body: bytes) -> None:
    answered = ask(rig.plane.handle, call(operation, body))
    assert answered.status in (200, 400, 403, 404), (operation, body, answered.body)
    still_good(rig)


HEADER = st.sampled_from(
    [b"content-type", b"accept", b"authorization", b"x-amz-date", b"x-amz-target", b"x-amz-content-sha256", b"host"]
    + [b"x-amzn-sagemaker-" + name for name in (b"custom-attributes", b"inference-id", b"target-variant", b"accept")]
    + [b"x-amzn-sagemaker-" + name for name in (b"target-container-hostname", b"requestttlseconds", b"inputlocation")]
    + [b"x-amzn-sagemaker-" + name for name in (b"filename", b"s3outputpathextension", b"nothing", b"")]
)
HEADER_VALUE = st.one_of(
    st.sampled_from([b"", b"1", b"60", b"s3://b/k", b"\xc2\xb2", SIGNED, SIGNED[:60], b"AllTraffic", b"featurize"]),
    st.binary(max_size=40).map(lambda value: value.replace(b"\r", b"").replace(b"\n", b"").strip()),
)
TARGETS = st.one_of(
    st.sampled_from(
        [
            b"/endpoints/flowers/invocations",
            b"/endpoints/flowers/invocations-response-stream",
            b"/endpoints/flowers/async-invocations",
            b"/endpoints/fl%zzowers/invocations",
            b"/endpoints//async-invocations",
            b"/endpoints/\xff\xfe/async-invocations?x=%ff",
            b"/endpoints/",
            b"/endpoints",
            b"/endpoints/a/b?X-Amz-Credential=\xff&X-Amz-SignedHeaders=host&X-Amz-Signature=1",
        ]
    ),
    st.binary(max_size=30).map(lambda rest: b"/endpoints/" + rest),
)


@QUICK
@given(
    st.sampled_from([b"POST", b"GET", b"PUT"]),
    TARGETS,
    st.lists(st.tuples(HEADER, HEADER_VALUE), max_size=6),
    st.booleans(),
    st.binary(max_size=20),
)
def test_invocations_with_any_headers(
    tmp_path_factory: pytest.TempPathFactory,
    method: bytes,
    target: bytes,
    headers: list[tuple[bytes, bytes]],
    signed: bool,
    body: bytes,
) -> None:
    async def elsewhere(request: Request) -> Response:
        return Response(404)

    async def main() -> None:
        store = Store(tmp_path_factory.mktemp("fuzz") / "store.sqlite3", ManualClock())
        add_endpoint(store, INFERENCE)
        intake = AsyncIntake(store, ManualClock(), "123456789012", lambda: None)
        async with pipeline(echo()) as containers, plane(*one_variant(containers)) as data:
            door = Invocations(data, elsewhere, intake)
            given = [(b"authorization", SIGNED), *headers] if signed else headers
            answered = await door.handle(Request(method, target, given, body))
            assert answered.status in (200, 202, 400, 403, 404), (answered.status, answered.body)
            guarded = Guard(door.handle, Verifier({"AKID": "secret"}, lambda: 1_767_225_600.0))
            refused = await guarded.handle(Request(method, target, given, body))
            assert refused.status in (400, 403)
            good = Request(b"POST", b"/endpoints/flowers/invocations", [(b"authorization", SIGNED)], b"1")
            assert (await door.handle(good)).status == 200
        store.close()

    asyncio.run(asyncio.wait_for(main(), 20))
