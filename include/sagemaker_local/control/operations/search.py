"""Search: model packages, their groups and endpoints by their properties and tags."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from include.sagemaker_local.control.call import Answer, Call
from include.sagemaker_local.control.endpoint_description import described
from include.sagemaker_local.control.listing import selection, with_next_token
from include.sagemaker_local.control.operations.model_package_groups import GROUP_NAME, described_group
from include.sagemaker_local.control.operations.model_packages import described_package
from include.sagemaker_local.control.operations.tags import as_list
from include.sagemaker_local.control.search_expression import Document, Searchable, members_of, predicates
from include.sagemaker_local.store import Store
from include.sagemaker_local.store.pages import Rows
from include.sagemaker_local.store.records import EndpointRecord, ModelPackageGroupRecord, ModelPackageRecord
from include.sagemaker_local.store.selection import CREATED, MODIFIED, NAME, STATUS, Field, Selection
from include.sagemaker_local.wire.paging import Order
from include.sagemaker_local.wire.service_model import searched_members

R = TypeVar("R", EndpointRecord, ModelPackageGroupRecord, ModelPackageRecord)

_ARN = Field("arn", required=True)
_DEFAULT_ORDER = "LastModifiedTime"


@dataclass(frozen=True, slots=True)
class _Resource(Generic[R]):
    """How one kind of resource is searched for; `described` is in the form of its Describe operation."""

    searchable: Searchable
    rows: Callable[[Store, Selection], Rows[R]]
    count: Callable[[Store, Selection], int]
    described: Callable[[Call, R], Mapping[str, Any]]


async def search(call: Call) -> Answer:
    """The resources that meet the expression, the last changed first unless another order is asked for."""
    if call.request.text("CrossAccountFilterOption") == "CrossAccount":
        return {"Results": [], "TotalHits": {"Value": 0, "Relation": "EqualTo"}}  # there is one account here
    match call.request.required("Resource"):
        case "ModelPackage" as kind:
            return _answer(call, kind, _PACKAGES)
        case "ModelPackageGroup" as kind:
            return _answer(call, kind, _GROUPS)
        case kind:  # an endpoint: the scope lets nothing else through
            return _answer(call, kind, _ENDPOINTS)


def _answer(call: Call, kind: str, resource: _Resource[R]) -> dict[str, Any]:
    request = call.request
    order = Order(request.text("SortBy") or _DEFAULT_ORDER, request.text("SortOrder") != "Ascending")
    where = predicates(resource.searchable, request.structure("SearchExpression"))
    asked = selection(call, order, resource.searchable.field(order.sort_by), where)
    found = resource.rows(call.store, asked)
    answer: dict[str, Any] = {
        "Results": [
            {kind: _result(call, kind, record.arn, resource.described(call, record))} for record in found.records
        ],
        "TotalHits": {"Value": resource.count(call.store, asked), "Relation": "EqualTo"},
    }
    return with_next_token(answer, found.last, order)


def _result(call: Call, kind: str, arn: str, description: Mapping[str, Any]) -> dict[str, Any]:
    """What Describe answers, without the members that Search does not have, and with the tags."""
    known = searched_members(kind)
    result = {name: value for name, value in description.items() if name in known}
    tags = call.store.tags(arn)
    return {**result, "Tags": as_list(tags)} if tags else result


# A column may be an expression of constants and columns: both are always the same or derived.
_COMPLETED = Field("'Completed'", required=True)
_CONFIG_NAME = Field("coalesce(json_extract(live_json, '$.config_name'), json_extract(wanted_json, '$.config_name'))")

_PACKAGES = _Resource(
    Searchable(
        texts={
            "ModelPackageName": NAME,
            "ModelPackageArn": _ARN,
            "ModelPackageGroupName": GROUP_NAME,
            "ModelPackageStatus": _COMPLETED,
            "ModelApprovalStatus": Field("approval_status"),
            "ApprovalDescription": Field("approval_description"),
        },
        numbers={"ModelPackageVersion": Field("version")},
        times={"CreationTime": CREATED, "LastModifiedTime": MODIFIED},
        documents={
            "CustomerMetadataProperties": Document("customer_metadata_json", whole=True),
            **members_of(
                "accepted_json",
                (
                    "ModelPackageDescription",
                    "ModelPackageRegistrationType",
                    "InferenceSpecification",
                    "AdditionalInferenceSpecifications",
                    "MetadataProperties",
                    "ModelMetrics",
                    "DriftCheckBaselines",
                    "Domain",
                    "Task",
                    "SamplePayloadUrl",
                    "SkipModelValidation",
                    "SourceUri",
                    "SecurityConfig",
                    "ModelCard",
                    "ModelLifeCycle",
                ),
            ),
        },
    ),
    rows=Store.model_packages,
    count=Store.count_model_packages,
    described=lambda _, record: described_package(record),
)
_GROUPS = _Resource(
    Searchable(
        texts={"ModelPackageGroupName": NAME, "ModelPackageGroupArn": _ARN, "ModelPackageGroupStatus": _COMPLETED},
        numbers={},
        times={"CreationTime": CREATED, "LastModifiedTime": CREATED},  # a group is never modified
        documents=members_of("accepted_json", ("ModelPackageGroupDescription",)),
    ),
    rows=Store.model_package_groups,
    count=Store.count_model_package_groups,
    described=described_group,
)
_ENDPOINTS = _Resource(
    Searchable(
        texts={
            "EndpointName": NAME,
            "EndpointArn": _ARN,
            "EndpointStatus": STATUS,
            "EndpointConfigName": _CONFIG_NAME,
            "FailureReason": Field("failure_reason"),
        },
        numbers={},
        times={"CreationTime": CREATED, "LastModifiedTime": MODIFIED},
        documents={},
    ),
    rows=Store.endpoint_page,
    count=Store.count_endpoints,
    described=lambda _, record: described(record),
)
