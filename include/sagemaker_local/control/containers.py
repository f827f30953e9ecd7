"""Container definitions of models and packages, made into the chain of containers that will run."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from include.sagemaker_local.control.call import Call
from include.sagemaker_local.control.refusals import does_not_exist, invalid
from include.sagemaker_local.deployment import Container
from include.sagemaker_local.errors import ArtifactError
from include.sagemaker_local.objects import ObjectReader
from include.sagemaker_local.runtime import artifacts
from include.sagemaker_local.store.records import ModelPackageRecord
from include.sagemaker_local.wire.members import Members, unsupported

MAX_CONTAINERS = 15  # CreateModel's limit, which a package must not get round
_MAX_ENTRY_BYTES = 1024  # of a key, and of a value; the service model counts characters, AWS's documentation bytes
MAX_ENVIRONMENT_BYTES = 32 * 1024  # keys and values of all containers of one model together (API reference)

_MULTI_MODEL = "MultiModel"
_BESIDE_A_PACKAGE = ("Image", "ModelDataUrl", "ModelDataSource")


@dataclass(frozen=True, slots=True)
class Draft:
    """A container whose name is not settled yet: that needs all containers of the pipeline."""

    hostname: str | None
    image: str
    model_data_url: str | None
    environment: dict[str, str]


def draft(definition: Members, where: str) -> Draft:
    """A definition with an Image. Raises ApiError for what is missing or not served; `where` is its path."""
    if definition.text("Mode") == _MULTI_MODEL:
        raise unsupported(f"Mode {_MULTI_MODEL}", where, "multi-model endpoints are not served")
    image = definition.text("Image")
    if image is None:
        raise invalid(f"{where} needs an Image.")
    return Draft(
        hostname=definition.text("ContainerHostname"),
        image=image,
        model_data_url=_model_data_url(definition, where),
        environment=definition.text_map("Environment"),
    )


def refuse_several_multi_models(definitions: Iterable[Members]) -> None:
    """Raise ApiError in AWS's words for a pipeline that has more than one multi-model container."""
    if sum(definition.text("Mode") == _MULTI_MODEL for definition in definitions) > 1:
        raise invalid("More than one container in MultiModel mode is not supported with inference pipeline.")


def expand(call: Call, definition: Members, where: str) -> list[Draft]:
    """The containers that one entry of a model stands for: itself, or the whole list of the package it names.

    A package need not be Approved: a candidate is benchmarked before somebody approves it.
    """
    name = definition.text("ModelPackageName")
    if name is None:
        if "InferenceSpecificationName" in definition:
            raise invalid(f"{where} has an InferenceSpecificationName but no ModelPackageName.")
        return [draft(definition, where)]
    for other in _BESIDE_A_PACKAGE:
        if other in definition:
            raise invalid(f"{where} has both ModelPackageName and {other}; the package says what runs.")
    arn = call.home.arn_of("model-package", name)
    package = call.store.model_package(call.region, arn)
    if package is None:
        raise does_not_exist("ModelPackage", arn)
    drafts = package_drafts(package, definition.text("InferenceSpecificationName"))
    return _overridden(drafts, definition, where)


def package_drafts(package: ModelPackageRecord, specification_name: str | None = None) -> list[Draft]:
    """The containers of a package, or those of one of its additional inference specifications."""
    accepted = Members(package.accepted)
    if specification_name is None:
        specification = accepted.structure("InferenceSpecification")
        missing = "InferenceSpecification"
    else:
        additional = accepted.structures("AdditionalInferenceSpecifications")
        specification = next((item for item in additional if item.required("Name") == specification_name), None)
        missing = f"additional inference specification named {specification_name}"
    if specification is None:
        raise invalid(f"ModelPackage {package.arn} has no {missing}.")
    return [draft(item, f"ModelPackage {package.arn}") for item in specification.structures("Containers")]


