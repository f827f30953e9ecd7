"""What the requests of Application Auto Scaling have in common: which variant they mean, and their pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from include.sagemaker_local.control.call import Call
from include.sagemaker_local.control.refusals import invalid
from include.sagemaker_local.control.scope.scaling import DIMENSION, NAMESPACE
from include.sagemaker_local.errors import ApiError
from include.sagemaker_local.store.records import ScalableTargetRecord
from include.sagemaker_local.wire.members import Members
from include.sagemaker_local.wire.paging import Order, page

R = TypeVar("R")

_RESOURCE_ID = re.compile(r"endpoint/(?P<endpoint>[^/]+)/variant/(?P<variant>[^/]+)")


@dataclass(frozen=True, slots=True)
class Variant:
    """What a ResourceId names."""

    endpoint_name: str
    variant_name: str


def identity() -> dict[str, str]:
    """The two members that are the same in every answer."""
    return {"ServiceNamespace": NAMESPACE, "ScalableDimension": DIMENSION}


def variant_of(request: Members) -> Variant:
    """The variant that a request names. Raises ApiError when it names something else."""
    found = parsed(request.required("ResourceId"))
    if found is None:
        # moto's words, which it took from the service.
        raise invalid("Unsupported service namespace, resource type or scalable dimension")
    return found


def parsed(resource_id: str) -> Variant | None:
    """The variant of `endpoint/<name>/variant/<name>`; None for anything else."""
    found = _RESOURCE_ID.fullmatch(resource_id)
    return None if found is None else Variant(found["endpoint"], found["variant"])


def found_target(call: Call) -> ScalableTargetRecord:
    """The target that the request names. Raises ApiError ObjectNotFoundException in AWS's words."""
    variant = variant_of(call.request)
    target = call.store.scalable_target(call.region, variant.endpoint_name, variant.variant_name)
    if target is None:
        raise not_found("No scalable target registered for", call.request)
    return target


def not_found(what: str, request: Members, rest: str = "") -> ApiError:
    """AWS's text for a target or policy that is not there."""
    return ApiError(
        "ObjectNotFoundException",
        f"{what} service namespace: {request.required('ServiceNamespace')}, resource ID: "
        f"{request.required('ResourceId')}, scalable dimension: {request.required('ScalableDimension')}{rest}",
    )


def page_of(
    call: Call, member: str, records: Iterable[R], key: Callable[[R], str], show: Callable[[R], dict[str, Any]]
) -> dict[str, Any]:
    """A page of a Describe operation, in the order of `key`, which is unique."""
    size = call.request.integer("MaxResults")
    if size is not None and not 1 <= size <= _MAX_RESULTS[member]:
        raise invalid(f"MaxResults is {size}; it must be 1 to {_MAX_RESULTS[member]}.")
    order = Order("ResourceId", descending=member == "ScalingActivities")
    token = call.request.text("NextToken")
    try:
        found = page(records, lambda one: (key(one), ""), order, size=size or _MAX_RESULTS[member], token=token)
    except ApiError as error:
        raise ApiError("InvalidNextTokenException", error.message) from None
    answer: dict[str, Any] = {member: [show(one) for one in found.items]}
    return answer if found.next_token is None else {**answer, "NextToken": found.next_token}


# The sizes of a page in the API reference, which are also what is shown when MaxResults is not given.
_MAX_RESULTS = {"ScalableTargets": 50, "ScalingPolicies": 10, "ScalingActivities": 50}


def wanted_by(request: Members, records: Iterable[R], variant: Callable[[R], Variant]) -> list[R]:
    """The records of the variants that ResourceIds or ResourceId name; all of them when there is neither."""
    one = request.text("ResourceId")
    named = [*request.texts("ResourceIds"), *([] if one is None else [one])]
    if not named:
        if request.text("ScalableDimension") is not None:
            # "If you specify a scalable dimension, you must also specify a resource ID" (API reference); our words.
            raise invalid("A ResourceId must be given when a ScalableDimension is.")
        return list(records)
    keys = {_key(found) for found in map(parsed, named) if found is not None}
    return [record for record in records if _key(variant(record)) in keys]


def _key(variant: Variant) -> tuple[str, str]:
    return variant.endpoint_name.lower(), variant.variant_name
