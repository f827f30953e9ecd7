from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.contract.control.conftest import IMAGE, Rig

Refused = Callable[..., tuple[str, str]]
ARN = "arn:aws:sagemaker:us-east-1:123456789012"
UNVERSIONED = {
    "ModelPackageName": "plain",
    "InferenceSpecification": {
        "Containers": [{"Image": IMAGE}],
        "SupportedContentTypes": ["text/csv"],
        "SupportedResponseMIMETypes": ["text/csv"],
        "SupportedTransformInstanceTypes": ["ml.m5.large"],
        "SupportedRealtimeInferenceInstanceTypes": ["ml.m5.large"],
    },
}


def describe(rig: Rig, arn: str) -> dict[str, Any]:
    answer: dict[str, Any] = rig.client.describe_model_package(ModelPackageName=arn)
    return answer


def test_a_group_is_described_listed_and_deleted(rig: Rig) -> None:
    made = rig.client.create_model_package_group(
        ModelPackageGroupName="Fraud", ModelPackageGroupDescription="größer", Tags=[{"Key": "owner", "Value": "risk"}]
    )
    assert made["ModelPackageGroupArn"] == f"{ARN}:model-package-group/fraud"
    for name in ("Fraud", "fraud", made["ModelPackageGroupArn"]):
        described = rig.client.describe_model_package_group(ModelPackageGroupName=name)
        assert described["ModelPackageGroupName"] == "Fraud"
    assert described["ModelPackageGroupDescription"] == "größer"
    assert described["ModelPackageGroupStatus"] == "Completed"
    assert described["CreatedBy"]["IamIdentity"]["PrincipalId"] == "123456789012"
    (summary,) = rig.client.list_model_package_groups()["ModelPackageGroupSummaryList"]
    assert summary["ModelPackageGroupArn"] == made["ModelPackageGroupArn"]
    assert (
        rig.client.list_model_package_groups(CrossAccountFilterOption="CrossAccount")["ModelPackageGroupSummaryList"]
        == []
    )
    rig.client.delete_model_package_group(ModelPackageGroupName="Fraud")
    assert rig.client.list_model_package_groups()["ModelPackageGroupSummaryList"] == []


def test_a_group_with_versions_is_not_deleted(rig: Rig) -> None:
    arn = rig.package()
    with pytest.raises(rig.client.exceptions.ConflictException, match="still contains model packages"):
        rig.client.delete_model_package_group(ModelPackageGroupName="fraud")
    rig.client.delete_model_package(ModelPackageName=arn)
    rig.client.delete_model_package_group(ModelPackageGroupName="fraud")


def test_a_version_is_described_as_it_was_registered(rig: Rig) -> None:
    arn = rig.package("Fraud", CustomerMetadataProperties={"sha256": "abc"}, MetadataProperties={"CommitId": "c0ffee"})
    assert arn == f"{ARN}:model-package/fraud/1"
    described = describe(rig, arn)
    assert described["ModelPackageGroupName"] == "Fraud"
    assert described["ModelPackageVersion"] == 1
    assert described["ModelPackageName"] == "Fraud"
    assert described["ModelApprovalStatus"] == "PendingManualApproval"
    assert described["ModelPackageStatus"] == "Completed"
    assert described["ModelPackageStatusDetails"] == {"ValidationStatuses": [], "ImageScanStatuses": []}
    assert described["Domain"] == "MACHINE_LEARNING"
    assert described["SamplePayloadUrl"] == "s3://models/payload.tar.gz"
    assert described["CustomerMetadataProperties"] == {"sha256": "abc"}
    assert described["MetadataProperties"] == {"CommitId": "c0ffee"}
    assert len(described["InferenceSpecification"]["Containers"]) == 2
    assert described["CreationTime"].timestamp() == rig.clock.now_s()
    for absent in ("LastModifiedTime", "ApprovalDescription", "ModelMetrics", "Tags"):
        assert absent not in described


def test_versions_count_up_and_are_never_used_again(rig: Rig) -> None:
    first, second = rig.package(), rig.package()
    rig.client.delete_model_package(ModelPackageName=second)
    third = rig.package()
    assert [arn.rpartition("/")[2] for arn in (first, second, third)] == ["1", "2", "3"]


