"""Whose request it is and for which region, from its AWS signature (version 4).

A signature is checked here for its form and not for its value, which `verification` does where secrets are configured.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qs

from include.sagemaker_local.errors import ApiError
from include.sagemaker_local.http1.messages import Request

MISSING = "MissingAuthenticationTokenException"
"""The code of the refusal of a request without a signature."""

_ALGORITHM = b"AWS4-HMAC-SHA256"
# What every SDK sends; anything else takes the slow path, which also says what is wrong.
_USUAL = re.compile(
    rb"AWS4-HMAC-SHA256 Credential=([^,\s]+), ?SignedHeaders=[^,\s]+, ?Signature=[0-9a-f]{64}", re.ASCII
)
# The region becomes part of ARNs and of directory names, so nothing but these characters may get in.
_SCOPE = re.compile(r"(?P<access_key>\S+)/\d{8}/(?P<region>[a-z0-9-]{1,32})/(?P<service>[a-z0-9-]{1,64})/aws4_request")
_PARAMETERS = ("Credential", "SignedHeaders", "Signature")
_FORBIDDEN = 403


@dataclass(frozen=True, slots=True)
class Credentials:
    """The scope that a request was signed for."""

    access_key: str
    region: str
    service: str


def credentials(request: Request) -> Credentials:
    """The scope of the request's signature, from its Authorization header or its presigned query.

    Raises ApiError, status 403: MissingAuthenticationTokenException without a signature, IncompleteSignatureException
    for one that is not well formed.
    """
    header = request.header(b"authorization")
    if header is None:
        return _of_query(request.target)
    usual = _USUAL.fullmatch(header)
    return _scope(usual[1] if usual else _credential_of(header))


def _credential_of(header: bytes) -> bytes:
    """The Credential parameter of a header whose parameters come in another order or are wrong."""
    algorithm, _, rest = header.partition(b" ")
    if algorithm != _ALGORITHM:
        raise _incomplete(f"the Authorization header must begin with {_ALGORITHM.decode()}")
    given = dict(part.strip().partition(b"=")[::2] for part in rest.split(b","))
    for name in _PARAMETERS:
        if not given.get(name.encode()):
            raise _incomplete(f"the Authorization header has no {name!r} parameter")
    return given[b"Credential"]


def _of_query(target: bytes) -> Credentials:
    query = parse_qs(target.partition(b"?")[2].decode("latin-1"))
    if "X-Amz-Credential" not in query:
        raise ApiError(MISSING, "Missing Authentication Token", status=_FORBIDDEN)
    for name in _PARAMETERS:
        if f"X-Amz-{name}" not in query:
            raise _incomplete(f"the query has no 'X-Amz-{name}' parameter")
    return _scope(query["X-Amz-Credential"][0].encode("latin-1", "replace"))


@lru_cache(maxsize=1024)  # clients sign with the same scope for a day, and the data plane asks on every request
def _scope(credential: bytes) -> Credentials:
    found = _SCOPE.fullmatch(credential.decode("latin-1"))
    if found is None:
        raise _incomplete("Credential must be <access key>/<yyyymmdd>/<region>/<service>/aws4_request")
    return Credentials(**found.groupdict())


def _incomplete(what: str) -> ApiError:
    return ApiError("IncompleteSignatureException", f"The signature is not complete: {what}.", status=_FORBIDDEN)
