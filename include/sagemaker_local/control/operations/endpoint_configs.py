"""CreateEndpointConfig, DescribeEndpointConfig, ListEndpointConfigs, DeleteEndpointConfig."""

from __future__ import annotations

from typing import Any

from include.sagemaker_local.control.async_config import check_async_config
from include.sagemaker_local.control.call import Answer, Call
from include.sagemaker_local.control.listing import Listing
from include.sagemaker_local.control.operations.tags import requested_tags
from include.sagemaker_local.control.refusals import already_exists, could_not_find, invalid
from include.sagemaker_local.store.records import EndpointConfigRecord, VariantRecord
from include.sagemaker_local.wire.members import Members

NOUN = "endpoint configuration"
_DEFAULT_WEIGHT = 1.0


async def create_endpoint_config(call: Call) -> Answer:
    """A configuration of production variants, each of an existing model."""
    request = call.request
    name = request.required("EndpointConfigName")
    arn = call.home.arn("endpoint-config", name)
    if call.store.endpoint_config(call.region, name) is not None:
        raise already_exists(NOUN, arn)
    definitions = request.structures("ProductionVariants")
    variants = tuple(_variant(call, item, number) for number, item in enumerate(definitions, 1))
    _refuse_contradictions(variants)
    accepted: dict[str, Any] = {
        "ProductionVariants": [
            {**item.raw, "InitialVariantWeight": variant.weight}
            for item, variant in zip(definitions, variants, strict=True)
        ]
    }
    if "AsyncInferenceConfig" in request:
        check_async_config(call, request, variants)
        accepted["AsyncInferenceConfig"] = request.raw["AsyncInferenceConfig"]
    if "KmsKeyId" in request:
        accepted["KmsKeyId"] = request.raw["KmsKeyId"]
    with call.store.transaction():
        record = EndpointConfigRecord(call.region, name, arn, variants, call.now_s(), accepted)
        call.store.add_endpoint_config(record)
        call.store.put_tags(arn, requested_tags(request))
    return {"EndpointConfigArn": arn}


async def describe_endpoint_config(call: Call) -> Answer:
    """The configuration as it was asked for, with the weights that were left to their default."""
    record = found_config(call)
    return {
        "EndpointConfigName": record.name,
        "EndpointConfigArn": record.arn,
        "CreationTime": record.created_at_s,
        **record.accepted,
    }


async def list_endpoint_configs(call: Call) -> Answer:
    """Names and ARNs, newest first."""
    return _LISTING.answer(call, call.store.endpoint_configs)


async def delete_endpoint_config(call: Call) -> Answer:
    """Forget a configuration. Endpoints that run it go on running it, as on AWS."""
    call.store.remove_endpoint_config(call.region, found_config(call).name)
    return None


def found_config(call: Call) -> EndpointConfigRecord:
    """The configuration that the request names. Raises ApiError when it is not there."""
    name = call.request.required("EndpointConfigName")
    record = call.store.endpoint_config(call.region, name)
    if record is None:
        raise could_not_find(NOUN, call.home.arn("endpoint-config", name))
    return record


def _variant(call: Call, definition: Members, number: int) -> VariantRecord:
    where = f"ProductionVariants[{number}]"
    model_name, instance_type = definition.text("ModelName"), definition.text("InstanceType")
    count = definition.integer("InitialInstanceCount")
    if model_name is None or instance_type is None or count is None:
        raise invalid(f"{where} needs ModelName, InstanceType and InitialInstanceCount.")
    model = call.store.model(call.region, model_name)
    if model is None:
        raise could_not_find("model", call.home.arn("model", model_name))
    weight = definition.number("InitialVariantWeight")
    return VariantRecord(
        name=definition.required("VariantName"),
        model_name=model.name,
        instance_type=instance_type,
        instance_count=count,
        weight=_DEFAULT_WEIGHT if weight is None else weight,
        startup_timeout_s=definition.number("ContainerStartupHealthCheckTimeoutInSeconds"),
    )


def _refuse_contradictions(variants: tuple[VariantRecord, ...]) -> None:
    if len({variant.name for variant in variants}) != len(variants):
        raise invalid("VariantName must be unique among the ProductionVariants of an endpoint configuration.")
    if not any(variant.weight > 0 for variant in variants):
        raise invalid("At least one of the ProductionVariants must have an InitialVariantWeight above 0.")


_LISTING: Listing[EndpointConfigRecord] = Listing(
    member="EndpointConfigs",
    descending=True,
    summary=lambda record: {
        "EndpointConfigName": record.name,
        "EndpointConfigArn": record.arn,
        "CreationTime": record.created_at_s,
    },
)
