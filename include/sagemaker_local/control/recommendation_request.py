"""The rules of a CreateInferenceRecommendationsJob request that the service model does not know."""

from __future__ import annotations

from dataclasses import dataclass

from include.sagemaker_local.control.call import Call
from include.sagemaker_local.control.refusals import DIRECT, could_not_find, does_not_exist, invalid
from include.sagemaker_local.lifecycle import EndpointStatus
from include.sagemaker_local.store.records import ModelPackageRecord
from include.sagemaker_local.wire.members import Members, unsupported

_WHERE = "CreateInferenceRecommendationsJob"
_BURSTABLE = ("ml.t2.", "ml.t3.")
_PERCENTILES = ("P95", "P99")  # ModelLatencyThreshold in the API reference
_MAX_INVOCATIONS_PER_MINUTE = 30_000  # StoppingConditions.MaxInvocations in the developer guide
_MAX_DURATION_S = 18_000  # JobDurationInSeconds in the API reference


@dataclass(frozen=True, slots=True)
class _Described:
    """What a job has to know of the model, from its ContainerConfig where that says it, else from the package."""

    domain: str | None
    framework: str | None
    task: str | None
    sample_payload_url: str | None
    content_types: tuple[str, ...]


def check_request(call: Call) -> ModelPackageRecord | None:
    """The package that the job is for, None when it is for a model. Raises ApiError for the first broken rule."""
    request = call.request
    inputs = Members(request.raw["InputConfig"])
    _check_limits(request, inputs)
    _check_instance_types(inputs)
    package = _check_subject(call, inputs)
    for endpoint in inputs.structures("Endpoints"):  # the service model allows one at most
        _check_endpoint(call, endpoint)
    return package


def _check_limits(request: Members, inputs: Members) -> None:
    duration_s = inputs.integer("JobDurationInSeconds")
    if duration_s is not None and duration_s > _MAX_DURATION_S:
        raise invalid(f"JobDurationInSeconds is {duration_s}; it can be at most {_MAX_DURATION_S}.")
    conditions = request.structure("StoppingConditions")
    if conditions is None:
        return
    most = conditions.integer("MaxInvocations")
    if most is not None and not 1 <= most <= _MAX_INVOCATIONS_PER_MINUTE:
        raise invalid(f"StoppingConditions.MaxInvocations is {most}; it must be 1 to {_MAX_INVOCATIONS_PER_MINUTE}.")
    for threshold in conditions.structures("ModelLatencyThresholds"):
        percentile, limit_ms = threshold.text("Percentile"), threshold.integer("ValueInMilliseconds")
        if percentile not in _PERCENTILES:
            raise invalid(f"ModelLatencyThresholds.Percentile is {percentile}; it must be P95 or P99.")
        if limit_ms is None or limit_ms < 1:
            raise invalid(f"ModelLatencyThresholds.ValueInMilliseconds is {limit_ms}; it must be 1 or more.")


def _check_instance_types(inputs: Members) -> None:
    container = inputs.structure("ContainerConfig")
    wanted = list(container.texts("SupportedInstanceTypes")) if container else []
    for configuration in inputs.structures("EndpointConfigurations"):
        instance_type = configuration.text("InstanceType")
        if instance_type is None:
            raise invalid("Each of InputConfig.EndpointConfigurations needs an InstanceType.")
        wanted.append(instance_type)
    for instance_type in wanted:
        if instance_type.startswith(_BURSTABLE):
            raise invalid(f"Burstable instance type {instance_type} is not allowed.")


def _check_subject(call: Call, inputs: Members) -> ModelPackageRecord | None:
    arn, model_name = inputs.text("ModelPackageVersionArn"), inputs.text("ModelName")
    if (arn is None) == (model_name is None):
        raise invalid("InputConfig needs either ModelPackageVersionArn or ModelName, and not both.")
    container = inputs.structure("ContainerConfig") or Members({})
    if model_name is not None:
        model = call.store.model(call.region, model_name)
        if model is None:
            raise could_not_find("model", call.home.arn("model", model_name))
        if model.direct:
            raise unsupported(f"the model {model.name}", _WHERE, DIRECT)
        _check_described(_describe(container, None), "ContainerConfig")
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


def _check_endpoint(call: Call, given: Members) -> None:
    name = given.text("EndpointName")
    if name is None:
        raise invalid("InputConfig.Endpoints needs an EndpointName.")
    arn = call.home.arn("endpoint", name)
    endpoint = call.store.endpoint(call.region, name)
    if endpoint is None:
        raise could_not_find("endpoint", arn)
    if endpoint.status is not EndpointStatus.IN_SERVICE or endpoint.live is None:
        raise invalid(f'Endpoint "{arn}" is {endpoint.status}; an endpoint to be benchmarked must be InService.')
    scaled = call.store.scalable_targets_of(call.region, endpoint.name)
    if scaled:
        raise invalid(
            f'Endpoint "{arn}" scales automatically; an endpoint to be benchmarked must not. Deregister its scalable '
            f"target {scaled[0].resource_id} from Application Auto Scaling first."
        )
    variants = len(endpoint.live.variants)
    if variants != 1:
        raise invalid(f'Endpoint "{arn}" has {variants} variants; an endpoint to be benchmarked must have exactly one.')
    if endpoint.live.asynchronous is not None:
        raise invalid(f'Endpoint "{arn}" is asynchronous; an endpoint to be benchmarked must be a real-time endpoint.')
    if endpoint.live.variants[0].direct:
        raise unsupported(f'endpoint "{arn}"', _WHERE, DIRECT)
