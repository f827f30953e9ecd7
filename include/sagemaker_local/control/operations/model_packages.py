"""CreateModelPackage, DescribeModelPackage, UpdateModelPackage, ListModelPackages, DeleteModelPackage."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from include.sagemaker_local.control.call import Answer, Call
from include.sagemaker_local.control.listing import Listing
from include.sagemaker_local.control.operations.model_package_groups import GROUP_NAME, found_group, in_group
from include.sagemaker_local.control.operations.tags import requested_tags
from include.sagemaker_local.control.package_request import (
    RESOURCE,
    accepted_members,
    check_additional_specifications,
    checked_containers,
    refuse_contradictions,
)
from include.sagemaker_local.control.refusals import does_not_exist, invalid
from include.sagemaker_local.errors import ApiError
from include.sagemaker_local.store.records import ModelPackageRecord
from include.sagemaker_local.store.selection import Compares, Comparison, Exists, Field, Not, Predicate
from include.sagemaker_local.wire.members import Members

_APPROVAL = Field("approval_status")
_MAX_METADATA = 50  # CustomerMetadataMap's maximum, which merging must not get round
# Members of the request that Describe answers with under another name, or not at all.
_NOT_DESCRIBED = frozenset({"Tags", "ModelPackageName", "ModelPackageGroupName", "CustomerMetadataProperties"})
_REPLACED_BY_UPDATE = (
    "InferenceSpecification",
    "ModelCard",
    "ModelLifeCycle",
    "ModelPackageRegistrationType",
    "SourceUri",
)


async def create_model_package(call: Call) -> Answer:
    """The next version of a group, or an unversioned package; the same ClientToken again gives the same package."""
    request = call.request
    earlier = _made_by_token(call)
    if earlier is not None:
        return {"ModelPackageArn": earlier.arn}
    refuse_contradictions(request)
    containers = checked_containers(call)
    check_additional_specifications(call, (), request.structures("AdditionalInferenceSpecifications"))
    group = found_group(call) if "ModelPackageGroupName" in request else None
    now_s = call.now_s()
    with call.store.transaction():
        version = call.store.take_version(call.region, group.name) if group else None
        name = group.name if group else request.required("ModelPackageName")
        arn = call.home.arn(RESOURCE, f"{name}/{version}" if version else name)
        if call.store.model_package(call.region, arn) is not None:
            raise invalid(f"ModelPackage already exists: {arn}")
        record = ModelPackageRecord(
            region=call.region,
            name=name,
            arn=arn,
            group_name=group.name if group else None,
            version=version,
            containers=containers,
            approval_status=(request.text("ModelApprovalStatus") or "PendingManualApproval") if group else None,
            approval_description=None,
            customer_metadata=request.text_map("CustomerMetadataProperties"),
            client_token=request.text("ClientToken"),
            created_at_s=now_s,
            modified_at_s=now_s,
            accepted=accepted_members(request),
        )
        call.store.add_model_package(record)
        call.store.put_tags(arn, requested_tags(request))
    return {"ModelPackageArn": arn}


async def describe_model_package(call: Call) -> Answer:
    """The package. A version goes by its group's name."""
    return described_package(_found(call, "ModelPackageName"))


async def batch_describe_model_package(call: Call) -> Answer:
    """What lists show of each version, and its InferenceSpecification; the ARNs that are none in a map of errors."""
    found: dict[str, Any] = {}
    errors: dict[str, Any] = {}
    for arn in call.request.texts("ModelPackageArnList"):
        try:
            record = _package(call, arn)
            found[arn] = _batch_summary(record)
        except ApiError as error:
            errors[arn] = {"ErrorCode": error.code, "ErrorResponse": error.message}
    maps = {"ModelPackageSummaries": found, "BatchDescribeModelPackageErrorMap": errors}
    return {name: items for name, items in maps.items() if items}


def described_package(record: ModelPackageRecord) -> dict[str, Any]:
    """The package in DescribeModelPackage's form."""
    answer: dict[str, Any] = {
        **{name: value for name, value in record.accepted.items() if name not in _NOT_DESCRIBED},
        **_summary(record),
        "ModelPackageName": record.name,
        "ModelPackageStatusDetails": {"ValidationStatuses": [], "ImageScanStatuses": []},
    }
    if record.approval_description is not None:
        answer["ApprovalDescription"] = record.approval_description
    if record.customer_metadata:
        answer["CustomerMetadataProperties"] = dict(record.customer_metadata)
    if record.modified_at_s != record.created_at_s:
        answer["LastModifiedTime"] = record.modified_at_s
    return answer


