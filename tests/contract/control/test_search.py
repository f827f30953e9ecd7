from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.contract.control.conftest import Rig

Refused = Callable[..., tuple[str, str]]
ARN = "arn:aws:sagemaker:us-east-1:123456789012"


def where(name: str, operator: str | None = None, value: str | None = None) -> dict[str, Any]:
    given = {"Name": name, "Operator": operator, "Value": value}
    return {key: text for key, text in given.items() if text is not None}


def versions(rig: Rig, *filters: dict[str, Any], **request: Any) -> list[int]:
    """The versions that are found, oldest first."""
    if filters:
        request["SearchExpression"] = {"Filters": list(filters)}
    request = {"SortBy": "CreationTime", "SortOrder": "Ascending", **request}
    answer = rig.client.search(Resource="ModelPackage", **request)
    found = [result["ModelPackage"]["ModelPackageVersion"] for result in answer["Results"]]
    assert answer["TotalHits"] == {"Value": len(found), "Relation": "EqualTo"}
    return found


@pytest.fixture
def registry(rig: Rig) -> Rig:
    """Three versions, a minute apart, the second of which is approved last."""
    for task, stage in (("CLASSIFICATION", "dev"), ("REGRESSION", "dev"), ("CLASSIFICATION", "prod")):
        rig.package(Task=task, CustomerMetadataProperties={"stage": stage}, MetadataProperties={"CommitId": stage})
        rig.clock.advance(60)
    rig.client.update_model_package(ModelPackageArn=f"{ARN}:model-package/fraud/2", ModelApprovalStatus="Approved")
    return rig


@pytest.mark.parametrize(
    ("filter_", "found"),
    [
        (where("ModelPackageGroupName", "Equals", "fraud"), [1, 2, 3]),
        (where("ModelPackageGroupName", "Equals", "other"), []),
        (where("ModelPackageGroupName", value="fraud"), [1, 2, 3]),  # Equals is what an absent operator means
        (where("ModelApprovalStatus", "Equals", "Approved"), [2]),
        (where("ModelApprovalStatus", "NotEquals", "Approved"), [1, 3]),
        (where("ModelApprovalStatus", "In", "Approved, Rejected"), [2]),
        (where("ModelPackageVersion", "GreaterThanOrEqualTo", "2"), [2, 3]),
        (where("ModelPackageVersion", "LessThan", "2"), [1]),
        (where("ModelPackageStatus", "Equals", "Completed"), [1, 2, 3]),
        (where("ModelPackageArn", "Equals", f"{ARN}:model-package/fraud/3"), [3]),
        (where("ModelPackageName", "Contains", "RAU"), [1, 2, 3]),
        (where("Task", "Equals", "REGRESSION"), [2]),
        (where("Task", "Contains", "class"), [1, 3]),
        (where("MetadataProperties.CommitId", "Equals", "prod"), [3]),
        (where("CustomerMetadataProperties.stage", "Equals", "dev"), [1, 2]),
        (where("CustomerMetadataProperties.other", "NotExists"), [1, 2, 3]),
        (where("ApprovalDescription", "Exists"), []),
        (where("Tags.owner", "Exists"), []),
    ],
)
def test_packages_by_their_properties(registry: Rig, filter_: dict[str, Any], found: list[int]) -> None:
    assert versions(registry, filter_) == found


def test_times_are_compared_as_iso_8601_or_as_seconds(registry: Rig) -> None:
    second = registry.client.describe_model_package(ModelPackageName="fraud/2")["CreationTime"]
    assert versions(registry, where("CreationTime", "GreaterThan", second.isoformat())) == [3]
    assert versions(registry, where("CreationTime", "LessThanOrEqualTo", str(second.timestamp()))) == [1, 2]


def test_filters_are_joined_by_and_unless_or_is_asked_for(registry: Rig) -> None:
    filters = [where("Task", "Equals", "CLASSIFICATION"), where("CustomerMetadataProperties.stage", "Equals", "dev")]
    assert versions(registry, *filters) == [1]
    either = {"Filters": filters, "Operator": "Or"}
    assert versions(registry, SearchExpression=either) == [1, 2, 3]
    inner = {"SubExpressions": [either], "Filters": [where("ModelApprovalStatus", "Equals", "Approved")]}
    assert versions(registry, SearchExpression=inner) == [2]


