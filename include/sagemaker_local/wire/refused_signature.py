"""Refusals of signatures, in the codes and words of the service that a request is for.

PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

from enum import Enum, auto

from include.sagemaker_local.errors import ApiError
from include.sagemaker_local.http1.messages import Request

_FORM = b"application/x-www-form-urlencoded"


class Dialect(Enum):
    """How a service words its errors."""

    S3 = auto()
    QUERY = auto()  # CloudWatch, STS, IAM: forms in, XML out
    JSON = auto()  # SageMaker, its runtime, CloudWatch Logs, and the local SageMaker itself


class Fault(Enum):
    """What is wrong with a signature."""

    MISSING = auto()
    OLD_VERSION = auto()  # signature version 2, which boto3 still presigns with unless it is told otherwise
    INCOMPLETE = auto()
    UNKNOWN_KEY = auto()
    MISMATCH = auto()
    SKEWED = auto()
    EXPIRED = auto()  # a presigned URL
    UNSIGNED_HEADER = auto()
    OTHER_BODY = auto()


class SignatureRefused(ApiError):
    """The request is not let in; `dialect` says how its sender reads that."""

    def __init__(self, dialect: Dialect, code: str, message: str, status: int) -> None:
        super().__init__(code, message, status=status)
        self.dialect = dialect


_DIFFERENT = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details."
)
# The last of each line is the text; {} is what is particular about the case.
_S3 = {
    Fault.MISSING: ("AccessDenied", 403, "Access Denied"),
    Fault.OLD_VERSION: (
        "InvalidRequest",
        400,
        "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.",
    ),
    Fault.INCOMPLETE: ("AuthorizationHeaderMalformed", 400, "The authorization is malformed; {}"),
    Fault.UNKNOWN_KEY: ("InvalidAccessKeyId", 403, "The AWS Access Key Id you provided does not exist in our records."),
    Fault.MISMATCH: (
        "SignatureDoesNotMatch",
        403,
        "The request signature we calculated does not match the signature you provided. Check your key and signing "
        "method.",
    ),
    Fault.SKEWED: (
        "RequestTimeTooSkewed",
        403,
        "The difference between the request time and the current time is too large.",
    ),
    Fault.EXPIRED: ("AccessDenied", 403, "Request has expired"),
    Fault.UNSIGNED_HEADER: (
        "AccessDenied",
        403,
        "There were headers present in the request which were not signed: {}",
    ),
    Fault.OTHER_BODY: (
        "XAmzContentSHA256Mismatch",
        400,
        "The provided 'x-amz-content-sha256' header does not match what was computed.",
    ),
}
_QUERY = {
    Fault.MISSING: ("MissingAuthenticationToken", 403, "Request is missing Authentication Token"),
    Fault.INCOMPLETE: ("IncompleteSignature", 400, "The signature is not complete: {}"),
    Fault.UNKNOWN_KEY: ("InvalidClientTokenId", 403, "The security token included in the request is invalid."),
    Fault.MISMATCH: ("SignatureDoesNotMatch", 403, _DIFFERENT),
    Fault.SKEWED: ("RequestExpired", 400, "The request was signed at {}, which is not within 15 minutes of now."),
    Fault.EXPIRED: ("RequestExpired", 400, "Request has expired; it was signed at {}."),
    Fault.UNSIGNED_HEADER: ("SignatureDoesNotMatch", 403, "The header {} must be a signed one."),
    Fault.OTHER_BODY: ("SignatureDoesNotMatch", 403, _DIFFERENT),
}
_JSON = {
    Fault.MISSING: ("MissingAuthenticationTokenException", 403, "Missing Authentication Token"),
    Fault.INCOMPLETE: ("IncompleteSignatureException", 403, "The signature is not complete: {}"),
    Fault.UNKNOWN_KEY: ("UnrecognizedClientException", 403, "The security token included in the request is invalid."),
    Fault.MISMATCH: ("InvalidSignatureException", 403, _DIFFERENT),
    Fault.SKEWED: (
        "InvalidSignatureException",
        403,
        "Signature expired or not yet current: it was made at {}, which is not within 15 minutes of now.",
    ),
    Fault.EXPIRED: ("InvalidSignatureException", 403, "Signature expired: it was made at {}."),
    Fault.UNSIGNED_HEADER: ("InvalidSignatureException", 403, "The header {} must be a signed one."),
    Fault.OTHER_BODY: ("InvalidSignatureException", 403, _DIFFERENT),
}
_WORDS = {Dialect.S3: _S3, Dialect.QUERY: _QUERY, Dialect.JSON: _JSON}


def dialect_of(request: Request) -> Dialect:
    """Whose words the sender reads. What gives no hint is taken for S3's, as moto does."""
    target = request.target
    if request.header(b"x-amz-target") is not None or target.startswith((b"/_local/", b"/moto-api/")):
        return Dialect.JSON
    scope = request.header(b"authorization") or target
    if b"/s3/" in scope or b"%2Fs3%2F" in scope:
        return Dialect.S3
    if (request.header(b"content-type") or b"").startswith(_FORM):
        return Dialect.QUERY
    runtime = target.startswith(b"/endpoints/") and request.method == b"POST"
    signed = b"aws4_request" in scope
    return Dialect.JSON if runtime or signed else Dialect.S3


def refusal(dialect: Dialect, fault: Fault, detail: str = "") -> SignatureRefused:
    """The refusal; `detail` is the header, time or part that it is about."""
    code, status, text = _WORDS[dialect][fault]
    return SignatureRefused(dialect, code, text.format(detail), status)
