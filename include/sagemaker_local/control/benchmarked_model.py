"""The model or package that a recommendation job is about, and what it has to say about itself."""

from __future__ import annotations

from dataclasses import dataclass

from include.sagemaker_local.control.call import Call
from include.sagemaker_local.control.refusals import DIRECT, could_not_find, does_not_exist, invalid
from include.sagemaker_local.store.records import ModelPackageRecord
from include.sagemaker_local.wire.members import Members, unsupported

# RecommendationJobContainerConfig in the API reference lists the values. OTHER is for what is in no list ("or OTHER if
# unknown", the guide on troubleshooting), and MXNET is what AWS's Python SDK sends.
_VALUES = {
    "Domain": ("COMPUTER_VISION", "NATURAL_LANGUAGE_PROCESSING", "MACHINE_LEARNING", "OTHER"),
    "Task": (
        "IMAGE_CLASSIFICATION",
        "OBJECT_DETECTION",
        "TEXT_GENERATION",
        "IMAGE_SEGMENTATION",
        "FILL_MASK",
        "CLASSIFICATION",
        "REGRESSION",
        "OTHER",
    ),
    "Framework": ("TENSORFLOW", "PYTORCH", "XGBOOST", "SAGEMAKER-SCIKIT-LEARN", "MXNET", "OTHER"),
}


@dataclass(frozen=True, slots=True)
class _Described:
    """What a job has to know of the model, from its ContainerConfig where that says it, else from the package."""

    domain: str | None
    framework: str | None
    task: str | None
    sample_payload_url: str | None
    content_types: tuple[str, ...]


def check_model(call: Call, inputs: Members) -> ModelPackageRecord | None:
    """The package that the job is for, None when it is for a model. Raises ApiError for the first broken rule."""
    arn, model_name = inputs.text("ModelPackageVersionArn"), inputs.text("ModelName")
    if (arn is None) == (model_name is None):
        raise invalid("InputConfig needs either ModelPackageVersionArn or ModelName, and not both.")
    container = inputs.structure("ContainerConfig") or Members({})
    _check_values(container)
    if model_name is not None:
        _check_named_model(call, model_name, container)
        return None
    package_arn = call.home.arn_of("model-package", arn or "")
    package = call.store.model_package(call.region, package_arn)
    if package is None:
        raise does_not_exist("ModelPackage", package_arn)
    named = f"the Model Package version {package.version}" if package.version else f"the Model Package {package.name}"
    if not package.containers:
        raise invalid(f"Specify InferenceSpecification in {named}. It says which containers the job runs.")
    _check_described(_describe(container, package), named)
    return package


def _check_named_model(call: Call, name: str, container: Members) -> None:
    model = call.store.model(call.region, name)
    if model is None:
        raise could_not_find("model", call.home.arn("model", name))
    if model.direct:
        raise unsupported(f"the model {model.name}", "CreateInferenceRecommendationsJob", DIRECT)
    _check_described(_describe(container, None), "ContainerConfig")


def _check_values(container: Members) -> None:
    for name, allowed in _VALUES.items():
        given = container.text(name)
        if given is not None and given not in allowed:
            raise invalid(f"ContainerConfig.{name} is {given}; it must be one of {', '.join(allowed)}.")


def _describe(container: Members, package: ModelPackageRecord | None) -> _Described:
    payload = container.structure("PayloadConfig") or Members({})
    registered = Members(package.accepted if package else {})
    specification = registered.structure("InferenceSpecification") or Members({})
    # One container's framework is enough: a pipeline's own code often has none of the frameworks that are known.
    frameworks = [item.text("Framework") for item in specification.structures("Containers")]
    return _Described(
        domain=container.text("Domain") or registered.text("Domain"),
        framework=container.text("Framework") or next(filter(None, frameworks), None),
        task=container.text("Task") or registered.text("Task"),
        sample_payload_url=payload.text("SamplePayloadUrl") or registered.text("SamplePayloadUrl"),
        content_types=tuple(payload.texts("SupportedContentTypes") or specification.texts("SupportedContentTypes")),
    )


def _check_described(described: _Described, where: str) -> None:
    """The text is AWS's, where it is about Domain and Framework; that the rest is missing is said in its form."""
    given = {
        "Domain": described.domain,
        "Framework": described.framework,
        "Task": described.task,
        "SamplePayloadUrl": described.sample_payload_url,
        "SupportedContentTypes": described.content_types,
    }
    for name, value in given.items():
        if not value:
            raise invalid(f"Specify {name} in {where}. {name} is a mandatory parameter for the job.")
