"""CreateModelPackageGroup, DescribeModelPackageGroup, ListModelPackageGroups, DeleteModelPackageGroup."""

from __future__ import annotations

from typing import Any

from include.sagemaker_local.control.call import Answer, Call
from include.sagemaker_local.control.listing import Listing
from include.sagemaker_local.control.operations.tags import requested_tags
from include.sagemaker_local.control.refusals import does_not_exist, invalid
from include.sagemaker_local.errors import ApiError
from include.sagemaker_local.store.records import ModelPackageGroupRecord
from include.sagemaker_local.store.selection import Compares, Comparison, Field, Predicate, Selection

_RESOURCE = "model-package-group"
GROUP_NAME = Field("group_name")
_DESCRIPTION = "ModelPackageGroupDescription"


async def create_model_package_group(call: Call) -> Answer:
    """An empty group."""
    request = call.request
    name = request.required("ModelPackageGroupName")
    arn = call.home.arn(_RESOURCE, name)
    if call.store.model_package_group(call.region, name) is not None:
        raise invalid(f"Model Package Group already exists: {arn}")
    accepted = {_DESCRIPTION: request.raw[_DESCRIPTION]} if _DESCRIPTION in request else {}
    with call.store.transaction():
        call.store.add_model_package_group(ModelPackageGroupRecord(call.region, name, arn, call.now_s(), accepted))
        call.store.put_tags(arn, requested_tags(request))
    return {"ModelPackageGroupArn": arn}


async def describe_model_package_group(call: Call) -> Answer:
    """The group. It was made by the account, as far as is known here."""
    return described_group(call, found_group(call))


async def list_model_package_groups(call: Call) -> Answer:
    """Groups, oldest first."""
    if call.request.text("CrossAccountFilterOption") == "CrossAccount":
        return {_LISTING.member: []}  # there is one account here
    return _LISTING.answer(call, call.store.model_package_groups)


async def delete_model_package_group(call: Call) -> Answer:
    """Forget an empty group."""
    record = found_group(call)
    if call.store.model_packages(Selection(call.region, (in_group(record.name),), size=1)).records:
        raise ApiError(
            "ConflictException",
            f"Model Package Group {record.arn} cannot be deleted because it still contains model packages.",
        )
    call.store.remove_model_package_group(call.region, record.name)
    return None


def described_group(call: Call, record: ModelPackageGroupRecord) -> dict[str, Any]:
    """The group in DescribeModelPackageGroup's form."""
    account_id = call.services.account_id
    identity = {"Arn": f"arn:aws:iam::{account_id}:root", "PrincipalId": account_id}
    return {**_summary(record), "CreatedBy": {"IamIdentity": identity}}


def in_group(name: str) -> Predicate:
    """What selects the versions of a group."""
    return Compares(GROUP_NAME, Comparison.EQUALS, name)


def found_group(call: Call) -> ModelPackageGroupRecord:
    """The group that the request's ModelPackageGroupName, a name or an ARN, means. Raises ApiError when absent."""
    arn = call.home.arn_of(_RESOURCE, call.request.required("ModelPackageGroupName"))
    record = call.store.model_package_group(call.region, arn.rpartition("/")[2])
    if record is None or record.arn != arn:
        raise does_not_exist("ModelPackageGroup", arn)
    return record


def _summary(record: ModelPackageGroupRecord) -> dict[str, Any]:
    return {
        "ModelPackageGroupName": record.name,
        "ModelPackageGroupArn": record.arn,
        "CreationTime": record.created_at_s,
        "ModelPackageGroupStatus": "Completed",
        **record.accepted,
    }


_LISTING: Listing[ModelPackageGroupRecord] = Listing(
    member="ModelPackageGroupSummaryList",
    descending=False,
    summary=_summary,
)
