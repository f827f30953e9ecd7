"""AWS's JSON 1.1: request bodies in, responses out."""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection, Mapping
from typing import Any, NoReturn

from include.sagemaker_local.errors import ApiError
from include.sagemaker_local.http1.messages import Request, Response

CONTENT_TYPE = b"application/x-amz-json-1.1"


def target(request: Request, services: Collection[str]) -> tuple[str, str]:
    """The service prefix, one of `services`, and the operation that X-Amz-Target names.

    Raises ApiError UnknownOperationException when the header is missing or names another service.
    """
    value = (request.header(b"x-amz-target") or b"").decode("latin-1")
    service, _, operation = value.rpartition(".")
    if service not in services or not operation:
        raise unknown_operation(value)
    return service, operation


def unknown_operation(name: str) -> ApiError:
    """The answer to a target that SageMaker does not have."""
    return ApiError("UnknownOperationException", f"SageMaker has no operation {name!r}; X-Amz-Target must name one.")


def body(request: Request) -> dict[str, Any]:
    """The request's JSON object; an empty body is an empty one. Raises ApiError SerializationException."""
    if not request.body:
        return {}
    try:
        value = json.loads(request.body, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise ApiError("SerializationException", f"The request body is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise ApiError("SerializationException", "The request body must be a JSON object.")
    return value


def success(answer: Mapping[str, Any] | None) -> Response:
    """200 with the members of an answer, or with no body for an operation that has none.

    A timestamp is a float of seconds since the epoch; NaN is written bare, as AWS does and botocore reads.
    """
    payload = b"" if answer is None else json.dumps(answer, separators=(",", ":")).encode()
    return Response(200, _headers(), payload)


def failure(error: ApiError) -> Response:
    """The error as every AWS SDK reads it."""
    payload = json.dumps({"__type": error.code, "message": error.message}).encode()
    return Response(error.status, _headers(), payload)


def _headers() -> list[tuple[bytes, bytes]]:
    return [(b"content-type", CONTENT_TYPE), (b"x-amzn-requestid", str(uuid.uuid4()).encode())]


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON value")