def test_nested_filters_are_on_one_item_of_a_list(registry: Rig) -> None:
    def found(*filters: dict[str, Any]) -> list[int]:
        nested = {"NestedPropertyName": "InferenceSpecification.Containers", "Filters": list(filters)}
        return versions(registry, SearchExpression={"NestedFilters": [nested]})

    framework = where("InferenceSpecification.Containers.Framework", "Equals", "SAGEMAKER-SCIKIT-LEARN")
    first = where("InferenceSpecification.Containers.ModelDataUrl", "Contains", "a.tar.gz")
    second = where("InferenceSpecification.Containers.ModelDataUrl", "Contains", "b.tar.gz")
    assert found(framework, first) == [1, 2, 3]
    assert found(framework, second) == []  # each is met, by different containers


def test_the_last_changed_comes_first_unless_another_order_is_asked_for(registry: Rig) -> None:
    def order(**request: str) -> list[int]:
        results = registry.client.search(Resource="ModelPackage", **request)["Results"]
        return [result["ModelPackage"]["ModelPackageVersion"] for result in results]

    assert order() == [2, 3, 1]
    assert order(SortBy="ModelPackageVersion") == [3, 2, 1]
    assert order(SortBy="Task", SortOrder="Ascending") == [1, 3, 2]


def test_pages(registry: Rig) -> None:
    pages = registry.client.get_paginator("search").paginate(
        Resource="ModelPackage", SortBy="Task", PaginationConfig={"PageSize": 1}
    )
    found = [(page["Results"][0]["ModelPackage"]["ModelPackageVersion"], page["TotalHits"]["Value"]) for page in pages]
    assert found == [(2, 3), (3, 3), (1, 3)]


def test_a_result_is_what_describe_answers_with_the_tags(rig: Rig) -> None:
    tag = {"Key": "owner", "Value": "risk"}
    rig.client.create_model_package_group(ModelPackageGroupName="g", Tags=[tag])
    rig.client.create_model_package_group(ModelPackageGroupName="h")
    expression = {"Filters": [where("Tags.owner", "Equals", "risk")]}
    (result,) = rig.client.search(Resource="ModelPackageGroup", SearchExpression=expression)["Results"]
    described = rig.client.describe_model_package_group(ModelPackageGroupName="g")
    del described["ResponseMetadata"]
    assert result["ModelPackageGroup"] == {**described, "Tags": [tag]}


def test_endpoints_by_state_and_configuration(rig: Rig) -> None:
    rig.endpoint("one")
    rig.endpoint("two", "config-2")
    rig.deployed("two")

    def found(*filters: dict[str, Any]) -> list[str]:
        answer = rig.client.search(Resource="Endpoint", SearchExpression={"Filters": list(filters)})
        return [result["Endpoint"]["EndpointName"] for result in answer["Results"]]

    assert found(where("EndpointStatus", "Equals", "InService")) == ["two"]
    assert found(where("EndpointConfigName", "Contains", "config-1")) == ["one"]
    assert sorted(found(where("EndpointName", "Exists"))) == ["one", "two"]


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ({}, "needs at least one of Filters"),
        ({"Filters": [where("Nope", "Equals", "x")]}, "Unknown property name: Nope"),
        ({"Filters": [where("ModelApprovalStatus", "Equals")]}, "needs a Value"),
        ({"Filters": [where("Task", "Exists", "x")]}, "has no Value"),
        ({"Filters": [where("Task", "GreaterThan", "x")]}, "not for the text property Task"),
        ({"Filters": [where("ModelPackageVersion", "Contains", "1")]}, "ModelPackageVersion is none"),
        ({"Filters": [where("ModelPackageVersion", "Equals", "one")]}, "is a number"),
        ({"Filters": [where("ModelPackageVersion", "LessThan", "nan")]}, "is a number"),
        ({"Filters": [where("CreationTime", "Equals", "noon")]}, "is a time"),
        ({"Filters": [where("CreationTime", "LessThan", "inf")]}, "is a time"),
        ({"SubExpressions": [{"Filters": [where("Task", "Exists")] * 20}] * 3}, "at most 50"),
    ],
)
def test_expressions_that_make_no_sense(rig: Rig, refused: Refused, expression: dict[str, Any], reason: str) -> None:
    code, message = refused(rig.client.search, Resource="ModelPackage", SearchExpression=expression)
    assert code == "ValidationException"
    assert reason in message


def test_what_cannot_be_searched_for_is_refused_by_its_name(rig: Rig, refused: Refused) -> None:
    code, message = refused(rig.client.search, Resource="TrainingJob")
    assert (code, "Resource TrainingJob" in message) == ("UnsupportedOperation", True)


def test_there_is_no_other_account(registry: Rig) -> None:
    assert registry.client.search(Resource="ModelPackage", CrossAccountFilterOption="CrossAccount")["Results"] == []
