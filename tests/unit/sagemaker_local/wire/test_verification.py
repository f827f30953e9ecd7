"""Signatures that verify, and every way in which one does not. The requests are signed by botocore."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

import pytest

from include.sagemaker_local.http1.messages import Request
from include.sagemaker_local.wire import aws_chunked
from include.sagemaker_local.wire.aws_chunked import Seed
from include.sagemaker_local.wire.refused_signature import SignatureRefused
from include.sagemaker_local.wire.sigv4 import Key, Scope, signed
from include.sagemaker_local.wire.verification import Verifier
from tests.fakes.signed_requests import ACCESS_KEY, SECRET, signed_by_botocore

TARGET: dict[str, Any] = {"x_amz_target": "SageMaker.ListModels", "content_type": "application/x-amz-json-1.1"}
FORM: dict[str, Any] = {"content_type": "application/x-www-form-urlencoded; charset=utf-8"}


def refused(request: Request, *, late_s: float = 0) -> tuple[str, int]:
    with pytest.raises(SignatureRefused) as caught:
        verify(request, late_s=late_s)
    return caught.value.code, caught.value.status


def verify(request: Request, *, late_s: float = 0) -> None:
    """As a server whose clock shows `late_s` seconds more than the request's own date, however slow the test."""
    now_s = signed_at_s(request) + late_s
    Verifier({ACCESS_KEY: SECRET, "other": "else"}, lambda: now_s).verify(request)


def signed_at_s(request: Request) -> float:
    dates = re.findall(rb"\d{8}T\d{6}Z", (request.header(b"x-amz-date") or b"") + request.target)
    return datetime.strptime(dates[0].decode(), "%Y%m%dT%H%M%S%z").timestamp() if dates else time.time()


def changed(request: Request, **parts: bytes) -> Request:
    return Request(
        parts.get("method", request.method),
        parts.get("target", request.target),
        request.headers,
        parts.get("body", request.body),
    )


@pytest.mark.parametrize(
    "sign",
    [
        partial(signed_by_botocore, body=b"{}", **TARGET),
        partial(signed_by_botocore, path="/endpoints/flowers/invocations", body=b"1,2", content_type="text/csv"),
        partial(signed_by_botocore, "GET", "/a//b/../c%20d/?z=1&a=%2F&b&a=0"),
        partial(signed_by_botocore, body=b"Action=GetCallerIdentity", service="sts", **FORM),
        partial(signed_by_botocore, "PUT", "/bucket/a//b/../c%20d%2Be%C3%BC~", b"data", service="s3"),
        partial(signed_by_botocore, "GET", "/bucket?list-type=2&prefix=a%2Fb%20c&acl", service="s3"),
        partial(signed_by_botocore, "GET", "/bucket/key%20k", service="s3", expires_s=60),
        partial(signed_by_botocore, "PUT", "/bucket/key", b"anything", service="s3", expires_s=60),
        partial(signed_by_botocore, "GET", "/x?Action=GetCallerIdentity", service="sts", expires_s=60),
    ],
)
def test_what_botocore_signs_verifies_and_no_other_secret_does(sign: Callable[[], Request]) -> None:
    request = sign()
    verify(request)
    with pytest.raises(SignatureRefused):
        Verifier({ACCESS_KEY: SECRET + "x"}, time.time).verify(request)


def test_what_the_project_signs_verifies() -> None:
    plain = Request(b"POST", b"/endpoints/e/invocations", [(b"host", b"h:1"), (b"content-type", b"text/csv")], b"1,2")
    request = signed(plain, Key(ACCESS_KEY, SECRET), "eu-west-1", "sagemaker", time.time())
    verify(request)
    assert refused(changed(request, body=b"1,3")) == ("InvalidSignatureException", 403)


