"""What has to be there before a run creates anything, and how AWS's answers say so. PURE."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sluice.fields.limits import did_you_mean
from sluice.specs.pipeline import PipelineSpec

SAGEMAKER = "sagemaker.amazonaws.com"
ANYBODY = "*"
_ECR = re.compile(
    r"(?P<registry>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?/"
    r"(?P<repository>[a-z0-9._/-]+?)(:(?P<tag>[\w.-]{1,128})|@(?P<digest>sha256:[0-9a-f]{64}))?"
)
"""Amazon ECR User Guide, "Private registry": `<account>.dkr.ecr.<region>.amazonaws.com/<repository>:<tag>`."""


@dataclass(frozen=True, slots=True)
class EcrImage:
    """An image in a private registry of ECR."""

    registry: str
    region: str
    repository: str
    image_id: Mapping[str, str]
    """As ECR's requests have it: `imageTag` or `imageDigest`."""


def ecr_image(image: str) -> EcrImage | None:
    """The image's place in ECR, or None for one of another registry. Docker takes no tag for `latest`."""
    found = _ECR.fullmatch(image)
    if found is None:
        return None
    image_id = {"imageDigest": found["digest"]} if found["digest"] else {"imageTag": found["tag"] or "latest"}
    return EcrImage(found["registry"], found["region"], found["repository"], image_id)


def role_name(role_arn: str) -> str:
    """The name of a role, which is what IAM finds it by; its path is not."""
    return role_arn.rpartition("/")[2]


def trusts_sagemaker(trust: Mapping[str, Any]) -> bool:
    """Whether a role's trust policy lets SageMaker work under it. Conditions are not looked at."""
    statements = trust.get("Statement", ())
    for each in [statements] if isinstance(statements, Mapping) else statements:
        if each.get("Effect") == "Allow" and _may_assume(each) and _is_for_sagemaker(each.get("Principal", {})):
            return True
    return False


def _may_assume(statement: Mapping[str, Any]) -> bool:
    return any(action.lower() in ("sts:assumerole", "sts:*", ANYBODY) for action in _listed(statement.get("Action")))


def _is_for_sagemaker(principal: str | Mapping[str, Any]) -> bool:
    if isinstance(principal, str):
        return principal == ANYBODY
    return SAGEMAKER in _listed(principal.get("Service")) or ANYBODY in _listed(principal.get("AWS"))


def _listed(value: str | Sequence[str] | None) -> Sequence[str]:
    return [value] if isinstance(value, str) else value or ()


@dataclass(frozen=True, slots=True)
class InstanceTypes:
    """The types that the installed botocore knows for endpoints and for transform jobs, which have fewer."""

    endpoints: frozenset[str]
    transform_jobs: frozenset[str]


def unknown_types(spec: PipelineSpec, known: InstanceTypes) -> Iterator[tuple[str, str]]:
    """Path and problem of each instance type in the spec that AWS does not have for its purpose."""
    yield from _unknown("staging.instance_type", [spec.staging.instance_type], known.endpoints, "endpoints")
    if spec.production.instance_type:
        yield from _unknown("production.instance_type", [spec.production.instance_type], known.endpoints, "endpoints")
    for position, each in enumerate(spec.benchmark.instance_types):
        yield from _unknown(f"benchmark.instance_types[{position}]", [each], known.endpoints, "endpoints")
    for position, each in enumerate(spec.rebenchmark.instance_types if spec.rebenchmark else ()):
        yield from _unknown(f"rebenchmark.instance_types[{position}]", [each], known.endpoints, "endpoints")
    if spec.batch is not None:
        yield from _unknown("batch.instance_type", [spec.batch.instance_type], known.transform_jobs, "transform jobs")


def _unknown(path: str, types: Iterable[str], known: frozenset[str], purpose: str) -> Iterator[tuple[str, str]]:
    for each in types:
        if each not in known:
            hint = did_you_mean(each, sorted(known))
            yield (
                path,
                f"{each} is no instance type for {purpose}{hint}; when it is new on AWS, update botocore, "
                "whose list this is",
            )
