"""AWS Signature Version 4: what the signature of a request is.

Sources: "Create a signed AWS API request" (IAM user guide); "Authenticating Requests (AWS Signature Version 4)" (S3 API
reference), for what S3 does otherwise.
PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

import hashlib
import hmac
import posixpath
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import quote, quote_from_bytes, unquote_to_bytes

from include.sagemaker_local.http1.messages import Headers, Request

ALGORITHM = "AWS4-HMAC-SHA256"
EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()
MOMENT = "%Y%m%dT%H%M%SZ"
_SIGNED = (b"content-type", b"host")
_SIGNED_PREFIX = b"x-amz"  # "any x-amz-* headers" must be signed (AWS's guide), the token of temporary credentials too


@dataclass(frozen=True, slots=True)
class Scope:
    """What a signature is for: a day (yyyymmdd), a region and a service."""

    date: str
    region: str
    service: str

    def __str__(self) -> str:
        return f"{self.date}/{self.region}/{self.service}/aws4_request"


@dataclass(frozen=True, slots=True)
class Key:
    """An access key and its secret, which is never shown."""

    access_key: str
    secret: str

    def __repr__(self) -> str:
        return f"Key({self.access_key!r})"


def signature(secret: str, scope: Scope, moment: str, canonical: bytes) -> str:
    """The signature in hexadecimal; `moment` is when it was made, yyyymmddThhmmssZ."""
    return sign_text(secret, scope, f"{ALGORITHM}\n{moment}\n{scope}\n{hashlib.sha256(canonical).hexdigest()}")


def sign_text(secret: str, scope: Scope, text: str) -> str:
    """The signature of a string to sign, which chunks of a streamed body have one of each."""
    return hmac.new(_signing_key(secret, scope), text.encode(), hashlib.sha256).hexdigest()


def canonical_request(
    request: Request, scope: Scope, signed_headers: Sequence[bytes], payload_hash: str, *, left_out: bytes = b""
) -> bytes:
    """The request in the one form that both sides can make of it.

    `left_out` is a query parameter that is no part of it: the signature itself, in a presigned URL.
    """
    path, _, query = request.target.partition(b"?")
    return b"\n".join(
        (
            request.method,
            _canonical_path(path, once=scope.service == "s3"),
            _canonical_query(query, left_out),
            *(b"%b:%b" % (name, _canonical_value(request.headers, name)) for name in signed_headers),
            b"",
            b";".join(signed_headers),
            payload_hash.encode(),
        )
    )


def signed(request: Request, key: Key, region: str, service: str, now_s: float) -> Request:
    """The request with a signature of this moment in its headers. It must have a Host and no x-amz-date."""
    moment = datetime.fromtimestamp(now_s, UTC).strftime(MOMENT)
    scope = Scope(moment[:8], region, service)
    headers: Headers = [*request.headers, (b"x-amz-date", moment.encode())]
    dated = Request(request.method, request.target, headers, request.body)
    names = sorted({name for name, _ in headers if name in _SIGNED or name.startswith(_SIGNED_PREFIX)})
    canonical = canonical_request(dated, scope, names, hashlib.sha256(request.body).hexdigest())
    proof = signature(key.secret, scope, moment, canonical)
    credential = f"{key.access_key}/{scope}"
    shown = f"{ALGORITHM} Credential={credential}, SignedHeaders={b';'.join(names).decode()}, Signature={proof}"
    return Request(request.method, request.target, [*headers, (b"authorization", shown.encode())], request.body)


@lru_cache(maxsize=256)  # a key and scope stay the same for a day
def _signing_key(secret: str, scope: Scope) -> bytes:
    key = b"AWS4" + secret.encode()
    for part in (scope.date, scope.region, scope.service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def _canonical_path(path: bytes, *, once: bool) -> bytes:
    """S3's paths are encoded once and mean what they say; all others are normalised, and encoded again as they came."""
    if once:
        return quote_from_bytes(unquote_to_bytes(path), safe="/-._~").encode()
    ending = b"/" if path.endswith(b"/") and path != b"/" else b""
    normal = b"/" + posixpath.normpath(path).lstrip(b"/") + ending
    return quote_from_bytes(normal, safe="/-._~").encode()


def _canonical_query(query: bytes, left_out: bytes) -> bytes:
    pairs = []
    for pair in query.split(b"&"):
        name, _, value = pair.partition(b"=")
        if pair and name != left_out:
            pairs.append((_encoded(name), _encoded(value)))
    return "&".join(f"{name}={value}" for name, value in sorted(pairs)).encode()


def _encoded(part: bytes) -> str:
    return quote(unquote_to_bytes(part), safe="-._~")


def _canonical_value(headers: Headers, name: bytes) -> bytes:
    return b",".join(b" ".join(value.split()) for key, value in headers if key == name)