def test_a_refused_version_takes_no_number(rig: Rig, refused: Refused) -> None:
    rig.package()
    containers = [{"Image": IMAGE, "ModelDataUrl": "s3://models/none.tar.gz"}]
    code, message = refused(rig.package, InferenceSpecification={"Containers": containers})
    assert (code, message) == ("ValidationException", "Could not find model data at s3://models/none.tar.gz.")
    assert rig.package().endswith("/2")


def test_the_same_request_with_the_same_client_token_is_the_same_version(rig: Rig) -> None:
    assert rig.package(ClientToken="token-1") == rig.package(ClientToken="token-1")
    assert rig.package(ClientToken="token-2").endswith("/2")
    listed = rig.client.list_model_packages(ModelPackageGroupName="fraud")["ModelPackageSummaryList"]
    assert len(listed) == 2


def test_the_client_token_still_holds_after_the_version_was_approved(rig: Rig) -> None:
    arn = rig.package(ClientToken="token-1")
    rig.client.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved")
    assert rig.package(ClientToken="token-1") == arn


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (
            {"ModelPackageName": "a", "ModelPackageGroupName": "b"},
            "Both ModelPackageName and ModelPackageGroupName are provided in the input. "
            "Cannot determine which one to use.",
        ),
        ({}, "Missing ARN."),
        ({"ModelPackageName": "a"}, "An unversioned model package needs an InferenceSpecification."),
        (
            {"ModelPackageName": "a", "InferenceSpecification": {"Containers": [{"Image": "i"}]}},
            "InferenceSpecification of an unversioned model package needs SupportedTransformInstanceTypes and "
            "SupportedRealtimeInferenceInstanceTypes.",
        ),
        (
            {**UNVERSIONED, "ModelApprovalStatus": "Approved"},
            "ModelApprovalStatus is for versioned model packages; this one names no ModelPackageGroupName.",
        ),
        (
            {"ModelPackageGroupName": "g", "Tags": [{"Key": "k", "Value": "v"}]},
            "A versioned model package cannot have tags; tag its model package group.",
        ),
    ],
)
def test_contradictions(rig: Rig, refused: Refused, request_: dict[str, Any], message: str) -> None:
    assert refused(rig.client.create_model_package, **request_) == ("ValidationException", message)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("SourceAlgorithmSpecification", {"SourceAlgorithms": [{"AlgorithmName": "a"}]}),
        ("CertifyForMarketplace", True),
        ("ManagedStorageType", "Restricted"),
    ],
)
def test_what_is_not_served_is_refused_by_name(rig: Rig, refused: Refused, member: str, value: Any) -> None:
    code, message = refused(rig.package, **{member: value})
    assert (code, member in message) == ("UnsupportedOperation", True)


def test_an_unversioned_package(rig: Rig) -> None:
    arn = rig.client.create_model_package(**UNVERSIONED)["ModelPackageArn"]
    assert arn == f"{ARN}:model-package/plain"
    described = describe(rig, "plain")
    assert described["ModelPackageName"] == "plain"
    for absent in ("ModelPackageGroupName", "ModelPackageVersion", "ModelApprovalStatus"):
        assert absent not in described


def test_approval(rig: Rig, refused: Refused) -> None:
    arn = rig.package()
    rig.clock.advance(60)
    answer = rig.client.update_model_package(
        ModelPackageArn=arn, ModelApprovalStatus="Approved", ApprovalDescription="gate passed"
    )
    assert answer["ModelPackageArn"] == arn
    described = describe(rig, arn)
    assert (described["ModelApprovalStatus"], described["ApprovalDescription"]) == ("Approved", "gate passed")
    assert described["LastModifiedTime"].timestamp() == rig.clock.now_s()
    rig.client.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Rejected")
    assert describe(rig, arn)["ModelApprovalStatus"] == "Rejected"

    plain = rig.client.create_model_package(**UNVERSIONED)["ModelPackageArn"]
    code, message = refused(rig.client.update_model_package, ModelPackageArn=plain, ModelApprovalStatus="Approved")
    assert (code, "unversioned" in message) == ("ValidationException", True)


