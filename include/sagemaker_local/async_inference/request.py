"""What an InvokeEndpointAsync request asks for, and where its result will be.

PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import Any

from include.sagemaker_local.deployment import AsyncInference
from include.sagemaker_local.errors import ApiError
from include.sagemaker_local.store.records import AsyncRequestRecord

MAX_INLINE_BYTES = 128_000  # "The inline payload can be up to 128,000 bytes" (API reference)
_DEFAULT_TTL_S = 21_600
_DEFAULT_TIMEOUT_S = 900
# A result is named after its inference id, which may hold what would be another place in S3.
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


def requested(
    members: Mapping[str, Any], body: bytes, inference: AsyncInference, *, region: str, now_s: float
) -> AsyncRequestRecord:
    """The request to keep. `members` are those of the API, validated. Raises ApiError ValidationError."""
    location = members.get("InputLocation")
    if (location is None) == (not body):
        raise _invalid("Exactly one of InputLocation and Body must be given.")
    if len(body) > MAX_INLINE_BYTES:
        raise _invalid(f"The Body has {len(body)} bytes; inline it can be up to {MAX_INLINE_BYTES} bytes.")
    if location is not None and not location.startswith("s3://"):
        raise _invalid(f"The local SageMaker reads input from s3:// only, not from {location}. Nothing was invoked.")
    given_id = members.get("InferenceId")
    inference_id = given_id or str(uuid.uuid4())
    name = inference_id if _FILE_NAME.fullmatch(inference_id) else str(uuid.uuid4())
    extension = members.get("S3OutputPathExtension")
    return AsyncRequestRecord(
        id=str(uuid.uuid4()),
        region=region,
        endpoint_name=members["EndpointName"],
        inference_id=inference_id,
        accepted_at_s=now_s,
        expires_at_s=now_s + members.get("RequestTTLSeconds", _DEFAULT_TTL_S),
        timeout_s=members.get("InvocationTimeoutSeconds", _DEFAULT_TIMEOUT_S),
        input_location=location,
        body=body,
        content_type=members.get("ContentType"),
        accept=members.get("Accept"),
        custom_attributes=members.get("CustomAttributes"),
        given_inference_id=given_id,
        output_location=_below(inference.output_path, extension, members.get("Filename") or f"{name}.out"),
        failure_location=inference.failure_path and _below(inference.failure_path, extension, f"{name}-error.out"),
    )


def _below(path: str, extension: str | None, name: str) -> str:
    return "/".join([path.rstrip("/"), *([extension.strip("/")] if extension else []), name])


def _invalid(message: str) -> ApiError:
    return ApiError("ValidationError", message)
