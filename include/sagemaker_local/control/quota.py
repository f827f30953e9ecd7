"""How many instances of a type an account may run here: AWS's refusal, where the number is a setting of the server."""

from __future__ import annotations

from collections import Counter

from include.sagemaker_local.control.call import Call
from include.sagemaker_local.deployment import Deployment
from include.sagemaker_local.errors import ApiError


def refuse_beyond_quota(call: Call, endpoint_name: str, wanted: Deployment) -> None:
    """Raises ApiError when `wanted`, as what the endpoint is to run, takes more of a type than the quota leaves.

    The quota is for each type and region, over all endpoints, as on AWS. What runs beside it while a deployment is
    under way is not counted, and an endpoint beyond a quota which was lowered may stay so: both are our choices.
    """
    quota, others = call.services.max_instances, call.store.instances_by_type(call.region, other_than=endpoint_name)
    endpoint = call.store.endpoint(call.region, endpoint_name)
    own = _counts(None if endpoint is None else endpoint.live)
    for instance_type, count in _counts(wanted).items():
        if others.get(instance_type, 0) + count > quota and count > own[instance_type]:
            used = others.get(instance_type, 0) + own[instance_type]
            raise _exceeded(instance_type, quota, used, count - own[instance_type])


def _counts(deployment: Deployment | None) -> Counter[str]:
    counts: Counter[str] = Counter()
    for plan in () if deployment is None else deployment.variants:
        counts[plan.instance_type] += plan.instance_count
    return counts


def _exceeded(instance_type: str, quota: int, used: int, delta: int) -> ApiError:
    """The sentences up to "Instances." are AWS's; what to do is said for this server."""
    return ApiError(
        "ResourceLimitExceeded",
        f"The account-level service limit '{instance_type} for endpoint usage' is {quota} Instances, with current "
        f"utilization of {used} Instances and a request delta of {delta} Instances. Please start the local SageMaker "
        "with a larger --max-instances to increase this quota.",
    )
