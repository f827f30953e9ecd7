from __future__ import annotations

import botocore.session
import pytest
from sluice.refusals.permissions import NEEDS, Need, actions_of, needs_of

HERE = {"region": "eu-west-1", "account": "123456789012"}
ROLE = "arn:aws:iam::123456789012:role/sluice"


def test_a_model_is_created_tagged_and_given_a_role_that_only_sagemaker_gets() -> None:
    request = {"ModelName": "iris-1", "ExecutionRoleArn": ROLE, "Tags": [{"Key": "a", "Value": "b"}]}
    model = "arn:aws:sagemaker:eu-west-1:123456789012:model/iris-1"
    to_sagemaker = {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
    assert needs_of("sagemaker", "CreateModel", request, **HERE) == (
        Need("sagemaker:CreateModel", model),
        Need("sagemaker:AddTags", model),
        Need("iam:PassRole", ROLE, to_sagemaker),
    )


def test_what_the_request_does_not_hold_is_not_asked_for() -> None:
    assert [need.action for need in needs_of("sagemaker", "CreateModel", {"ModelName": "iris-1"})] == [
        "sagemaker:CreateModel"
    ]
    (need,) = needs_of("sagemaker", "DescribeModel", {"ModelName": "iris-1"})
    assert need.resource == "arn:aws:sagemaker:*:*:model/iris-1"


@pytest.mark.parametrize(
    ("url", "arn"),
    [
        ("https://sqs.eu-west-1.amazonaws.com/123456789012/changes", "arn:aws:sqs:eu-west-1:123456789012:changes"),
        ("http://127.0.0.1:4566/123456789012/changes", "arn:aws:sqs:*:123456789012:changes"),
    ],
)
def test_a_queue_is_named_by_its_url(url: str, arn: str) -> None:
    (need,) = needs_of("sqs", "ReceiveMessage", {"QueueUrl": url})
    assert need.resource == arn


def test_only_what_sluice_has_made_can_be_deleted() -> None:
    for operation, member in (("DeleteModel", "ModelName"), ("DeleteEndpoint", "EndpointName")):
        (need,) = needs_of("sagemaker", operation, {member: "x"})
        assert need.condition == {"StringLike": {"aws:ResourceTag/sluice:pipeline": "?*"}}


def test_an_operation_without_a_row_is_named() -> None:
    with pytest.raises(
        KeyError, match=r"sagemaker DeleteModelPackage: add a row to NEEDS in sluice/refusals/permissions\.py"
    ):
        needs_of("sagemaker", "DeleteModelPackage", {})
    assert actions_of("DeleteModelPackage") == ()
    assert actions_of("GetObject") == ("s3:GetObject", "s3:ListBucket")


def test_every_row_is_an_operation_of_its_service_with_these_members() -> None:
    session = botocore.session.get_session()
    models = {service: session.get_service_model(service) for service, _ in NEEDS}
    for (service, operation), rows in NEEDS.items():
        known = {*models[service].operation_model(operation).input_shape.members, "region", "account"}
        for row in rows:
            named = {part.split("}")[0] for part in row.resource.split("{")[1:]}
            assert named <= known, (operation, named - known)
            assert row.only_with is None or row.only_with in known, operation
