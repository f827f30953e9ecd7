"""AddTags, ListTags, DeleteTags, and the Tags member of every Create operation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from include.sagemaker_local.control.call import Answer, Call
from include.sagemaker_local.control.refusals import could_not_find, does_not_exist, invalid
from include.sagemaker_local.wire.arns import Arn, parse
from include.sagemaker_local.wire.members import Members
from include.sagemaker_local.wire.paging import Order, page

MAX_TAGS = 50  # a resource's limit; TagList's maximum bounds one request only
_DEFAULT_PAGE_SIZE = 50  # ListTags has no page smaller than this
_BY_KEY = Order("Key", descending=False)


async def add_tags(call: Call) -> Answer:
    """Put tags on a resource; the answer holds all that it then has."""
    arn = _tagged(call)
    new = requested_tags(call.request)
    with call.store.transaction():
        call.store.put_tags(arn, new)
        tags = call.store.tags(arn)
        if len(tags) > MAX_TAGS:
            raise invalid(f"{arn} would have {len(tags)} tags; a resource can have at most {MAX_TAGS}.")
    return {"Tags": as_list(tags)}


async def list_tags(call: Call) -> Answer:
    """A resource's tags by key."""
    found = page(
        call.store.tags(_tagged(call)).items(),
        lambda item: (item[0], item[0]),
        _BY_KEY,
        size=call.request.integer("MaxResults") or _DEFAULT_PAGE_SIZE,
        token=call.request.text("NextToken"),
    )
    answer: dict[str, Any] = {"Tags": as_list(dict(found.items))}
    return answer if found.next_token is None else {**answer, "NextToken": found.next_token}


async def delete_tags(call: Call) -> Answer:
    """Take tags off a resource; keys that it does not have are ignored."""
    call.store.remove_tags(_tagged(call), call.request.texts("TagKeys"))
    return {}


def requested_tags(request: Members) -> dict[str, str]:
    """The Tags of a request by key. Raises ApiError for a key given twice or reserved for AWS."""
    tags: dict[str, str] = {}
    for tag in request.structures("Tags"):
        key = tag.required("Key")
        if key.lower().startswith("aws:"):
            raise invalid(f"Tag keys that begin with aws: are reserved for AWS; {key} cannot be set.")
        if key in tags:
            raise invalid(f"The tag key {key} is given more than once.")
        tags[key] = tag.required("Value")
    return tags


def _tagged(call: Call) -> str:
    """The ARN of the request's resource as we write it. Raises ApiError when there is none, or it cannot have tags."""
    given = call.request.required("ResourceArn")
    parsed = parse(given)
    if parsed is None:
        raise invalid(f"{given} is not the ARN of a SageMaker resource.")
    arn = call.home.arn(parsed.resource, parsed.path)
    if not _exists(call, parsed, arn) or arn != given.lower():
        raise could_not_find("resource", given)
    return arn


def _exists(call: Call, parsed: Arn, arn: str) -> bool:
    store, region, name = call.store, call.region, parsed.path
    match parsed.resource:
        case "model":
            return store.model(region, name) is not None
        case "endpoint-config":
            return store.endpoint_config(region, name) is not None
        case "endpoint":
            return store.endpoint(region, name) is not None
        case "inference-recommendations-job":
            return store.job(region, name) is not None
        case "transform-job":
            return store.transform_job(region, name) is not None
        case "model-package-group":
            return store.model_package_group(region, name) is not None
        case "model-package":
            return _unversioned_package_exists(call, arn)
    return False


def _unversioned_package_exists(call: Call, arn: str) -> bool:
    package = call.store.model_package(call.region, arn)
    if package is None:
        raise does_not_exist("ModelPackage", arn)
    if package.group_name is not None:
        raise invalid(f"{arn} is a versioned model package, which cannot have tags; tag its model package group.")
    return True


def as_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags as the API writes them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]
