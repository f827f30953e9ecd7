"""PutModelPackageGroupPolicy, GetModelPackageGroupPolicy, DeleteModelPackageGroupPolicy.

A policy is kept and shown; nobody's access is decided by it. The beginnings of the refusals are those that Terraform's
AWS provider looks for.
"""

from __future__ import annotations

import json

from include.sagemaker_local.control.call import Answer, Call
from include.sagemaker_local.control.refusals import invalid
from include.sagemaker_local.store.records import ModelPackageGroupRecord


async def put_model_package_group_policy(call: Call) -> Answer:
    """Keep a policy, which must be a JSON object, in place of the one before."""
    policy = call.request.required("ResourcePolicy")
    group = _found(call)
    try:
        document = json.loads(policy)
    except (ValueError, RecursionError) as error:
        raise invalid(f"ResourcePolicy is not a JSON document: {error}.") from None
    if not isinstance(document, dict):
        raise invalid("ResourcePolicy must be a JSON object.")
    call.store.put_model_package_group_policy(call.region, group.name, policy)
    return {"ModelPackageGroupArn": group.arn}


async def get_model_package_group_policy(call: Call) -> Answer:
    """The policy as it was put."""
    return {"ResourcePolicy": _policy(call, _found(call))}


async def delete_model_package_group_policy(call: Call) -> Answer:
    """Forget the policy."""
    group = _found(call)
    _policy(call, group)
    call.store.remove_model_package_group_policy(call.region, group.name)
    return None


def _found(call: Call) -> ModelPackageGroupRecord:
    name = call.request.required("ModelPackageGroupName")  # no ARN here: the service model says EntityName
    group = call.store.model_package_group(call.region, name)
    if group is None:
        raise invalid(f"Cannot find Model Package Group: {call.home.arn('model-package-group', name)}")
    return group


def _policy(call: Call, group: ModelPackageGroupRecord) -> str:
    policy = call.store.model_package_group_policy(call.region, group.name)
    if policy is None:
        raise invalid(f"Cannot find resource policy for: {group.arn}")
    return policy
