"""TagResource, UntagResource, ListTagsForResource of Application Auto Scaling."""

from __future__ import annotations

from include.sagemaker_local.control.call import Answer, Call
from include.sagemaker_local.control.operations.tags import MAX_TAGS
from include.sagemaker_local.errors import ApiError


async def tag_resource(call: Call) -> Answer:
    """Put tags on a scalable target; a key that it has gets the new value."""
    arn = _tagged(call)
    new = call.request.text_map("Tags")
    if len({*call.store.tags(arn), *new}) > MAX_TAGS:
        raise ApiError("TooManyTagsException", f"{arn} would have more than {MAX_TAGS} tags.")
    call.store.put_tags(arn, new)
    return {}


async def untag_resource(call: Call) -> Answer:
    """Take tags off a scalable target; keys that it does not have are ignored."""
    call.store.remove_tags(_tagged(call), call.request.texts("TagKeys"))
    return {}


async def list_tags_for_resource(call: Call) -> Answer:
    """A scalable target's tags."""
    return {"Tags": call.store.tags(_tagged(call))}


def _tagged(call: Call) -> str:
    arn = call.request.required("ResourceARN")
    if not any(target.arn == arn for target in call.store.scalable_targets() if target.region == call.region):
        raise ApiError("ResourceNotFoundException", f"There is no scalable target {arn}.")
    return arn
