"""Whether a request was signed by somebody who knows the secret, lately, and is what was signed.

Who verifies knows the secrets of the access keys; a request with any other key is refused. Codes and texts are those of
the service that the request is for: S3, the query services (`RequestExpired`, ...) and all others say it differently.
Sources: "Authenticating Requests" and "Error responses" of the S3 API reference; "Common Errors" of the others'.
PURE: no I/O, no third-party imports; the time is handed in.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qs

from include.sagemaker_local.errors import ApiError
from include.sagemaker_local.http1.messages import Request
from include.sagemaker_local.wire import aws_chunked
from include.sagemaker_local.wire.refused_signature import Dialect, Fault, dialect_of, refusal
from include.sagemaker_local.wire.signature import MISSING, credentials
from include.sagemaker_local.wire.sigv4 import MOMENT, Scope, canonical_request, signature

# "Requests must reach AWS within 15 minutes of the time stamp"; nor may they come from the future.
MAX_SKEW_S = 15 * 60
# A presigned URL is good for a week at most.
_LONGEST_EXPIRY_S = 7 * 24 * 3600
_UNSIGNED = b"UNSIGNED-PAYLOAD"
_PARAMETER = re.compile(rb"(\w+)=([^,\s]+)")
_CONTENT_HASH = b"x-amz-content-sha256"


@dataclass(frozen=True, slots=True)
class _Claim:
    """What a request says about its own signature."""

    access_key: str
    scope: Scope
    moment: str
    signed_headers: tuple[bytes, ...]
    signature: str
    expires_s: int | None  # of a presigned URL


class Verifier:
    """Knows the secrets by access key. `now_s` is asked once a request, seconds since the epoch."""

    def __init__(self, secrets: Mapping[str, str], now_s: Callable[[], float]) -> None:
        self._secrets = secrets
        self._now_s = now_s

    def verify(self, request: Request) -> None:
        """Raises ApiError, in the words of the service that the request is for, unless everything is in order."""
        dialect = dialect_of(request)
        try:
            claim = _claim(request)
        except ApiError as error:
            raise refusal(dialect, _fault(request, error, dialect), error.message) from None
        secret = self._secrets.get(claim.access_key)
        if secret is None:
            raise refusal(dialect, Fault.UNKNOWN_KEY)
        self._check_time(claim, dialect)
        _check_signed_headers(request, claim, dialect)
        payload_hash = _payload_hash(request, claim, dialect)
        presigned = b"X-Amz-Signature" if claim.expires_s is not None else b""
        canonical = canonical_request(request, claim.scope, claim.signed_headers, payload_hash, left_out=presigned)
        expected = signature(secret, claim.scope, claim.moment, canonical)
        if not hmac.compare_digest(expected.encode(), claim.signature.encode()):
            raise refusal(dialect, Fault.MISMATCH)
        if aws_chunked.is_signed(payload_hash):
            seed = aws_chunked.Seed(secret, claim.scope, claim.moment, claim.signature)
            if not aws_chunked.verifies(request.body, seed, with_trailer=payload_hash.endswith("-TRAILER")):
                raise refusal(dialect, Fault.MISMATCH)

    def _check_time(self, claim: _Claim, dialect: Dialect) -> None:
        try:
            signed_s = datetime.strptime(claim.moment, MOMENT).replace(tzinfo=UTC).timestamp()
        except ValueError:
            raise refusal(dialect, Fault.INCOMPLETE, "X-Amz-Date must look like 20260131T235959Z") from None
        if claim.moment[:8] != claim.scope.date:
            raise refusal(dialect, Fault.INCOMPLETE, "the date in Credential is not that of X-Amz-Date")
        now_s = self._now_s()
        good_for_s = MAX_SKEW_S if claim.expires_s is None else claim.expires_s
        if now_s > signed_s + good_for_s:
            raise refusal(dialect, Fault.SKEWED if claim.expires_s is None else Fault.EXPIRED, claim.moment)
        if signed_s > now_s + MAX_SKEW_S:
            raise refusal(dialect, Fault.SKEWED, claim.moment)


def _fault(request: Request, error: ApiError, dialect: Dialect) -> Fault:
    old = b"AWSAccessKeyId=" in request.target or (request.header(b"authorization") or b"").startswith(b"AWS ")
    if old and dialect is Dialect.S3:
        return Fault.OLD_VERSION
    return Fault.MISSING if error.code == MISSING else Fault.INCOMPLETE


def _claim(request: Request) -> _Claim:
    """Raises ApiError when the signature is missing or not complete."""
    known = credentials(request)  # the form of everything but the date's
    header = request.header(b"authorization")
    if header is not None:
        given = {name.decode(): value.decode("latin-1") for name, value in _PARAMETER.findall(header)}
        moment = (request.header(b"x-amz-date") or b"").decode("latin-1")
        expires_s = None
    else:
        query = parse_qs(request.target.partition(b"?")[2].decode("latin-1"))
        given = {name.removeprefix("X-Amz-"): values[0] for name, values in query.items()}
        if given.get("Algorithm") != "AWS4-HMAC-SHA256":
            raise ApiError("IncompleteSignatureException", "X-Amz-Algorithm must be AWS4-HMAC-SHA256")
        moment, expires_s = given.get("Date", ""), _expiry_s(given.get("Expires", ""))
    names = [name for name in ("Credential", "SignedHeaders", "Signature") if not given.get(name)]
    if names:
        raise ApiError("IncompleteSignatureException", f"{names[0]} cannot be read")
    date = given["Credential"].rsplit("/", 4)[1]
    return _Claim(
        access_key=known.access_key,
        scope=Scope(date, known.region, known.service),
        moment=moment,
        signed_headers=tuple(name.encode("latin-1") for name in given["SignedHeaders"].lower().split(";")),
        signature=given["Signature"],
        expires_s=expires_s,
    )


def _expiry_s(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 9 and int(text) <= _LONGEST_EXPIRY_S):
        raise ApiError("IncompleteSignatureException", "X-Amz-Expires must be a number of seconds, a week at most")
    return int(text)


def _check_signed_headers(request: Request, claim: _Claim, dialect: Dialect) -> None:
    """What says where a request goes and what it does has to be signed: the host, and AWS's own headers."""
    if b"host" not in claim.signed_headers:
        raise refusal(dialect, Fault.INCOMPLETE, "'Host' must be a signed header")
    for name, _ in request.headers:
        if name.startswith(b"x-amz-") and name not in claim.signed_headers:
            raise refusal(dialect, Fault.UNSIGNED_HEADER, name.decode("latin-1"))


def _payload_hash(request: Request, claim: _Claim, dialect: Dialect) -> str:
    """What stands for the body in the canonical request. Raises ApiError when the body is not what it says."""
    said = request.header(_CONTENT_HASH)
    is_s3 = claim.scope.service == "s3"
    if is_s3 and claim.expires_s is not None and said is None:
        return _UNSIGNED.decode()
    if is_s3 and said is not None and (said == _UNSIGNED or said.startswith(b"STREAMING-")):
        text = said.decode("latin-1")
        if said != _UNSIGNED and text not in aws_chunked.FORMS:
            raise refusal(dialect, Fault.INCOMPLETE, f"x-amz-content-sha256 {text} is not known here")
        return text
    is_really = hashlib.sha256(request.body).hexdigest()
    if said is not None and not hmac.compare_digest(said, is_really.encode()):
        raise refusal(dialect, Fault.OTHER_BODY)
    return is_really
