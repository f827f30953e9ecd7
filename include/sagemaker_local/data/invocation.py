"""What an InvokeEndpoint request asks for: its headers and path, read once.

PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import unquote

from include.sagemaker_local.errors import ApiError
from include.sagemaker_local.http1.messages import Headers, Request

CUSTOM_ATTRIBUTES = b"x-amzn-sagemaker-custom-attributes"

_PREFIX = b"x-amzn-sagemaker-"
_TARGET_VARIANT = b"x-amzn-sagemaker-target-variant"
_TARGET_CONTAINER = b"x-amzn-sagemaker-target-container-hostname"

# What containers get to see besides Content-Type and Accept; the platform strips every other header. With the API
# model's names and limits: at least and at most so many characters of ASCII.
_PASSED_ON = {
    CUSTOM_ATTRIBUTES: ("customAttributes", 0, 1024),
    b"x-amzn-sagemaker-inference-id": ("inferenceId", 1, 64),
}

INVOCATIONS = b"invocations"
STREAM = b"invocations-response-stream"
"""The last part of an operation's path."""

# Where each operation's Accept is: the answer to the second one has a type of its own.
_ACCEPT = {INVOCATIONS: b"accept", STREAM: b"x-amzn-sagemaker-accept"}

ASYNC = b"async-invocations"
"""The last part of the path of what is not answered here but kept: see async_inference."""

_OTHER_OPERATIONS = {
    ASYNC: "InvokeEndpointAsync",
    b"invocations-bidirectional-stream": "InvokeEndpointWithBidirectionalStream",
}


class Invocation(NamedTuple):
    """One request as the containers get to see it, and who shall answer: which variant (None: any), which container.

    `target_container` is None for a request that runs through all containers.
    """

    body: bytes
    content_type: bytes | None
    accept: bytes | None
    passed_on: Headers
    target_variant: str | None = None
    target_container: str | None = None


def is_asynchronous(request: Request) -> bool:
    """Whether this is `POST /endpoints/{EndpointName}/async-invocations`."""
    parts = request.target.partition(b"?")[0].split(b"/")
    return len(parts) == 4 and parts[3] == ASYNC and request.method == b"POST"


def endpoint_and_operation(request: Request) -> tuple[str, bytes]:
    """The endpoint's name and the operation from `POST /endpoints/{EndpointName}/invocations` and the like.

    Raises ApiError, naming the operation, for anything else.
    """
    parts = request.target.partition(b"?")[0].split(b"/")
    if len(parts) == 4 and parts[1] == b"endpoints" and request.method == b"POST":
        if parts[3] in _ACCEPT:
            return unquote(parts[2].decode("latin-1")), parts[3]
        if parts[3] in _OTHER_OPERATIONS:
            raise _not_there_yet(f"{_OTHER_OPERATIONS[parts[3]]} (/{parts[3].decode()})")
    asked = f"{request.method.decode('latin-1')} {request.target.decode('latin-1')}"
    message = f"SageMaker Runtime has no operation {asked}; it has POST /endpoints/{{EndpointName}}/invocations."
    raise ApiError("UnknownOperationException", message, status=404)


def read_invocation(request: Request, operation: bytes = INVOCATIONS) -> Invocation:
    """Raises ApiError ValidationError for a header that asks for something that is not there, or breaks a limit."""
    content_type = accept = target_variant = target_container = None
    accept_header = _ACCEPT[operation]
    passed_on: Headers = []
    for header in request.headers:
        name, value = header
        if name == b"content-type":
            content_type = value
        elif name == accept_header:
            accept = value
        elif not name.startswith(_PREFIX):
            continue
        elif name in _PASSED_ON:
            passed_on.append(header)
            _check(value, *_PASSED_ON[name])
        elif name == _TARGET_VARIANT:
            target_variant = value.decode("latin-1")
        elif name == _TARGET_CONTAINER:
            target_container = value.decode("latin-1")
        else:
            raise _not_there_yet(f"the header {name.decode('latin-1')}")
    return Invocation(request.body, content_type, accept, passed_on, target_variant, target_container)


def _check(value: bytes, member: str, shortest: int, longest: int) -> None:
    if len(value) > longest:
        broken = f"Member must have length less than or equal to {longest}"
    elif len(value) < shortest:
        broken = f"Member must have length greater than or equal to {shortest}"
    elif not value.isascii():
        broken = r"Member must satisfy regular expression pattern: \p{ASCII}*"
    else:
        return
    shown = value.decode("latin-1")
    message = f"1 validation error detected: Value '{shown}' at '{member}' failed to satisfy constraint: {broken}"
    raise ApiError("ValidationError", message)


def _not_there_yet(what: str) -> ApiError:
    return ApiError("ValidationError", f"The local SageMaker does not support {what} yet. Nothing was invoked.")