def chain(drafts: Sequence[Draft]) -> tuple[Container, ...]:
    """The named containers. Raises ApiError when only some have a hostname, two share one, or limits are passed."""
    if len(drafts) > MAX_CONTAINERS:
        raise invalid(f"A model can have at most {MAX_CONTAINERS} containers; this one has {len(drafts)}.")
    named = [item.hostname for item in drafts if item.hostname is not None]
    if named and len(named) != len(drafts):
        raise invalid("ContainerHostname must be set for every container of an inference pipeline or for none.")
    if len(set(named)) != len(named):
        raise invalid("ContainerHostname must be unique among the containers of an inference pipeline.")
    entries = [(key, value) for item in drafts for key, value in item.environment.items()]
    longest = max((len(text.encode()) for entry in entries for text in entry), default=0)
    if longest > _MAX_ENTRY_BYTES:
        raise invalid(
            f"The Environment maps have a key or value of {longest} bytes; the limit is {_MAX_ENTRY_BYTES} bytes."
        )
    size = sum(len(f"{key}{value}".encode()) for key, value in entries)
    if size > MAX_ENVIRONMENT_BYTES:
        raise invalid(
            f"The Environment maps of all containers together have {size} bytes; "
            f"the limit is {MAX_ENVIRONMENT_BYTES} bytes."
        )
    return tuple(
        Container(item.hostname or f"container-{number}", item.image, item.model_data_url, item.environment)
        for number, item in enumerate(drafts, 1)
    )


async def check_model_data(call: Call, containers: Iterable[Container]) -> None:
    """Read and check every model archive. Raises ApiError, naming it, for one that is missing or cannot be used."""
    uris = {container.model_data_url: None for container in containers if container.model_data_url is not None}
    # In a thread: unpacking hundreds of MB would hold up every request that is being served meanwhile.
    await asyncio.to_thread(_check_archives, call.services.objects, tuple(uris))


def refuse_missing_model_data(objects: ObjectReader, uri: str) -> None:
    """Raise ApiError when there is no object at `uri`."""
    try:
        if objects.exists(uri):
            return
    except ArtifactError as error:
        raise invalid(f"Could not find model data at {uri}: {error}") from error
    raise invalid(f"Could not find model data at {uri}.")


def _check_archives(objects: ObjectReader, uris: Sequence[str]) -> None:
    for uri in uris:
        refuse_missing_model_data(objects, uri)
        try:
            artifacts.check(objects.read(uri), uri)
        except ArtifactError as error:
            raise invalid(f"Could not use model data at {uri}: {error}") from error


def _overridden(drafts: list[Draft], definition: Members, where: str) -> list[Draft]:
    """The package's containers with the entry's own hostname and environment, which only one container can take.

    A package's own environment cannot be changed: the words are AWS's, as aws/sagemaker-python-sdk#3397 reports them.
    """
    hostname, environment = definition.text("ContainerHostname"), definition.text_map("Environment")
    if hostname is None and not environment:
        return drafts
    if len(drafts) != 1:
        raise invalid(
            f"{where} sets ContainerHostname or Environment for a model package of {len(drafts)} containers, "
            "which does not say whose they are; set them in the package."
        )
    only = drafts[0]
    if only.environment and environment:
        raise invalid(
            f"Environment variable map cannot be specified both at Model Package {_as_java_prints(only.environment)} "
            f"and Model {_as_java_prints(environment)}"
        )
    return [replace(only, hostname=hostname or only.hostname, environment=environment or only.environment)]


def _as_java_prints(entries: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{key}={value}" for key, value in entries.items()) + "}"


def _model_data_url(definition: Members, where: str) -> str | None:
    url, source = definition.text("ModelDataUrl"), definition.structure("ModelDataSource")
    if url is not None and source is not None:
        raise invalid(f"{where} has both ModelDataUrl and ModelDataSource; give one of them.")
    if source is not None:
        s3 = source.structure("S3DataSource")
        if s3 is None:
            raise invalid(f"{where}.ModelDataSource needs an S3DataSource.")
        url = s3.required("S3Uri")
    if url is not None and not url.startswith("s3://"):
        raise unsupported(f"model data by https ({url})", where, "it is read from S3")
    return url
