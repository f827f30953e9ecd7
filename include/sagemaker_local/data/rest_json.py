"""Errors of the runtime API as AWS's rest-json protocol writes them."""

from __future__ import annotations

import json
from collections.abc import Mapping

from include.sagemaker_local.data.model_error import ModelError
from include.sagemaker_local.errors import ApiError
from include.sagemaker_local.http1.messages import Headers, Response


def failure(error: ApiError, request_id: bytes, members: Mapping[str, str | int] | None = None) -> Response:
    """The error as every AWS SDK reads it; `members` are those of its shape besides Message."""
    headers: Headers = [(b"content-type", b"application/json"), (b"x-amzn-requestid", request_id)]
    # AWS's front end refuses some requests before any service has seen them: SDKs then report the bare HTTP status.
    if error.code != str(error.status):
        headers.append((b"x-amzn-errortype", error.code.encode()))
    return Response(error.status, headers, json.dumps({"Message": error.message, **(members or {})}).encode())


def model_failure(error: ModelError, request_id: bytes, log_group_arn: str) -> Response:
    """A ModelError with all its members. The service gives the group's ARN as LogStreamArn."""
    members: dict[str, str | int] = {
        "ErrorCode": error.error_code,
        "LogStreamArn": log_group_arn,
        "OriginalMessage": error.original_message,
        "OriginalStatusCode": error.original_status,
    }
    return failure(error, request_id, members)
