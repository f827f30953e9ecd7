"""Bodies of S3 uploads in signed chunks (Content-Encoding aws-chunked): every chunk has a signature of its own.

Source: "Signature calculations for the authorization header: transferring payload in multiple chunks", and the same
with trailing headers, in the S3 API reference.
PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, field

from include.sagemaker_local.wire.sigv4 import ALGORITHM, EMPTY_SHA256, Scope, sign_text

_SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
_SIGNED_WITH_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
FORMS = frozenset((_SIGNED, _SIGNED_WITH_TRAILER, "STREAMING-UNSIGNED-PAYLOAD-TRAILER"))
"""What x-amz-content-sha256 says of a body in chunks. The last form's chunks have no signatures."""

_HEAD = re.compile(rb"([0-9a-fA-F]{1,8});chunk-signature=([0-9a-f]{64})\r\n")
_TRAILER = re.compile(rb"((?:[^\r\n]+\r?\n)*)x-amz-trailer-signature:([0-9a-f]{64})\r\n(?:\r\n)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Seed:
    """What the first chunk's signature continues: that of the request."""

    secret: str = field(repr=False)
    scope: Scope
    moment: str
    signature: str


def is_signed(content_hash: str) -> bool:
    """Whether the body's chunks are signed."""
    return content_hash in (_SIGNED, _SIGNED_WITH_TRAILER)


def verifies(body: bytes, seed: Seed, *, with_trailer: bool) -> bool:
    """Whether `body` is whole and every chunk's signature is right."""
    previous, at = seed.signature, 0
    while (head := _HEAD.match(body, at)) is not None:
        start, size = head.end(), int(head[1], 16)
        data = body[start : start + size]
        hashes = f"{EMPTY_SHA256}\n{hashlib.sha256(data).hexdigest()}"
        given = head[2].decode()
        if not hmac.compare_digest(given, _signature("PAYLOAD", seed, previous, hashes)):
            return False
        previous, at = given, start + size
        if size == 0:
            return _ends(body[at:], seed, previous, with_trailer=with_trailer)
        if body[at : at + 2] != b"\r\n":
            return False
        at += 2
    return False


def _ends(rest: bytes, seed: Seed, previous: str, *, with_trailer: bool) -> bool:
    if not with_trailer:
        return rest in (b"", b"\r\n")
    trailer = _TRAILER.fullmatch(rest)
    if trailer is None:
        return False
    lines = b"".join(b"%b\n" % line for line in trailer[1].splitlines())
    expected = _signature("TRAILER", seed, previous, hashlib.sha256(lines).hexdigest())
    return hmac.compare_digest(trailer[2].decode(), expected)


def _signature(kind: str, seed: Seed, previous: str, hashes: str) -> str:
    text = f"{ALGORITHM}-{kind}\n{seed.moment}\n{seed.scope}\n{previous}\n{hashes}"
    return sign_text(seed.secret, seed.scope, text)
