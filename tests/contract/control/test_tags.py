from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.contract.control.conftest import ROLE, Rig

Refused = Callable[..., tuple[str, str]]
TAG = {"Key": "owner", "Value": "risk"}


def resource_of(rig: Rig, kind: str) -> str:
    """The ARN of a new resource of this kind."""
    if kind == "group":
        made = rig.client.create_model_package_group(ModelPackageGroupName="G", Tags=[TAG])
        return str(made["ModelPackageGroupArn"])
    if kind == "package":
        types = ["ml.m5.large"]
        specification = {
            "Containers": [{"Image": "i"}],
            "SupportedTransformInstanceTypes": types,
            "SupportedRealtimeInferenceInstanceTypes": types,
        }
        made = rig.client.create_model_package(ModelPackageName="P", InferenceSpecification=specification, Tags=[TAG])
        return str(made["ModelPackageArn"])
    if kind == "job":
        made = rig.client.create_inference_recommendations_job(
            JobName="J",
            JobType="Default",
            RoleArn=ROLE,
            InputConfig={"ModelPackageVersionArn": rig.package()},
            Tags=[TAG],
        )
        return str(made["JobArn"])
    made = rig.client.create_model(ModelName="M", PrimaryContainer={"Image": "i"}, Tags=[TAG])
    if kind == "model":
        return str(made["ModelArn"])
    variant = {"VariantName": "v", "ModelName": "M", "InstanceType": "ml.c5.large", "InitialInstanceCount": 1}
    made = rig.client.create_endpoint_config(EndpointConfigName="C", ProductionVariants=[variant], Tags=[TAG])
    if kind == "config":
        return str(made["EndpointConfigArn"])
    made = rig.client.create_endpoint(EndpointName="E", EndpointConfigName="C", Tags=[TAG])
    return str(made["EndpointArn"])


@pytest.mark.parametrize("kind", ["group", "package", "job", "model", "config", "endpoint"])
def test_every_resource_can_be_tagged_when_it_is_made_and_later(rig: Rig, kind: str) -> None:
    arn = resource_of(rig, kind)
    assert rig.client.list_tags(ResourceArn=arn)["Tags"] == [TAG]
    added = rig.client.add_tags(ResourceArn=arn, Tags=[{"Key": "owner", "Value": "it"}, {"Key": "a", "Value": ""}])
    assert added["Tags"] == [{"Key": "a", "Value": ""}, {"Key": "owner", "Value": "it"}]
    rig.client.delete_tags(ResourceArn=arn, TagKeys=["a", "never-there"])
    assert rig.client.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "owner", "Value": "it"}]


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:sagemaker:us-east-1:123456789012:model/nope",
        "arn:aws:sagemaker:us-east-1:123456789012:endpoint/nope",
        "arn:aws:sagemaker:us-east-1:123456789012:training-job/nope",
        "arn:aws:sagemaker:us-east-1:123456789012:nonsense",
    ],
)
def test_what_is_not_there_has_no_tags(rig: Rig, refused: Refused, arn: str) -> None:
    for operation, request in (
        (rig.client.list_tags, {}),
        (rig.client.add_tags, {"Tags": [TAG]}),
        (rig.client.delete_tags, {"TagKeys": ["owner"]}),
    ):
        code, message = refused(operation, ResourceArn=arn, **request)
        assert code == "ValidationException"
        assert arn in message


@pytest.mark.parametrize("change", [("us-east-1", "eu-west-1"), ("123456789012", "999999999999")])
def test_another_regions_or_accounts_resource_is_not_ours(rig: Rig, refused: Refused, change: tuple[str, str]) -> None:
    arn = resource_of(rig, "model").replace(*change)
    assert refused(rig.client.list_tags, ResourceArn=arn)[0] == "ValidationException"


def test_a_version_has_no_tags(rig: Rig, refused: Refused) -> None:
    code, message = refused(rig.client.add_tags, ResourceArn=rig.package(), Tags=[TAG])
    assert (code, "tag its model package group" in message) == ("ValidationException", True)


def test_fifty_tags_are_the_most(rig: Rig, refused: Refused) -> None:
    arn = resource_of(rig, "model")
    rig.client.add_tags(ResourceArn=arn, Tags=[{"Key": f"k{number:02d}", "Value": ""} for number in range(49)])
    code, message = refused(rig.client.add_tags, ResourceArn=arn, Tags=[{"Key": "one-more", "Value": ""}])
    assert (code, "at most 50" in message) == ("ValidationException", True)
    assert len(rig.client.list_tags(ResourceArn=arn)["Tags"]) == 50


def test_reserved_keys(rig: Rig, refused: Refused) -> None:
    arn = resource_of(rig, "model")
    code, message = refused(rig.client.add_tags, ResourceArn=arn, Tags=[{"Key": "AWS:x", "Value": ""}])
    assert (code, "reserved" in message) == ("ValidationException", True)


def test_a_resource_made_anew_does_not_inherit_tags(rig: Rig) -> None:
    arn = resource_of(rig, "model")
    rig.client.delete_model(ModelName="M")
    rig.client.create_model(ModelName="M", PrimaryContainer={"Image": "i"})
    assert rig.client.list_tags(ResourceArn=arn)["Tags"] == []
