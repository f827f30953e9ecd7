"""What a task read and made, as OpenLineage has it. Its provider may be missing, and is imported when it asks.

S3 objects are named as OpenLineage's naming page has them: namespace `s3://<bucket>`, name `<key>`. It has no names for
SageMaker; ours are the ARN in two parts, namespace `arn:aws:sagemaker:<region>:<account>` and name `<kind>/<name>`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Lineage:
    """Addresses of what was read and what was made: s3 URIs and ARNs."""

    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()


def named(address: str) -> tuple[str, str]:
    """Namespace and name of an s3 URI or an ARN."""
    if address.startswith("s3://"):
        bucket, _, key = address.removeprefix("s3://").partition("/")
        return f"s3://{bucket}", key or "/"
    namespace, _, name = address.rpartition(":")
    return namespace, name


def given(*addresses: str | None) -> tuple[str, ...]:
    """The addresses that there are."""
    return tuple(each for each in addresses if each)


def sibling(arn: str, kind: str, name: str) -> str:
    """The ARN of another SageMaker resource in the account and region of `arn`."""
    return f"{arn.rpartition(':')[0]}:{kind}/{name}"


def as_openlineage(lineage: Lineage) -> Any:
    """An OperatorLineage of the OpenLineage provider, which alone asks for it."""
    from airflow.providers.common.compat.openlineage.facet import Dataset
    from airflow.providers.openlineage.extractors import OperatorLineage

    def datasets(addresses: Iterable[str]) -> list[Any]:
        return [Dataset(namespace=namespace, name=name) for namespace, name in map(named, addresses)]

    return OperatorLineage(inputs=datasets(lineage.inputs), outputs=datasets(lineage.outputs))
