"""What a job tests: the containers, the requests they get, and the instance types that their package allows.

PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from include.sagemaker_local.deployment import Container
from include.sagemaker_local.errors import ApiError
from include.sagemaker_local.jobs.additional_specifications import additional_containers
from include.sagemaker_local.jobs.request import JobRequest
from include.sagemaker_local.store.records import ModelPackageRecord, ModelRecord


@dataclass(frozen=True, slots=True)
class Subject:
    """Containers in order and what to send them. `accept` is None when nobody said what they answer.

    `additional` are the containers of the package's additional inference specifications, which get the same requests.
    """

    containers: tuple[Container, ...]
    sample_payload_url: str
    content_type: str
    accept: str | None
    instance_types: tuple[str, ...]
    additional: Mapping[str, tuple[Container, ...]] = field(default_factory=dict)

    def containers_of(self, specification: str | None) -> tuple[Container, ...]:
        """Those of the additional specification of that name; None: the package's or the model's own.

        Raises ApiError when there is none of that name.
        """
        if specification is None:
            return self.containers
        if specification not in self.additional:
            text = f"The package has no additional inference specification named {specification}."
            raise ApiError("ValidationException", text)
        return self.additional[specification]


def subject_of_package(package: ModelPackageRecord, request: JobRequest) -> Subject:
    """The package, with the request's ContainerConfig on top. Raises ApiError when something needed is in neither."""
    accepted: Mapping[str, Any] = package.accepted
    specification: Mapping[str, Any] = accepted.get("InferenceSpecification") or {}
    subject = _subject(
        containers=package.containers,
        url=request.sample_payload_url or accepted.get("SamplePayloadUrl"),
        content_types=request.content_types or tuple(specification.get("SupportedContentTypes") or ()),
        response_types=request.response_types or tuple(specification.get("SupportedResponseMIMETypes") or ()),
        instance_types=request.instance_types
        or tuple(specification.get("SupportedRealtimeInferenceInstanceTypes") or ()),
        what=f"model package {package.arn}",
    )
    return replace(subject, additional=additional_containers(package))


def subject_of_model(model: ModelRecord, request: JobRequest) -> Subject:
    """The model, described by the request's ContainerConfig. Raises ApiError when something needed is missing."""
    return _subject(
        containers=model.containers,
        url=request.sample_payload_url,
        content_types=request.content_types,
        response_types=request.response_types,
        instance_types=request.instance_types,
        what=f"ContainerConfig for the model {model.name}",
    )


def _subject(
    *,
    containers: tuple[Container, ...],
    url: str | None,
    content_types: tuple[str, ...],
    response_types: tuple[str, ...],
    instance_types: tuple[str, ...],
    what: str,
) -> Subject:
    if not url:
        raise ApiError("ValidationException", f"Specify SamplePayloadUrl in the {what}. It is mandatory for the job.")
    if not content_types:
        raise ApiError(
            "ValidationException", f"Specify SupportedContentTypes in the {what}. It is mandatory for the job."
        )
    return Subject(
        containers=containers,
        sample_payload_url=url,
        # The service uses a single input type, and sends it as Content-Type; the first answer type goes with it.
        content_type=content_types[0],
        accept=response_types[0] if response_types else None,
        instance_types=instance_types,
    )
