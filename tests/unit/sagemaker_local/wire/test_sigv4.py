"""Our signatures are botocore's, to the letter."""

from __future__ import annotations

from datetime import datetime

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from include.sagemaker_local.http1.messages import Request
from include.sagemaker_local.wire.sigv4 import Key, signed
from tests.fakes.signed_requests import ACCESS_KEY, SECRET


def test_an_invocation_with_temporary_credentials_is_signed_as_botocore_does_it() -> None:
    headers = {"content-type": "text/csv", "x-amzn-sagemaker-target-variant": "Blue"}
    theirs = AWSRequest(
        "POST", "https://runtime.sagemaker.eu-west-1.amazonaws.com/endpoints/e/invocations", headers, b"1"
    )
    SigV4Auth(Credentials(ACCESS_KEY, SECRET, "a/token=="), "sagemaker", "eu-west-1").add_auth(theirs)
    signed_at_s = datetime.strptime(theirs.context["timestamp"], "%Y%m%dT%H%M%S%z").timestamp()

    plain = [(b"host", b"runtime.sagemaker.eu-west-1.amazonaws.com"), (b"x-amz-security-token", b"a/token==")]
    plain += [(name.encode(), value.encode()) for name, value in headers.items()]
    ours = signed(
        Request(b"POST", b"/endpoints/e/invocations", plain, b"1"),
        Key(ACCESS_KEY, SECRET),
        "eu-west-1",
        "sagemaker",
        signed_at_s,
    )

    assert ours.header(b"authorization") == theirs.headers["Authorization"].encode()
    assert ours.header(b"x-amz-date") == theirs.headers["X-Amz-Date"].encode()