async def update_model_package(call: Call) -> Answer:
    """Approve or reject a version, merge and remove metadata, replace a specification."""
    request = call.request
    record = _found(call, "ModelPackageArn")
    status = request.text("ModelApprovalStatus")
    if status is not None and record.version is None:
        raise invalid(f"{record.arn} is an unversioned model package, which has no ModelApprovalStatus.")
    containers = checked_containers(call) if "InferenceSpecification" in request else record.containers
    present = Members(record.accepted).structures("AdditionalInferenceSpecifications")
    check_additional_specifications(call, present, request.structures("AdditionalInferenceSpecificationsToAdd"))
    changed = replace(
        record,
        containers=containers,
        approval_status=status or record.approval_status,
        approval_description=request.text("ApprovalDescription") or record.approval_description,
        customer_metadata=_merged_metadata(record, request),
        modified_at_s=call.now_s(),
        accepted=_merged_members(record, request),
    )
    call.store.replace_model_package(changed)
    return {"ModelPackageArn": record.arn}


async def list_model_packages(call: Call) -> Answer:
    """The versions of a group, or the packages of one kind (unversioned ones when none is named), oldest first."""
    where: list[Predicate] = []
    kind = call.request.text("ModelPackageType") or "Unversioned"
    if "ModelPackageGroupName" in call.request:
        where.append(in_group(found_group(call).name))
    elif kind != "Both":
        where.append(Exists(GROUP_NAME) if kind == "Versioned" else Not(Exists(GROUP_NAME)))
    approval = call.request.text("ModelApprovalStatus")
    if approval is not None:
        where.append(Compares(_APPROVAL, Comparison.EQUALS, approval))
    return _LISTING.answer(call, call.store.model_packages, *where)


async def delete_model_package(call: Call) -> Answer:
    """Forget a package. Its version number is not given out again."""
    call.store.remove_model_package(call.region, _found(call, "ModelPackageName").arn)
    return None


def _made_by_token(call: Call) -> ModelPackageRecord | None:
    """The package of an earlier request with this ClientToken. Raises ApiError when that request was another one."""
    token = call.request.text("ClientToken")
    record = None if token is None else call.store.model_package_by_token(call.region, token)
    if record is not None and record.accepted != accepted_members(call.request):
        raise ApiError(
            "ConflictException",
            f"ClientToken {token} was already used to create {record.arn} from another request; use a new token.",
        )
    return record


def _found(call: Call, member: str) -> ModelPackageRecord:
    return _package(call, call.request.required(member))


def _package(call: Call, name_or_arn: str) -> ModelPackageRecord:
    arn = call.home.arn_of(RESOURCE, name_or_arn)
    record = call.store.model_package(call.region, arn)
    if record is None:
        raise does_not_exist("ModelPackage", arn)
    return record


def _merged_metadata(record: ModelPackageRecord, request: Members) -> dict[str, str]:
    removed = set(request.texts("CustomerMetadataPropertiesToRemove"))
    kept = {key: value for key, value in record.customer_metadata.items() if key not in removed}
    merged = {**kept, **request.text_map("CustomerMetadataProperties")}
    if len(merged) > _MAX_METADATA:
        raise invalid(
            f"{record.arn} would have {len(merged)} CustomerMetadataProperties; "
            f"a model package can have at most {_MAX_METADATA}."
        )
    return merged


def _merged_members(record: ModelPackageRecord, request: Members) -> dict[str, Any]:
    members: dict[str, Any] = dict(record.accepted)
    members.update({name: request.raw[name] for name in _REPLACED_BY_UPDATE if name in request})
    added = request.raw.get("AdditionalInferenceSpecificationsToAdd", [])
    if added:
        members["AdditionalInferenceSpecifications"] = [*members.get("AdditionalInferenceSpecifications", []), *added]
    return members


def _batch_summary(record: ModelPackageRecord) -> dict[str, Any]:
    """Raises ApiError for what this operation's answer has no form for."""
    if record.group_name is None or "InferenceSpecification" not in record.accepted:
        raise invalid(f"{record.arn} is not a versioned model package with an InferenceSpecification.")
    summary = {name: value for name, value in _summary(record).items() if name != "ModelLifeCycle"}
    return {**summary, "InferenceSpecification": record.accepted["InferenceSpecification"]}


def _summary(record: ModelPackageRecord) -> dict[str, Any]:
    summary: dict[str, Any] = {
        "ModelPackageArn": record.arn,
        "CreationTime": record.created_at_s,
        "ModelPackageStatus": "Completed",  # nothing is scanned or validated here, so nothing is ever pending
    }
    if record.version is None:
        summary["ModelPackageName"] = record.name
    else:
        summary["ModelPackageGroupName"] = record.group_name
        summary["ModelPackageVersion"] = record.version
        summary["ModelApprovalStatus"] = record.approval_status
    for name in ("ModelPackageDescription", "ModelLifeCycle", "ModelPackageRegistrationType"):
        if name in record.accepted:
            summary[name] = record.accepted[name]
    return summary


_LISTING: Listing[ModelPackageRecord] = Listing(
    member="ModelPackageSummaryList",
    descending=False,
    summary=_summary,
)
