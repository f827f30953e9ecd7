"""What holds for every operation: the target, the signature, validation, and failures of our own."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from include.sagemaker_local.control.plane import OPERATIONS
from include.sagemaker_local.http1.messages import Request, Response
from include.sagemaker_local.wire import service_model
from tests.contract.control.conftest import Rig
from tests.fakes.in_process import sagemaker_client

Refused = Callable[..., tuple[str, str]]
SIGNED = (
    b"AWS4-HMAC-SHA256 Credential=AKID/20231114/us-east-1/sagemaker/aws4_request, "
    b"SignedHeaders=host, Signature=" + b"0" * 64
)


def post(rig: Rig, target: bytes, body: bytes = b"{}", authorization: bytes | None = SIGNED) -> Response:
    headers = [(b"x-amz-target", target)]
    if authorization is not None:
        headers.append((b"authorization", authorization))
    return asyncio.run(rig.plane.handle(Request(b"POST", b"/", headers, body)))


def code(response: Response) -> str:
    return str(json.loads(response.body)["__type"])


def test_every_operation_of_the_table_is_one_that_botocore_knows() -> None:
    assert set(OPERATIONS) <= service_model.sagemaker().operations


def test_an_operation_that_is_not_there_is_refused_by_name(rig: Rig, refused: Refused) -> None:
    error = refused(rig.client.describe_training_job, TrainingJobName="t")
    assert error == (
        "UnsupportedOperation",
        "The local SageMaker does not have DescribeTrainingJob; nothing was done.",
    )


def test_every_operation_of_botocore_gets_an_answer_that_is_never_a_made_up_success(rig: Rig) -> None:
    for operation in service_model.sagemaker().operations - set(OPERATIONS):
        response = post(rig, f"SageMaker.{operation}".encode())
        assert (response.status, code(response)) == (400, "UnsupportedOperation"), operation


@pytest.mark.parametrize("target", [b"SageMaker.MakeCoffee", b"", b"Other.CreateModel"])
def test_an_unknown_target(rig: Rig, target: bytes) -> None:
    response = post(rig, target)
    assert (response.status, code(response)) == (400, "UnknownOperationException")


def test_an_unsigned_request_is_refused(rig: Rig) -> None:
    response = post(rig, b"SageMaker.ListModels", authorization=None)
    assert (response.status, code(response)) == (403, "MissingAuthenticationTokenException")


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"MaxResults": "x"}', b'{"MaxResults": NaN}'])
def test_a_body_of_the_wrong_form(rig: Rig, body: bytes) -> None:
    response = post(rig, b"SageMaker.ListModels", body)
    assert (response.status, code(response)) == (400, "SerializationException")


def test_limits_that_botocore_does_not_check_are_checked(rig: Rig, refused: Refused) -> None:
    error = refused(rig.client.create_model, ModelName="m" * 64, PrimaryContainer={"Image": "a b"})
    assert error == (
        "ValidationException",
        f"2 validation errors detected: Value '{'m' * 64}' at 'modelName' failed to satisfy constraint: "
        "Member must have length less than or equal to 63; Value 'a b' at 'primaryContainer.image' failed to satisfy "
        r"constraint: Member must satisfy regular expression pattern: [\S]+",
    )


def test_the_region_is_that_of_the_signature(rig: Rig) -> None:
    rig.model("only-in-virginia")
    elsewhere = sagemaker_client(rig.plane.handle, region="eu-central-1")
    assert elsewhere.list_models()["Models"] == []
    made = elsewhere.create_model_package_group(ModelPackageGroupName="g")
    assert made["ModelPackageGroupArn"] == "arn:aws:sagemaker:eu-central-1:123456789012:model-package-group/g"


def test_a_fault_of_our_own_is_an_internal_failure_and_not_a_dropped_connection(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any) -> Any:
        raise sqlite3.IntegrityError("secret detail")

    monkeypatch.setattr(rig.store, "models", broken)
    with pytest.raises(ClientError) as caught:
        rig.client.list_models()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    assert caught.value.response["Error"]["Code"] == "InternalFailure"
    assert "secret detail" not in str(caught.value)
    assert "secret detail" in caplog.text


def test_every_answer_has_a_request_id(rig: Rig) -> None:
    assert rig.client.list_models()["ResponseMetadata"]["RequestId"]
