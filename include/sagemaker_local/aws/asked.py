"""What a request to moto asks for, as far as it matters before moto has parsed it. Nothing here knows moto."""

from __future__ import annotations

import re

from include.sagemaker_local.aws.wsgi import Environ

_READ_METHODS = frozenset(("GET", "HEAD", "OPTIONS"))
# How AWS names operations that change nothing. What moto notes of them all the same, as when a secret was last read, is
# written with the next change.
_READ_OPERATIONS = re.compile(
    r"(?:Get|List|Describe|BatchGet|Lookup|Filter|Head|Search|Query|Scan|Test|Validate)[A-Z]?"
)
# What waits for somebody outside moto who is told of something and may be a client of this server.
_WAITING = frozenset(("Publish", "PublishBatch", "PutEvents", "Invoke", "InvokeAsync"))
_ACTION = re.compile(r"(?:^|&)Action=(\w+)")


def operation_of(environ: Environ) -> str | None:
    """The operation's name in the protocols that send it; None in REST, where method and path are all there is."""
    target: str | None = environ.get("HTTP_X_AMZ_TARGET")
    if target:
        return target.rpartition(".")[2]
    found = _ACTION.search(environ["QUERY_STRING"])
    if found is None and environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        body = environ["wsgi.input"].getvalue().decode("latin-1")
        found = _ACTION.search(body)
    return None if found is None else found[1]


def is_read(environ: Environ, service: str) -> bool:
    """Whether the request to the service, which is called as moto calls it, changes nothing."""
    # What comes to S3 may look like anything, also like a form that asks for something.
    operation = None if service == "s3" else operation_of(environ)
    if operation is None:
        return environ["REQUEST_METHOD"] in _READ_METHODS
    return _READ_OPERATIONS.match(operation) is not None


def waits(environ: Environ) -> bool:
    """Whether the request may take long because of somebody else."""
    return operation_of(environ) in _WAITING