def test_a_replay_with_anything_changed_is_refused() -> None:
    request = signed_by_botocore(body=b'{"ModelName": "a"}', **TARGET)
    for other in (
        changed(request, body=b'{"ModelName": "b"}'),
        changed(request, target=b"/?x=1"),
        changed(request, method=b"PUT"),
        Request(b"POST", b"/", [(n, v.replace(b"ListModels", b"DeleteAll")) for n, v in request.headers], request.body),
    ):
        assert refused(other) == ("InvalidSignatureException", 403)
    upload = signed_by_botocore("PUT", "/bucket/key", b"data", service="s3")
    assert refused(changed(upload, body=b"tada")) == ("XAmzContentSHA256Mismatch", 400)
    assert refused(changed(upload, target=b"/bucket/other")) == ("SignatureDoesNotMatch", 403)


def test_headers_of_aws_have_to_be_signed() -> None:
    url = signed_by_botocore("GET", "/bucket/key", service="s3", expires_s=60)
    smuggled = Request(url.method, url.target, [*url.headers, (b"x-amz-target", b"SageMaker.DeleteModel")])
    assert refused(smuggled) == ("InvalidSignatureException", 403)
    with_acl = Request(url.method, url.target, [*url.headers, (b"x-amz-acl", b"public-read")])
    assert refused(with_acl) == ("AccessDenied", 403)
    without_host = Request(
        b"POST", b"/", [(n, v.replace(b"host;", b"")) for n, v in signed_by_botocore(**TARGET).headers], b""
    )
    assert refused(without_host)[0] == "IncompleteSignatureException"


@pytest.mark.parametrize(
    ("kind", "unsigned", "unknown", "wrong", "late"),
    [
        (
            {"service": "sagemaker", **TARGET},
            ("MissingAuthenticationTokenException", 403),
            ("UnrecognizedClientException", 403),
            ("InvalidSignatureException", 403),
            ("InvalidSignatureException", 403),
        ),
        (
            {"service": "sagemaker", "path": "/endpoints/flowers/invocations", "content_type": "text/csv"},
            ("MissingAuthenticationTokenException", 403),
            ("UnrecognizedClientException", 403),
            ("InvalidSignatureException", 403),
            ("InvalidSignatureException", 403),
        ),
        (
            {"service": "monitoring", **FORM},
            ("MissingAuthenticationToken", 403),
            ("InvalidClientTokenId", 403),
            ("SignatureDoesNotMatch", 403),
            ("RequestExpired", 400),
        ),
        (
            {"service": "s3", "path": "/bucket/key"},
            ("AccessDenied", 403),
            ("InvalidAccessKeyId", 403),
            ("SignatureDoesNotMatch", 403),
            ("RequestTimeTooSkewed", 403),
        ),
    ],
)
def test_every_service_says_it_in_its_own_words(
    kind: dict[str, Any],
    unsigned: tuple[str, int],
    unknown: tuple[str, int],
    wrong: tuple[str, int],
    late: tuple[str, int],
) -> None:
    request = signed_by_botocore(**kind)
    bare = [(name, value) for name, value in request.headers if name != b"authorization"]
    assert refused(Request(request.method, request.target, bare)) == unsigned
    assert refused(signed_by_botocore(access_key="nobody", **kind)) == unknown
    assert refused(signed_by_botocore(secret="no", **kind)) == wrong
    for late_s in (-901, 901):
        assert refused(request, late_s=late_s) == late
    for late_s in (-900, 900):
        verify(request, late_s=late_s)


def test_a_presigned_url_is_good_until_it_expires() -> None:
    url = signed_by_botocore("GET", "/bucket/key", service="s3", expires_s=3600)
    verify(url, late_s=3590)
    assert refused(url, late_s=3602) == ("AccessDenied", 403)
    assert refused(url, late_s=-901) == ("RequestTimeTooSkewed", 403)
    for wrong in (b"", b"x", b"700000", "²".encode()):
        other = changed(url, target=url.target.replace(b"X-Amz-Expires=3600", b"X-Amz-Expires=" + wrong))
        assert refused(other) == ("AuthorizationHeaderMalformed", 400)