def test_customer_metadata_is_merged_and_removed(rig: Rig, refused: Refused) -> None:
    arn = rig.package(CustomerMetadataProperties={"keep": "1", "change": "1", "drop": "1"})
    rig.client.update_model_package(
        ModelPackageArn=arn,
        CustomerMetadataProperties={"change": "2", "add": "2"},
        CustomerMetadataPropertiesToRemove=["drop", "never-there"],
    )
    assert describe(rig, arn)["CustomerMetadataProperties"] == {"keep": "1", "change": "2", "add": "2"}
    assert describe(rig, arn)["ModelApprovalStatus"] == "PendingManualApproval"
    many = {f"key-{number}": "x" for number in range(48)}
    code, message = refused(rig.client.update_model_package, ModelPackageArn=arn, CustomerMetadataProperties=many)
    assert (code, "51 CustomerMetadataProperties" in message) == ("ValidationException", True)
    rig.client.update_model_package(ModelPackageArn=arn, CustomerMetadataPropertiesToRemove=["keep", "change", "add"])
    assert "CustomerMetadataProperties" not in describe(rig, arn)


def test_a_specification_is_replaced_and_another_is_added(rig: Rig) -> None:
    arn = rig.package()
    rig.client.update_model_package(
        ModelPackageArn=arn,
        InferenceSpecification={"Containers": [{"Image": "repo/new:1"}]},
        AdditionalInferenceSpecificationsToAdd=[{"Name": "fast", "Containers": [{"Image": "repo/fast:1"}]}],
    )
    described = describe(rig, arn)
    assert [item["Image"] for item in described["InferenceSpecification"]["Containers"]] == ["repo/new:1"]
    assert [item["Name"] for item in described["AdditionalInferenceSpecifications"]] == ["fast"]
    record = rig.store.model_package("us-east-1", arn)
    assert record is not None
    assert [container.image for container in record.containers] == ["repo/new:1"]


def additional(name: str, **container: Any) -> dict[str, Any]:
    return {"Name": name, "Containers": [{"Image": IMAGE, **container}]}


@pytest.mark.parametrize(
    ("added", "reason"),
    [
        ([additional("one")], "must be unique"),
        ([additional(f"more-{number}") for number in range(15)], "would have 16"),
        ([additional("two", ModelDataUrl="s3://models/none.tar.gz")], "Could not find model data"),
    ],
)
def test_additional_specifications_are_checked_when_they_are_added(
    rig: Rig, refused: Refused, added: list[dict[str, Any]], reason: str
) -> None:
    arn = rig.package(AdditionalInferenceSpecifications=[additional("one")])
    code, message = refused(
        rig.client.update_model_package, ModelPackageArn=arn, AdditionalInferenceSpecificationsToAdd=added
    )
    assert (code, reason in message) == ("ValidationException", True)
    assert len(describe(rig, arn)["AdditionalInferenceSpecifications"]) == 1


def test_versions_are_listed_by_number_even_within_one_millisecond(rig: Rig) -> None:
    for _ in range(11):
        rig.package()
    rig.client.update_model_package(ModelPackageArn=f"{ARN}:model-package/fraud/4", ModelApprovalStatus="Approved")
    pages = rig.client.get_paginator("list_model_packages").paginate(
        ModelPackageGroupName="fraud", PaginationConfig={"PageSize": 4}
    )
    versions = [item["ModelPackageVersion"] for item in pages.search("ModelPackageSummaryList[]")]
    assert versions == list(range(1, 12))
    latest = rig.client.list_model_packages(ModelPackageGroupName="fraud", SortOrder="Descending", MaxResults=1)
    (summary,) = latest["ModelPackageSummaryList"]
    assert summary["ModelPackageVersion"] == 11
    assert "ModelPackageName" not in summary
    approved = rig.client.list_model_packages(ModelPackageGroupName="fraud", ModelApprovalStatus="Approved")
    assert [item["ModelPackageVersion"] for item in approved["ModelPackageSummaryList"]] == [4]


def test_without_a_group_unversioned_packages_are_listed(rig: Rig) -> None:
    rig.package()
    rig.client.create_model_package(**UNVERSIONED)

    def kinds(**request: str) -> list[bool]:
        found = rig.client.list_model_packages(**request)["ModelPackageSummaryList"]
        return sorted("ModelPackageVersion" in item for item in found)

    assert kinds() == [False]
    assert kinds(ModelPackageType="Versioned") == [True]
    assert kinds(ModelPackageType="Both") == [False, True]
