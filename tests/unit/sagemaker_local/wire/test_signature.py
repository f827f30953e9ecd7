from __future__ import annotations

import pytest

from include.sagemaker_local.errors import ApiError
from include.sagemaker_local.http1.messages import Request
from include.sagemaker_local.wire.signature import Credentials, credentials

SIGNATURE = "a" * 64
SCOPE = "AKIDEXAMPLE/20231114/eu-central-1/sagemaker/aws4_request"
GOOD = f"AWS4-HMAC-SHA256 Credential={SCOPE}, SignedHeaders=host;x-amz-date, Signature={SIGNATURE}"
EXPECTED = Credentials("AKIDEXAMPLE", "eu-central-1", "sagemaker")


def signed(header: str) -> Request:
    return Request(b"POST", b"/", [(b"authorization", header.encode())])


@pytest.mark.parametrize(
    "header",
    [
        GOOD,
        GOOD.replace(", ", ","),
        f"AWS4-HMAC-SHA256 SignedHeaders=host, Credential={SCOPE}, Signature={SIGNATURE}",
        f"AWS4-HMAC-SHA256 Credential={SCOPE}, SignedHeaders=host, Signature=notchecked",
    ],
)
def test_the_scope_of_a_signed_request(header: str) -> None:
    assert credentials(signed(header)) == EXPECTED


def test_an_access_key_may_hold_slashes() -> None:
    assert credentials(signed(GOOD.replace("AKIDEXAMPLE", "a/b"))).access_key == "a/b"


def test_the_scope_of_a_presigned_request() -> None:
    query = f"X-Amz-Credential={SCOPE.replace('/', '%2F')}&X-Amz-SignedHeaders=host&X-Amz-Signature={SIGNATURE}"
    assert credentials(Request(b"GET", f"/bucket/key?{query}".encode(), [])) == EXPECTED


@pytest.mark.parametrize("target", [b"/", b"/?list-type=2", b"/?Credential=x"])
def test_no_signature_is_a_missing_token(target: bytes) -> None:
    with pytest.raises(ApiError) as caught:
        credentials(Request(b"GET", target, []))
    assert (caught.value.code, caught.value.status) == ("MissingAuthenticationTokenException", 403)


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("", "must begin with AWS4-HMAC-SHA256"),
        ("Basic dXNlcjpwYXNz", "must begin with AWS4-HMAC-SHA256"),
        (f"AWS4-HMAC-SHA256 Credential={SCOPE}, SignedHeaders=host", "has no 'Signature' parameter"),
        (f"AWS4-HMAC-SHA256 SignedHeaders=host, Signature={SIGNATURE}", "has no 'Credential' parameter"),
        (GOOD.replace("/aws4_request", ""), "Credential must be"),
        (GOOD.replace("20231114", "today"), "Credential must be"),
        (GOOD.replace("eu-central-1", ".."), "Credential must be"),
        (GOOD.replace("eu-central-1", "../../etc"), "Credential must be"),
        (GOOD.replace("eu-central-1", ""), "Credential must be"),
    ],
)
def test_a_malformed_signature_is_incomplete(header: str, reason: str) -> None:
    with pytest.raises(ApiError, match=reason) as caught:
        credentials(signed(header))
    assert (caught.value.code, caught.value.status) == ("IncompleteSignatureException", 403)


def test_a_presigned_query_without_a_signature_is_incomplete() -> None:
    with pytest.raises(ApiError, match="X-Amz-SignedHeaders"):
        credentials(Request(b"GET", f"/?X-Amz-Credential={SCOPE}".encode(), []))
