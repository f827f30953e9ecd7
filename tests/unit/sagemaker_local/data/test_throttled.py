"""Throttled invocations, as clients of SageMaker Runtime have seen them."""

from __future__ import annotations

import asyncio

import pytest

from include.sagemaker_local.data.throttled import ThrottledInvocations
from include.sagemaker_local.faults import Fault, FaultTable, Kind
from include.sagemaker_local.http1.messages import Request, Response
from tests.fakes.invocations import REGION, invoke


class Answering:
    async def handle(self, request: Request, region: str) -> Response:
        return Response(200, [], b"answered")


def ask(table: FaultTable, target: bytes) -> Response:
    return asyncio.run(ThrottledInvocations(Answering(), table).handle(invoke(b"x", target), REGION))


@pytest.mark.parametrize(
    ("scope", "operation", "throttled"),
    [
        ({}, b"invocations", True),
        ({"operation": "InvokeEndpoint"}, b"invocations?a=b", True),
        ({"operation": "InvokeEndpoint"}, b"invocations-response-stream", False),
        ({"operation": "InvokeEndpointWithResponseStream", "region": REGION}, b"invocations-response-stream", True),
        ({"operation": "InvokeEndpointAsync"}, b"async-invocations", True),
        ({"endpoint": "flowers"}, b"invocations", True),
        ({"endpoint": "trees"}, b"invocations", False),
        ({"operation": "ListModels"}, b"invocations", False),
        ({}, b"something-else", False),
    ],
)
def test_throttling_by_operation_and_endpoint(scope: dict[str, str], operation: bytes, throttled: bool) -> None:
    table = FaultTable()
    table.add(Fault("", Kind.THROTTLING, scope, count=1))
    response = ask(table, b"/endpoints/flowers/" + operation)
    assert response.status == (400 if throttled else 200)
    if throttled:
        assert response.header(b"x-amzn-errortype") == b"ThrottlingException"
        assert response.body == b'{"message":null}'
        assert ask(table, b"/endpoints/flowers/" + operation).status == 200
