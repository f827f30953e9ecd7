"""CreateEndpoint, UpdateEndpoint, DescribeEndpoint, ListEndpoints, DeleteEndpoint.

These write down what is wanted; the supervisor makes it so.
"""

from __future__ import annotations

from include.sagemaker_local.control.async_config import async_inference
from include.sagemaker_local.control.call import Answer, Call
from include.sagemaker_local.control.deployment_request import (
    refuse_missing_alarms,
    requested_config,
    retained_config,
)
from include.sagemaker_local.control.endpoint_description import described
from include.sagemaker_local.control.listing import Listing
from include.sagemaker_local.control.operations.endpoint_configs import found_config
from include.sagemaker_local.control.operations.tags import requested_tags
from include.sagemaker_local.control.quota import refuse_beyond_quota
from include.sagemaker_local.control.refusals import already_exists, could_not_find, invalid
from include.sagemaker_local.control.retained import retained
from include.sagemaker_local.control.scaled_variants import forget_targets, refuse_scaled_variants
from include.sagemaker_local.deployment import Deployment, VariantPlan
from include.sagemaker_local.lifecycle import EndpointEvent, EndpointStatus, endpoint_allows
from include.sagemaker_local.store.records import EndpointConfigRecord, EndpointRecord, VariantRecord

_NOUN = "endpoint"
_AT_REST = frozenset({EndpointStatus.FAILED, EndpointStatus.OUT_OF_SERVICE})


async def create_endpoint(call: Call) -> Answer:
    """An endpoint in Creating; the supervisor starts its fleet."""
    request = call.request
    name = request.required("EndpointName")
    arn = call.home.arn("endpoint", name)
    if call.store.endpoint(call.region, name) is not None:
        raise already_exists(_NOUN, arn)
    wanted = _deployment(call, found_config(call))
    refuse_beyond_quota(call, name, wanted)
    now_s = call.now_s()
    record = EndpointRecord(
        region=call.region,
        name=name,
        arn=arn,
        status=EndpointStatus.CREATING,
        live=None,
        wanted=wanted,
        failure_reason=None,
        created_at_s=now_s,
        modified_at_s=now_s,
        deployment_config=requested_config(request, wanted),  # kept for an update that retains it
    )
    with call.store.transaction():
        call.store.add_endpoint(record)
        call.store.put_tags(arn, requested_tags(request))
    call.services.wake_endpoints()
    return {"EndpointArn": arn}


async def update_endpoint(call: Call) -> Answer:
    """Ask for another configuration, or for the same one again: AWS redeploys that too."""
    request = call.request
    record = found_endpoint(call)
    refuse_unless_allowed(record, EndpointEvent.UPDATE)
    excluded = [item.required("VariantPropertyType") for item in request.structures("ExcludeRetainedVariantProperties")]
    wanted = _deployment(call, found_config(call))
    if request.flag("RetainAllVariantProperties"):
        wanted = retained(record.live, wanted, excluded)
    elif excluded:
        raise invalid("ExcludeRetainedVariantProperties needs RetainAllVariantProperties to be true.")
    refuse_scaled_variants(call, record, wanted)
    refuse_beyond_quota(call, record.name, wanted)
    config = requested_config(request, wanted)
    if request.flag("RetainDeploymentConfig"):
        if config is not None:
            raise invalid("DeploymentConfig and RetainDeploymentConfig exclude one another.")
        config = retained_config(record, wanted)
    refuse_missing_alarms(call, config)
    call.store.move_endpoint(
        call.region,
        record.name,
        EndpointEvent.UPDATE,
        wanted=wanted,
        failure_reason=None,  # it tells of the last update only until the next one begins
        deployment_config=config,
        in_place=False,
    )
    call.services.wake_endpoints()
    return {"EndpointArn": record.arn}


async def describe_endpoint(call: Call) -> Answer:
    """What serves now, and beside it what is being deployed."""
    return described(found_endpoint(call))


async def list_endpoints(call: Call) -> Answer:
    """Endpoints with their states, newest first."""
    return _LISTING.answer(call, call.store.endpoint_page)


async def delete_endpoint(call: Call) -> Answer:
    """An endpoint in Deleting; the supervisor stops its fleet and forgets it."""
    record = found_endpoint(call)
    refuse_unless_allowed(record, EndpointEvent.DELETE)
    with call.store.transaction():
        call.store.move_endpoint(call.region, record.name, EndpointEvent.DELETE)
        forget_targets(call, record)
    call.services.autoscaler.refresh()
    call.services.wake_endpoints()
    return None


def found_endpoint(call: Call) -> EndpointRecord:
    """The endpoint that the request names. Raises ApiError when it is not there."""
    name = call.request.required("EndpointName")
    record = call.store.endpoint(call.region, name)
    if record is None:
        raise could_not_find(_NOUN, call.home.arn("endpoint", name))
    return record


def refuse_unless_allowed(record: EndpointRecord, event: EndpointEvent) -> None:
    """Raises ApiError when the endpoint's state does not allow `event`."""
    if endpoint_allows(record.status, event):
        return
    if record.status in _AT_REST:
        raise invalid(f'Cannot update endpoint "{record.arn}" because it is {record.status}; delete it.')
    raise invalid(f'Cannot update in-progress endpoint "{record.arn}".')  # AWS says "update" for DeleteEndpoint too


def _deployment(call: Call, config: EndpointConfigRecord) -> Deployment:
    """The configuration with the containers of its models, as they are at this moment."""
    plans = tuple(_plan(call, variant) for variant in config.variants)
    return Deployment(config.name, plans, asynchronous=async_inference(config.accepted))


def _plan(call: Call, variant: VariantRecord) -> VariantPlan:
    model = call.store.model(call.region, variant.model_name)
    if model is None:
        raise could_not_find("model", call.home.arn("model", variant.model_name))
    return VariantPlan(
        name=variant.name,
        model_name=model.name,
        instance_type=variant.instance_type,
        instance_count=variant.instance_count,
        weight=variant.weight,
        containers=model.containers,
        startup_timeout_s=variant.startup_timeout_s,
        direct=model.direct,
    )


_LISTING: Listing[EndpointRecord] = Listing(
    member="Endpoints",
    descending=True,
    summary=lambda record: {
        "EndpointName": record.name,
        "EndpointArn": record.arn,
        "CreationTime": record.created_at_s,
        "LastModifiedTime": record.modified_at_s,
        "EndpointStatus": record.status,
    },
)
