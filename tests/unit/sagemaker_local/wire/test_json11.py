from __future__ import annotations

import json
import math

import pytest

from include.sagemaker_local.errors import ApiError
from include.sagemaker_local.http1.messages import Request
from include.sagemaker_local.wire import json11


def request(body: bytes = b"", target: bytes | None = None) -> Request:
    return Request(b"POST", b"/", [] if target is None else [(b"x-amz-target", target)], body)


def test_the_target_is_the_operation() -> None:
    assert json11.target(request(target=b"SageMaker.CreateModel"), {"SageMaker"}) == ("SageMaker", "CreateModel")


@pytest.mark.parametrize("target", [None, b"", b"SageMaker", b"SageMaker.", b"DynamoDB_20120810.PutItem"])
def test_another_target_is_an_unknown_operation(target: bytes | None) -> None:
    with pytest.raises(ApiError) as caught:
        json11.target(request(target=target), {"SageMaker"})
    assert caught.value.code == "UnknownOperationException"


def test_an_empty_body_is_an_empty_request() -> None:
    assert json11.body(request()) == {}


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b"null", b'"x"', b"\xff\xfe\x00", b'{"A": NaN}', b'{"A": Infinity}', b"[" * 200_000]
)
def test_a_body_that_is_no_json_object_is_a_serialization_error(body: bytes) -> None:
    with pytest.raises(ApiError) as caught:
        json11.body(request(body))
    assert caught.value.code == "SerializationException"


def test_success_is_json_with_a_request_id() -> None:
    response = json11.success({"CreationTime": 1700000000.125, "CpuUtilization": math.nan})
    assert response.status == 200
    assert response.header(b"content-type") == b"application/x-amz-json-1.1"
    assert len(response.header(b"x-amzn-requestid") or b"") == 36
    assert response.body == b'{"CreationTime":1700000000.125,"CpuUtilization":NaN}'


def test_no_output_is_an_empty_body() -> None:
    assert json11.success(None).body == b""
    assert json11.success({}).body == b"{}"


def test_an_error_has_its_code_and_status() -> None:
    response = json11.failure(ApiError("ResourceNotFound", 'no job "x"', status=404))
    assert response.status == 404
    assert json.loads(response.body) == {"__type": "ResourceNotFound", "message": 'no job "x"'}
