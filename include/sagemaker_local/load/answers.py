"""What a response, or its absence, says.

PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

from include.sagemaker_local.http1.errors import HttpError, RequestTimeout
from include.sagemaker_local.http1.messages import Response
from include.sagemaker_local.load.recorder import Answer
from include.sagemaker_local.load.stage import Failure

CONTAINER_LATENCY_HEADER = b"x-local-container-latency-us"

# Enough of an error body for a person to recognise it; a job's FailureReason holds 1,024 characters in all.
_DETAIL_CHARACTERS = 300


def answer_of(response: Response, latency_us: int) -> Answer:
    """What the response means for the measurement."""
    if 200 <= response.status < 300:
        return Answer(latency_us, containers_us=container_latencies(response.header(CONTAINER_LATENCY_HEADER)))
    # 424 is how the service passes on an error of the model's container, whatever the container's own status was.
    client = 400 <= response.status < 500 and response.status != 424
    body = " ".join(response.body.decode("utf-8", "replace").split())
    detail = f"HTTP {response.status} {body}"[:_DETAIL_CHARACTERS]
    return Answer(latency_us, Failure.CLIENT_ERROR if client else Failure.SERVER_ERROR, detail)


def answer_of_error(error: HttpError, latency_us: int) -> Answer:
    """What a request without a usable response means for the measurement."""
    failure = Failure.TIMEOUT if isinstance(error, RequestTimeout) else Failure.CONNECTION
    return Answer(latency_us, failure, str(error)[:_DETAIL_CHARACTERS])


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
