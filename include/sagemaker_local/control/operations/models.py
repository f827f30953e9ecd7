"""CreateModel, DescribeModel, ListModels, DeleteModel."""

from __future__ import annotations

from typing import Any

from include.sagemaker_local.control.call import Answer, Call
from include.sagemaker_local.control.containers import (
    Draft,
    chain,
    check_model_data,
    expand,
    refuse_several_multi_models,
)
from include.sagemaker_local.control.listing import Listing
from include.sagemaker_local.control.operations.tags import requested_tags
from include.sagemaker_local.control.refusals import already_exists, could_not_find, invalid
from include.sagemaker_local.store.records import ModelRecord
from include.sagemaker_local.wire.members import Members

_NOUN = "model"
_ECHOED = ("PrimaryContainer", "Containers", "InferenceExecutionConfig", "ExecutionRoleArn", "VpcConfig")


async def create_model(call: Call) -> Answer:
    """A model of one PrimaryContainer or of up to 15 Containers. Its model data is read and checked here."""
    request = call.request
    name = request.required("ModelName")
    arn = call.home.arn("model", name)
    _refuse_taken(call, name, arn)
    containers = chain(_drafts(call))
    _refuse_direct_without_hostnames(request)
    tags = requested_tags(request)
    await check_model_data(call, containers)
    _refuse_taken(call, name, arn)  # another request may have taken the name while the archives were read
    with call.store.transaction():
        accepted = _accepted(request, len(containers))
        call.store.add_model(ModelRecord(call.region, name, arn, containers, call.now_s(), accepted))
        call.store.put_tags(arn, tags)
    return {"ModelArn": arn}


async def describe_model(call: Call) -> Answer:
    """The model as it was asked for; a package reference stays a reference."""
    record = _found(call)
    return {
        "ModelName": record.name,
        "ModelArn": record.arn,
        "CreationTime": record.created_at_s,
        "EnableNetworkIsolation": False,
        **{name: record.accepted[name] for name in _ECHOED if name in record.accepted},
    }


async def list_models(call: Call) -> Answer:
    """Names and ARNs, newest first."""
    return _LISTING.answer(call, call.store.models)


async def delete_model(call: Call) -> Answer:
    """Forget a model. Endpoints that run it go on running it, as on AWS."""
    call.store.remove_model(call.region, _found(call).name)
    return None


def _drafts(call: Call) -> list[Draft]:
    primary, containers = call.request.structure("PrimaryContainer"), call.request.structures("Containers")
    if primary is not None and containers:
        raise invalid("Both PrimaryContainer and Containers are given; a model has one or the other.")
    if primary is not None:
        without_hostname = {name: value for name, value in primary.raw.items() if name != "ContainerHostname"}
        return expand(call, Members(without_hostname), "PrimaryContainer")
    if not containers:
        raise invalid("Neither PrimaryContainer nor Containers is given; a model needs one of them.")
    refuse_several_multi_models(containers)
    return [
        item
        for number, definition in enumerate(containers, 1)
        for item in expand(call, definition, f"Containers[{number}]")
    ]


def _refuse_direct_without_hostnames(request: Members) -> None:
    execution = request.structure("InferenceExecutionConfig")
    if execution and execution.required("Mode") == "Direct" and "PrimaryContainer" in request:
        raise invalid("InferenceExecutionConfig with Mode Direct is for a model with Containers, which have hostnames.")


def _accepted(request: Members, container_count: int) -> dict[str, Any]:
    accepted = {name: request.raw[name] for name in _ECHOED if name in request}
    if container_count > 1:
        accepted.setdefault("InferenceExecutionConfig", {"Mode": "Serial"})  # the default for an inference pipeline
    return accepted


def _refuse_taken(call: Call, name: str, arn: str) -> None:
    if call.store.model(call.region, name) is not None:
        raise already_exists(_NOUN, arn)


def _found(call: Call) -> ModelRecord:
    name = call.request.required("ModelName")
    record = call.store.model(call.region, name)
    if record is None:
        raise could_not_find(_NOUN, call.home.arn("model", name))
    return record


_LISTING: Listing[ModelRecord] = Listing(
    member="Models",
    descending=True,
    summary=lambda record: {
        "ModelName": record.name,
        "ModelArn": record.arn,
        "CreationTime": record.created_at_s,
    },
)
