from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.contract.control.conftest import Rig

Refused = Callable[..., tuple[str, str]]
ARN = "arn:aws:sagemaker:us-east-1:123456789012:model-package-group/g"


def test_a_policy_is_kept_replaced_shown_and_deleted(rig: Rig, refused: Refused) -> None:
    rig.client.create_model_package_group(ModelPackageGroupName="g")
    for policy in ('{"Version": "2012-10-17"}', '{"Version":"2012-10-17","Statement":[]}'):
        made = rig.client.put_model_package_group_policy(ModelPackageGroupName="G", ResourcePolicy=policy)
        assert made["ModelPackageGroupArn"] == ARN
        assert rig.client.get_model_package_group_policy(ModelPackageGroupName="g")["ResourcePolicy"] == policy
    rig.client.delete_model_package_group_policy(ModelPackageGroupName="g")
    for operation in (rig.client.get_model_package_group_policy, rig.client.delete_model_package_group_policy):
        assert refused(operation, ModelPackageGroupName="g") == (
            "ValidationException",
            f"Cannot find resource policy for: {ARN}",
        )


def test_a_group_made_anew_does_not_inherit_a_policy(rig: Rig, refused: Refused) -> None:
    for _ in range(2):
        rig.client.create_model_package_group(ModelPackageGroupName="g")
        assert (
            "Cannot find resource policy"
            in refused(rig.client.get_model_package_group_policy, ModelPackageGroupName="g")[1]
        )
        rig.client.put_model_package_group_policy(ModelPackageGroupName="g", ResourcePolicy="{}")
        rig.client.delete_model_package_group(ModelPackageGroupName="g")


def test_a_group_that_is_not_there(rig: Rig, refused: Refused) -> None:
    assert refused(rig.client.put_model_package_group_policy, ModelPackageGroupName="g", ResourcePolicy="{}") == (
        "ValidationException",
        f"Cannot find Model Package Group: {ARN}",
    )


@pytest.mark.parametrize("policy", ["no json", "[]", "[" * 5000])
def test_a_policy_is_a_json_object(rig: Rig, refused: Refused, policy: str) -> None:
    rig.client.create_model_package_group(ModelPackageGroupName="g")
    code, message = refused(rig.client.put_model_package_group_policy, ModelPackageGroupName="g", ResourcePolicy=policy)
    assert (code, message.startswith("ResourcePolicy")) == ("ValidationException", True)


def test_batch_describe_tells_of_each_version_or_why_not(rig: Rig) -> None:
    arn, absent = rig.package(), f"{ARN.replace('model-package-group', 'model-package')}/7"
    answer = rig.client.batch_describe_model_package(ModelPackageArnList=[arn, absent])
    (summary,) = answer["ModelPackageSummaries"].values()
    assert (summary["ModelPackageArn"], summary["ModelPackageVersion"]) == (arn, 1)
    assert len(summary["InferenceSpecification"]["Containers"]) == 2
    assert answer["BatchDescribeModelPackageErrorMap"] == {
        absent: {"ErrorCode": "ValidationException", "ErrorResponse": f"ModelPackage {absent} does not exist."}
    }
    assert "BatchDescribeModelPackageErrorMap" not in rig.client.batch_describe_model_package(ModelPackageArnList=[arn])
