"""InvokeEndpointAsync: POST /endpoints/{EndpointName}/async-invocations, answered with 202 once the request is kept."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from functools import cache
from typing import Any
from urllib.parse import unquote

from botocore.loaders import Loader
from botocore.model import ServiceModel, StructureShape

from include.sagemaker_local.async_inference.request import requested
from include.sagemaker_local.clock import Clock
from include.sagemaker_local.data.rest_json import failure
from include.sagemaker_local.errors import ApiError, HostError
from include.sagemaker_local.http1.messages import Headers, Request, Response
from include.sagemaker_local.store.store import Store
from include.sagemaker_local.wire.validate import validated

_PREFIX = b"x-amzn-sagemaker-"


class AsyncIntake:
    """Keeps what is asked, in the order in which it comes."""

    def __init__(self, store: Store, clock: Clock, account_id: str, wake: Callable[[], None]) -> None:
        """`wake` tells whoever works on the requests that there is one more."""
        self._store = store
        self._clock = clock
        self._account_id = account_id
        self._wake = wake

    async def handle(self, request: Request, region: str) -> Response:
        """The answer to an async-invocations request. 202 is given when a crash cannot lose the request any more."""
        request_id = str(uuid.uuid4()).encode()
        try:
            return self._accept(request, region, request_id)
        except ApiError as error:
            return failure(error, request_id)
        except HostError as error:
            return failure(ApiError("InternalFailure", str(error), status=500), request_id)

    def _accept(self, request: Request, region: str, request_id: bytes) -> Response:
        members = _members(request)
        name = members["EndpointName"]
        endpoint = self._store.endpoint(region, name)
        if endpoint is None or endpoint.live is None:
            raise ApiError("ValidationError", f"Endpoint {name} of account {self._account_id} not found.")
        inference = endpoint.live.asynchronous
        if inference is None:
            message = (
                f"Endpoint {name} does not take asynchronous invocations: its configuration has no "
                "AsyncInferenceConfig. Use InvokeEndpoint."
            )
            raise ApiError("ValidationError", message)
        record = requested(members, request.body, inference, region=region, now_s=self._clock.now_s())
        self._store.add_async_request(record)
        self._wake()
        headers: Headers = [
            (b"content-type", b"application/json"),
            (b"x-amzn-requestid", request_id),
            (b"x-amzn-sagemaker-outputlocation", record.output_location.encode()),
        ]
        if record.failure_location is not None:
            headers.append((b"x-amzn-sagemaker-failurelocation", record.failure_location.encode()))
        return Response(202, headers, json.dumps({"InferenceId": record.inference_id}).encode())


def _members(request: Request) -> dict[str, Any]:
    """The request's members by their API names. Raises ApiError ValidationError in AWS's words."""
    shape = _shape()
    by_header = {
        member.serialization["name"].lower().encode(): (name, member)
        for name, member in shape.members.items()
        if member.serialization.get("location") == "header"
    }
    members: dict[str, Any] = {"EndpointName": unquote(request.target.split(b"/")[2].decode("latin-1"))}
    for header, value in request.headers:
        if header in by_header:
            name, member = by_header[header]
            members[name] = _value(member.type_name, value.decode("latin-1"))
        elif header.startswith(_PREFIX):
            message = f"InvokeEndpointAsync has no header {header.decode('latin-1')}. Nothing was invoked."
            raise ApiError("ValidationError", message)
    try:
        return validated(shape, members)
    except ApiError as error:
        raise ApiError("ValidationError", error.message) from None


def _value(type_name: str, text: str) -> str | int:
    if type_name != "integer":
        return text
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise ApiError("ValidationError", f"{text!r} is not a whole number.")
    return int(text)


@cache
def _shape() -> StructureShape:
    model = ServiceModel(Loader().load_service_model("sagemaker-runtime", "service-2"), "sagemaker-runtime")
    shape: StructureShape = model.operation_model("InvokeEndpointAsync").input_shape
    return shape
