"""The containers of a package's AdditionalInferenceSpecifications.

Registration has checked them, by the rules of `control/containers.py`, and keeps them as they were given.
PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from include.sagemaker_local.deployment import Container
from include.sagemaker_local.store.records import ModelPackageRecord


def additional_containers(package: ModelPackageRecord) -> dict[str, tuple[Container, ...]]:
    """The containers in order, by the specification's name."""
    accepted: Mapping[str, Any] = package.accepted
    return {
        specification["Name"]: tuple(
            _container(definition, number) for number, definition in enumerate(specification["Containers"], 1)
        )
        for specification in accepted.get("AdditionalInferenceSpecifications") or ()
    }


def _container(definition: Mapping[str, Any], number: int) -> Container:
    source: Mapping[str, Any] = (definition.get("ModelDataSource") or {}).get("S3DataSource") or {}
    return Container(
        name=definition.get("ContainerHostname") or f"container-{number}",
        image=definition["Image"],
        model_data_url=definition.get("ModelDataUrl") or source.get("S3Uri"),
        environment=dict(definition.get("Environment") or {}),
    )
