"""What the operations that ask for instances are refused when an account has no more of them."""

from __future__ import annotations

from include.sagemaker_local import instance_quota
from include.sagemaker_local.control.call import Call
from include.sagemaker_local.deployment import Deployment
from include.sagemaker_local.errors import ApiError


def refuse_beyond_quota(call: Call, endpoint_name: str, wanted: Deployment) -> None:
    """Raises ApiError when `wanted`, as what the endpoint is to run, takes more of a type than the quota leaves.

    The quota is for each type and region, over all endpoints, as on AWS.
    """
    endpoint = call.store.endpoint(call.region, endpoint_name)
    own = {} if endpoint is None or endpoint.live is None else endpoint.live.instances_by_type()
    others = call.store.instances_by_type(call.region, other_than=endpoint_name)
    refusal = instance_quota.refusal(call.services.max_instances, others, own, wanted.instances_by_type())
    if refusal is not None:
        raise ApiError("ResourceLimitExceeded", refusal)
