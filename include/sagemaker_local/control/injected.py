"""Injected faults of the control plane: they answer before the operation acts."""

from __future__ import annotations

from dataclasses import dataclass

from include.sagemaker_local.control.call import Call
from include.sagemaker_local.errors import ApiError
from include.sagemaker_local.faults import FaultTable, Kind
from include.sagemaker_local.wire.members import Members

CAPACITY_OPERATIONS = frozenset(
    {"CreateEndpoint", "UpdateEndpoint", "UpdateEndpointWeightsAndCapacities", "CreateTransformJob"}
)
"""Operations that ask for instances, and so can meet a quota."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """Instances that a request asks for, and how many of their type are in use."""

    instance_type: str
    count: int
    in_use: int
    usage: str


def refuse_injected(faults: FaultTable, operation: str, call: Call) -> None:
    """Raises ApiError, in AWS's words, when a fault strikes here."""
    where = {"region": call.region, "operation": operation}
    endpoint = call.request.text("EndpointName")
    if endpoint is not None:
        where["endpoint"] = endpoint
    if faults.strike(Kind.THROTTLING, where) is not None:
        raise ApiError("ThrottlingException", "Rate exceeded")
    if operation in CAPACITY_OPERATIONS and faults.has({Kind.RESOURCE_LIMIT_EXCEEDED}):
        for asked in _asked(operation, call):
            if faults.strike(Kind.RESOURCE_LIMIT_EXCEEDED, {**where, "instance_type": asked.instance_type}) is not None:
                raise ApiError("ResourceLimitExceeded", _limit_text(asked))


def _limit_text(asked: _Asked) -> str:
    """What users have reported. The limit is what is in use, so that nothing more can be had."""
    return (
        f"The account-level service limit '{asked.instance_type} for {asked.usage}' is {asked.in_use} Instances, with "
        f"current utilization of {asked.in_use} Instances and a request delta of {asked.count} Instances. Please use "
        "AWS Service Quotas to request an increase for this quota. If AWS Service Quotas is not available, contact AWS "
        "support to request an increase for this quota."
    )


def _asked(operation: str, call: Call) -> list[_Asked]:
    """What the request asks for; nothing when it names what is not there: then the operation itself says so."""
    request = call.request
    if operation == "CreateTransformJob":
        resources = request.structure("TransformResources") or Members({})
        asked = [(resources.required("InstanceType"), resources.integer("InstanceCount") or 0)]
        return [_Asked(*one, 0, "transform job usage") for one in asked]
    in_use = _in_use(call)
    return [
        _Asked(instance_type, count, in_use.get(instance_type, 0), "endpoint usage")
        for instance_type, count in _endpoint_instances(operation, call)
    ]


def _endpoint_instances(operation: str, call: Call) -> list[tuple[str, int]]:
    request = call.request
    if operation != "UpdateEndpointWeightsAndCapacities":
        config = call.store.endpoint_config(call.region, request.required("EndpointConfigName"))
        return [] if config is None else [(one.instance_type, one.instance_count) for one in config.variants]
    endpoint = call.store.endpoint(call.region, request.required("EndpointName"))
    plans = {} if endpoint is None or endpoint.live is None else {plan.name: plan for plan in endpoint.live.variants}
    wanted = {
        one.required("VariantName"): one.integer("DesiredInstanceCount") or 0
        for one in request.structures("DesiredWeightsAndCapacities")
    }
    more = {name: count - plans[name].instance_count for name, count in wanted.items() if name in plans}
    return [(plans[name].instance_type, count) for name, count in more.items() if count > 0]


def _in_use(call: Call) -> dict[str, int]:
    """How many instances of each type the region's endpoints have."""
    found: dict[str, int] = {}
    for endpoint in call.store.endpoints():
        deployment = endpoint.live or endpoint.wanted
        for plan in () if deployment is None or endpoint.region != call.region else deployment.variants:
            found[plan.instance_type] = found.get(plan.instance_type, 0) + plan.instance_count
    return found
