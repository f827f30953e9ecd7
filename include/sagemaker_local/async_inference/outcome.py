"""How an asynchronous request ended: what is written to S3 about a failure, and what is told to SNS topics.

PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime

from include.sagemaker_local.data.model_error import ModelError
from include.sagemaker_local.store.records import AsyncRequestRecord

_SEE_LOGS = "See the SageMaker Endpoint logs in your account for more information."


def model_failed(error: ModelError) -> str:
    """A container answered with an error, or not at all. The words are AWS's, as users have reported them."""
    client = 400 <= error.original_status < 500
    kind, owner = ("client", "ClientError") if client else ("server", "ServerError")
    return f"{owner}: Received {kind} error ({error.original_status}) from model. {_SEE_LOGS}"


def notification(record: AsyncRequestRecord, now_s: float, failure: str | None, content_type: str | None) -> str:
    """The message to the success topic, or with `failure` to the error topic, as the developer guide shows it."""
    asked = {
        "contentType": record.content_type,
        "endpointName": record.endpoint_name,
        "inputLocation": record.input_location,
    }
    message: dict[str, object] = {
        "awsRegion": record.region,
        "eventTime": _written(now_s),
        "receivedTime": _written(record.accepted_at_s),
        "invocationStatus": "Completed" if failure is None else "Failed",
        "requestParameters": {name: value for name, value in asked.items() if value is not None},
        "inferenceId": record.inference_id,
        "eventVersion": "1.0",
        "eventSource": "aws:sagemaker",
        "eventName": "InferenceResult",
    }
    if failure is None:
        answered = {"contentType": content_type, "outputLocation": record.output_location}
        message["responseParameters"] = {name: value for name, value in answered.items() if value is not None}
    else:
        message["failureReason"] = failure
    return json.dumps(message)


def _written(time_s: float) -> str:
    return datetime.fromtimestamp(time_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
