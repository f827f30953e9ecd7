"""What a response, or its absence, says.

PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from include.sagemaker_local.http1.errors import HttpError, RequestTimeout
from include.sagemaker_local.load.stage import Failure

CONTAINER_LATENCY_HEADER = b"x-local-container-latency-us"

# Enough of an error body for a person to recognise it; a job's FailureReason holds 1,024 characters in all.
_DETAIL_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class Answer:
    """How one request ended. `containers_us` holds each container's latency; it is empty for a failure."""

    latency_us: int
    failure: Failure | None = None
    detail: str | None = None  # what a failed request got, for a person
    containers_us: Mapping[str, int] = field(default_factory=dict)
    status: int | None = None  # of a failed request that was answered


def failed_answer(status: int, body_start: bytes, latency_us: int) -> Answer:
    """What a response that is no success means. `body_start` need not be more than a person would read of an error."""
    # 424 is how the service passes on an error of the model's container, whatever the container's own status was.
    client = 400 <= status < 500 and status != 424
    body = " ".join(body_start.decode("utf-8", "replace").split())
    detail = f"HTTP {status} {body}"[:_DETAIL_CHARACTERS]
    return Answer(latency_us, Failure.CLIENT_ERROR if client else Failure.SERVER_ERROR, detail, status=status)


def no_answer(failure: Failure, detail: str, latency_us: int) -> Answer:
    """What a request without a usable response means for the measurement."""
    return Answer(latency_us, failure, detail[:_DETAIL_CHARACTERS])


def answer_of_error(error: HttpError, latency_us: int) -> Answer:
    """What a request means that could not even be sent."""
    return no_answer(
        Failure.TIMEOUT if isinstance(error, RequestTimeout) else Failure.CONNECTION, str(error), latency_us
    )


def container_latencies(header: bytes | None) -> dict[str, int]:
    """`featurize=1210,predict=812` as microseconds by container; empty when the header is missing or malformed."""
    if header is None:
        return {}
    latencies: dict[str, int] = {}
    for part in header.decode("latin-1").split(","):
        name, _, latency_us = part.strip().partition("=")
        if not name or not latency_us.isdigit():
            return {}
        latencies[name] = int(latency_us)
    return latencies
