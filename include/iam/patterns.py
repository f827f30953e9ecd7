"""The resource of one call -> the pattern that a policy has in its place, with `${Placeholders}` for what differs.

Names that begin with the pipeline's name become `${Pipeline}*`; what a task asks about that has another name, as
housekeeping does, becomes `*`, for then it may be anything of that kind.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

REGION, ACCOUNT = "${Region}", "${Account}"
NAMED = frozenset({"model", "endpoint-config", "endpoint", "inference-recommendations-job", "transform-job"})
"""Kinds whose names begin with the pipeline's."""
ENDPOINT_LOGS = "log-group:/aws/sagemaker/Endpoints/"
_PLACE = re.compile(r"(arn:aws:[a-z0-9-]+):[^:]*:[^:]*:(.*)", re.DOTALL)


@dataclass(frozen=True)
class Layout:
    """Which bucket of a policy an object belongs to, by how its key begins; the first that fits, else `otherwise`."""

    buckets: Mapping[str, str]
    otherwise: str
    without_key: str
    """The one that is meant where a call names a bucket and nothing in it."""

    def bucket_of(self, key: str) -> str:
        """The placeholder for the bucket of a key or prefix."""
        if not key:
            return self.without_key
        return next((name for prefix, name in self.buckets.items() if key.startswith(prefix)), self.otherwise)


def pattern(resource: str, request: Mapping[str, Any], pipeline: str | None, layout: Layout) -> str:
    """The pattern for a resource that `refusals.permissions.needs_of` names; `pipeline` is None where all are meant."""
    found = _PLACE.fullmatch(resource)
    if found is None:
        return resource
    arn, rest = found.groups()
    service = arn.rpartition(":")[2]
    if service == "s3":
        return f"{arn}:::{_in_bucket(rest, request, layout)}"
    if service == "ecr":
        return f"{arn}:{REGION}:*:repository/*"
    if service == "iam":
        own = rest.startswith("role/aws-service-role/")
        return f"{arn}::{ACCOUNT}:{rest if own else 'role/${ExecutionRole}'}"
    shortened = {"sagemaker": _of_sagemaker, "logs": _of_logs}.get(service, _of_others)
    return f"{arn}:{REGION}:{ACCOUNT}:{shortened(rest, pipeline)}"


def _in_bucket(rest: str, request: Mapping[str, Any], layout: Layout) -> str:
    bucket = layout.bucket_of(str(request.get("Key") or request.get("Prefix") or ""))
    return f"${{{bucket}}}/*" if "/" in rest else f"${{{bucket}}}"


def _of_sagemaker(rest: str, pipeline: str | None) -> str:
    kind, _, name = rest.partition("/")
    if kind in NAMED:
        return f"{kind}/{_named(name, pipeline)}"
    known = pipeline is not None
    if kind == "model-package-group":
        return f"{kind}/{'${PackageGroup}' if known else '*'}"
    return f"{kind}/{'${PackageGroup}/*' if known else '*'}"


def _of_logs(rest: str, pipeline: str | None) -> str:
    if not rest.startswith(ENDPOINT_LOGS):
        return rest
    endpoint, colon, stream = rest.removeprefix(ENDPOINT_LOGS).partition(":")
    return f"{ENDPOINT_LOGS}{_named(endpoint, pipeline)}{colon}{stream}"


def _of_others(rest: str, pipeline: str | None) -> str:
    return rest if "*" in rest else "${Name}"


def _named(name: str, pipeline: str | None) -> str:
    return "${Pipeline}*" if pipeline and name.startswith(pipeline) else "*"
