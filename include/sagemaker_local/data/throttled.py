"""Injected throttling of SageMaker Runtime."""

from __future__ import annotations

import uuid

from include.sagemaker_local.data.entrance import Invoker
from include.sagemaker_local.faults import FaultTable, Kind
from include.sagemaker_local.http1.messages import Request, Response

_OPERATIONS = {
    "invocations": "InvokeEndpoint",
    "async-invocations": "InvokeEndpointAsync",
    "invocations-response-stream": "InvokeEndpointWithResponseStream",
}


class ThrottledInvocations:
    """In front of those who answer invocations: one that is throttled never gets there and is in no metric."""

    def __init__(self, data: Invoker, table: FaultTable) -> None:
        self._data = data
        self._table = table

    async def handle(self, request: Request, region: str) -> Response:
        """Their answer, unless a fault strikes."""
        if self._table.has({Kind.THROTTLING}) and self._strikes(request, region):
            return _throttled()
        return await self._data.handle(request, region)

    def _strikes(self, request: Request, region: str) -> bool:
        parts = request.target.partition(b"?")[0].decode("latin-1").split("/")
        if len(parts) != 4 or parts[3] not in _OPERATIONS:
            return False
        where = {"region": region, "operation": _OPERATIONS[parts[3]], "endpoint": parts[2]}
        return self._table.strike(Kind.THROTTLING, where) is not None


def _throttled() -> Response:
    """As users have reported it: status 400 and no message at all, which SDKs show as None or null."""
    headers = [
        (b"content-type", b"application/json"),
        (b"x-amzn-requestid", str(uuid.uuid4()).encode()),
        (b"x-amzn-errortype", b"ThrottlingException"),
    ]
    return Response(400, headers, b'{"message":null}')
