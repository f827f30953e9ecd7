"""Requests as botocore signs them, which knows nothing of the project's own signing."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from include.sagemaker_local.http1.messages import Request

HOST = "http://127.0.0.1:4566"
ACCESS_KEY = "AKIDEXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"


def signed_by_botocore(
    method: str = "POST",
    path: str = "/",
    body: bytes = b"",
    *,
    service: str = "sagemaker",
    secret: str = SECRET,
    access_key: str = ACCESS_KEY,
    expires_s: int | None = None,
    **headers: str,
) -> Request:
    """Signed now, for eu-west-1: in its headers, or with `expires_s` in its query. `_` in a header's name is `-`."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    # botocore takes the body of what it presigns for query parameters; a presigned upload is signed without it.
    request = AWSRequest(method, HOST + path, given, body if expires_s is None else b"")
    credentials = Credentials(access_key, secret)
    is_s3 = service == "s3"
    signer: Any
    if expires_s is None:
        signer = (S3SigV4Auth if is_s3 else SigV4Auth)(credentials, service, "eu-west-1")
    else:
        signer = (S3SigV4QueryAuth if is_s3 else SigV4QueryAuth)(credentials, service, "eu-west-1", expires=expires_s)
    signer.add_auth(request)
    sent = request.prepare()
    parts = urlsplit(sent.url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    pairs = [(_bytes(name).lower(), _bytes(value)) for name, value in sent.headers.items()]
    return Request(method.encode(), target.encode(), [(b"host", b"127.0.0.1:4566"), *pairs], body)


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()
