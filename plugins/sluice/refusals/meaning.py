"""AWS's refusals as ours, and what they mean: is it there already, is it not there, or is it really a refusal.

AWS has one code for many things (`ValidationException`) and tells them apart by text alone. That text is looked at here
and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError, SSLError
from botocore.parsers import ResponseParserError

from sluice.errors import UnexpectedAnswer
from sluice.refusals.errors import (
    CREDENTIALS,
    WITHOUT_CAPACITY,
    CallDenied,
    QuotaExceeded,
    RequestInvalid,
    ServiceBusy,
    ServiceRefused,
)

ALREADY_THERE_CODES = frozenset({"ResourceInUse", "ConflictException", "ResourceAlreadyExists"})
ALREADY_THERE_TEXTS = ("Cannot create already existing", "Model Package Group already exists")
NOT_THERE_CODES = frozenset(
    {
        "404",
        "NoSuchBucket",
        "NoSuchEntity",
        "NoSuchKey",
        "RepositoryNotFoundException",
        "ResourceNotFound",
        "ResourceNotFoundException",
    }
)
NOT_THERE_TEXTS = ("Could not find", "Requested resource not found")
NOT_THERE_SUFFIX = "does not exist."
BUSY_TEXTS = ("Cannot update in-progress", "Cannot delete in-progress")
"""A ValidationException that passes: somebody else's deployment came in between."""

KINDS: Mapping[type[ServiceRefused], frozenset[str]] = {
    # S3's answers to HEAD have no body, so that botocore takes the status for the code.
    CallDenied: CREDENTIALS | {"403", "AccessDenied", "AccessDeniedException", "UnauthorizedOperation"},
    RequestInvalid: frozenset(
        {"InvalidParameterException", "InvalidParameterValue", "ObjectNotFoundException", "ValidationException"}
    ),
    QuotaExceeded: WITHOUT_CAPACITY | {"LimitExceededException", "ResourceLimitExceeded"},
    ServiceBusy: frozenset(
        {
            "ConcurrentUpdateException",
            "InternalFailure",
            "InternalServerError",
            "ModelNotReadyException",
            "RequestLimitExceeded",
            "ServiceUnavailable",
            "SlowDown",
            "Throttling",
            "ThrottlingException",
            "TooManyRequestsException",
        }
    ),
}
"""What AWS's codes mean. A code that is not here is a plain ServiceRefused, and may pass or not."""

CALL_FAILED = (ServiceRefused, UnexpectedAnswer, ClientError, BotoCoreError, ResponseParserError)
"""All that a call may raise: AWS's answer, or that there was none."""


@contextmanager
def refusals_as_ours(operation: str, resource: str | None) -> Iterator[None]:
    """Turn botocore's ClientError into ServiceRefused; `operation` is boto3's snake_case name."""
    try:
        yield
    except ClientError as error:
        told = error.response.get("Error", {})
        name = "".join(word.capitalize() for word in operation.split("_"))
        code, message = str(told.get("Code", "Unknown")), str(told.get("Message", ""))
        raise kind_of(code, message)(name, code, message, resource) from error


def kind_of(code: str, message: str) -> type[ServiceRefused]:
    """Which refusal an error code stands for."""
    if message.startswith(BUSY_TEXTS):
        return ServiceBusy
    return next((kind for kind, codes in KINDS.items() if code in codes), ServiceRefused)


def resource_in(request: Mapping[str, Any]) -> str | None:
    """The request's name or ARN of what it is about, for messages."""
    names = (str(value) for member, value in request.items() if member.endswith(("Name", "Arn", "Key")))
    return next(names, None)


def says_already_there(refusal: ServiceRefused) -> bool:
    """What should be created is there."""
    return refusal.code in ALREADY_THERE_CODES or refusal.message.startswith(ALREADY_THERE_TEXTS)


def says_not_there(refusal: ServiceRefused) -> bool:
    """What is asked for does not exist."""
    return (
        refusal.code in NOT_THERE_CODES
        or refusal.message.startswith(NOT_THERE_TEXTS)
        or (refusal.code == "ValidationException" and refusal.message.endswith(NOT_THERE_SUFFIX))
    )


def passes_by_itself(error: Exception) -> bool:
    """Whether the same call may succeed in a while without anybody doing something: throttling, trouble at AWS or on
    the way to it. A certificate that is not trusted stays so.
    """
    if isinstance(error, ClientError):
        told = error.response.get("Error", {})
        return kind_of(str(told.get("Code", "Unknown")), str(told.get("Message", ""))) in (ServiceBusy, ServiceRefused)
    if isinstance(error, ServiceRefused):
        return type(error) in (ServiceBusy, ServiceRefused)
    on_the_way = (HTTPClientError, ConnectionError, ResponseParserError)
    return isinstance(error, on_the_way) and not isinstance(error, SSLError)