def test_signature_version_2_is_named() -> None:
    presigned = Request(b"GET", b"/bucket/key?AWSAccessKeyId=AKIDEXAMPLE&Signature=x&Expires=1", [])
    in_header = Request(b"GET", b"/bucket/key", [(b"authorization", b"AWS AKIDEXAMPLE:x")])
    for request in (presigned, in_header):
        assert refused(request) == ("InvalidRequest", 400)


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        (b"AWS4-HMAC-SHA256", b"AWS4-ECDSA-P256-SHA256"),
        (b"Credential=", b"Credential= "),
        (b"SignedHeaders=", b"SignedHeaders=,"),
        (b"aws4_request", b"aws5_request"),
        (b", Signature=", b", Sig="),
        (b"Credential=AKIDEXAMPLE/20", b"Credential=AKIDEXAMPLE/10"),
    ],
)
def test_a_malformed_signature_is_refused_as_such(was: bytes, becomes: bytes) -> None:
    request = signed_by_botocore(**TARGET)
    headers = [(name, value.replace(was, becomes)) for name, value in request.headers]
    assert refused(Request(b"POST", b"/", headers)) == ("IncompleteSignatureException", 403)


def test_dates_that_are_none_or_another_day_s() -> None:
    for date in (b"20200101T000000Z", b"yesterday", b""):
        headers = [(name, date if name == b"x-amz-date" else value) for name, value in signed_by_botocore().headers]
        assert refused(Request(b"POST", b"/", headers)) == ("IncompleteSignatureException", 403)


# The two samples of "Signature calculations for the authorization header: transferring payload in multiple chunks".
SAMPLE_SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
SAMPLE_SCOPE = Scope("20130524", "us-east-1", "s3")
CHUNKS = (b"a" * 65536, b"a" * 1024, b"")


def sample(signatures: list[str], ending: bytes) -> bytes:
    parts = [
        b"%x;chunk-signature=%b\r\n%b\r\n" % (len(data), proof.encode(), data)
        for data, proof in zip(CHUNKS, signatures, strict=True)
    ]
    return b"".join(parts)[:-2] + ending


PLAIN = sample(
    [
        "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
        "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
        "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
    ],
    b"\r\n",
)
WITH_TRAILER = sample(
    [
        "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
        "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
        "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
    ],
    b"x-amz-checksum-crc32c:sOO8/Q==\r\n"
    b"x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n",
)


@pytest.mark.parametrize(
    ("body", "seed", "with_trailer"),
    [
        (PLAIN, "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9", False),
        (WITH_TRAILER, "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e", True),
    ],
)
def test_chunks_signed_as_in_the_samples_of_the_guide(body: bytes, seed: str, with_trailer: bool) -> None:
    start = Seed(SAMPLE_SECRET, SAMPLE_SCOPE, "20130524T000000Z", seed)
    assert aws_chunked.verifies(body, start, with_trailer=with_trailer)
    last_chunk = body.rindex(b"0;chunk-signature")
    for other in (
        body.replace(b"aaaa\r\n", b"aaab\r\n", 1),
        body[:last_chunk],
        body[:-3],
        body.replace(b"sOO8", b"sOO9") if with_trailer else body + b"x",
        b"",
    ):
        assert not aws_chunked.verifies(other, start, with_trailer=with_trailer)
    assert not aws_chunked.verifies(body, start, with_trailer=not with_trailer)


def test_a_body_in_signed_chunks_is_verified_with_its_request() -> None:
    form = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
    request = signed_by_botocore("PUT", "/bucket/key", service="s3", x_amz_content_sha256=form)
    given = next(value for name, value in request.headers if name == b"x-amz-content-sha256")
    assert given != form.encode()  # botocore has no such uploads and puts its own there
    plain = Request(b"PUT", b"/bucket/key", [(b"host", b"h"), (b"x-amz-content-sha256", form.encode())], b"")
    assert refused(signed(plain, Key(ACCESS_KEY, SECRET), "us-east-1", "s3", time.time())) == (
        "SignatureDoesNotMatch",
        403,
    )
