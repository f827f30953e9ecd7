"""The rules of a CreateModelPackage request that the service model does not know."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from include.sagemaker_local.control.call import Call
from include.sagemaker_local.control.containers import chain, draft, refuse_missing_model_data
from include.sagemaker_local.control.refusals import invalid
from include.sagemaker_local.deployment import Container
from include.sagemaker_local.wire.members import Members

RESOURCE = "model-package"

_MAX_ADDITIONAL = 15  # AdditionalInferenceSpecifications' maximum, which adding must not get round
_INSTANCE_TYPES = ("SupportedTransformInstanceTypes", "SupportedRealtimeInferenceInstanceTypes")


def refuse_contradictions(request: Members) -> None:
    """Raise ApiError for what is neither a versioned nor an unversioned package."""
    name, group = request.text("ModelPackageName"), request.text("ModelPackageGroupName")
    if name is not None and group is not None:
        raise invalid(
            "Both ModelPackageName and ModelPackageGroupName are provided in the input. "
            "Cannot determine which one to use."
        )
    if name is None and group is None:
        raise invalid("Missing ARN.")
    if group is not None:
        _refuse_for_versions(request)
    else:
        _refuse_for_unversioned(request)


def checked_containers(call: Call) -> tuple[Container, ...]:
    """The containers of the request's InferenceSpecification, none without one.

    Raises ApiError when their names contradict each other or their model data is not there. What is inside the model
    data is looked at when a model is created, as on AWS: it may be uploaded anew until then.
    """
    specification = call.request.structure("InferenceSpecification")
    if specification is None:
        return ()
    return _containers(call, specification, "InferenceSpecification")


def _containers(call: Call, specification: Members, where: str) -> tuple[Container, ...]:
    definitions = specification.structures("Containers")
    containers = chain([draft(item, f"{where}.Containers[{number}]") for number, item in enumerate(definitions, 1)])
    for container in containers:
        if container.model_data_url is not None:
            refuse_missing_model_data(call.services.objects, container.model_data_url)
    return containers


def check_additional_specifications(call: Call, present: Sequence[Members], added: Sequence[Members]) -> None:
    """Raise ApiError when `added` would make names that are not unique, or too many, or cannot be used itself.

    It cannot when its containers contradict each other, or when model data is not there.
    """
    names = [specification.required("Name") for specification in (*present, *added)]
    if len(set(names)) != len(names):
        raise invalid("The names of a model package's AdditionalInferenceSpecifications must be unique.")
    if len(names) > _MAX_ADDITIONAL:
        raise invalid(
            f"A model package can have at most {_MAX_ADDITIONAL} AdditionalInferenceSpecifications; "
            f"this one would have {len(names)}."
        )
    for specification in added:
        _containers(call, specification, f"AdditionalInferenceSpecifications {specification.required('Name')}")


def accepted_members(request: Members) -> dict[str, Any]:
    """What is kept of the request. Two requests with one ClientToken are the same when this is."""
    return {name: value for name, value in request.raw.items() if name != "ClientToken"}


def _refuse_for_versions(request: Members) -> None:
    if request.structures("Tags"):
        raise invalid("A versioned model package cannot have tags; tag its model package group.")


def _refuse_for_unversioned(request: Members) -> None:
    if "ModelApprovalStatus" in request:
        raise invalid("ModelApprovalStatus is for versioned model packages; this one names no ModelPackageGroupName.")
    specification = request.structure("InferenceSpecification")
    if specification is None:
        raise invalid("An unversioned model package needs an InferenceSpecification.")
    missing = [name for name in _INSTANCE_TYPES if not specification.texts(name)]
    if missing:
        raise invalid(f"InferenceSpecification of an unversioned model package needs {' and '.join(missing)}.")
