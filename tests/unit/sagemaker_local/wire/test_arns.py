from __future__ import annotations

import pytest

from include.sagemaker_local.errors import ApiError
from include.sagemaker_local.wire.arns import Arn, Home, parse

HOME = Home("us-east-1", "123456789012")


def test_the_resource_part_is_lower_case() -> None:
    assert HOME.arn("endpoint", "DEMO-x") == "arn:aws:sagemaker:us-east-1:123456789012:endpoint/demo-x"


@pytest.mark.parametrize(
    ("region", "partition"),
    [("eu-west-1", "aws"), ("cn-northwest-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")],
)
def test_the_partition_follows_the_region(region: str, partition: str) -> None:
    assert Home(region, "123456789012").arn("model", "m").split(":")[1] == partition


@pytest.mark.parametrize("given", ["Fraud/3", "arn:aws:sagemaker:us-east-1:123456789012:model-package/Fraud/3"])
def test_a_name_or_an_arn_means_the_same(given: str) -> None:
    expected = "arn:aws:sagemaker:us-east-1:123456789012:model-package/fraud/3"
    assert HOME.arn_of("model-package", given) == expected


def test_an_arn_keeps_its_own_region_and_account() -> None:
    other = "arn:aws:sagemaker:eu-west-1:999999999999:model-package/fraud/3"
    assert HOME.arn_of("model-package", other) == other


@pytest.mark.parametrize("given", ["arn:aws:sagemaker:us-east-1:123456789012:model/m", "arn:aws:s3:::bucket", "arn:"])
def test_an_arn_of_something_else_is_refused(given: str) -> None:
    with pytest.raises(ApiError, match="is not the ARN of a model-package"):
        HOME.arn_of("model-package", given)


def test_parse() -> None:
    assert parse("arn:aws:sagemaker:us-east-1:123456789012:model-package/g/1") == Arn(
        "aws", "us-east-1", "123456789012", "model-package", "g/1"
    )
    assert parse("arn:aws:iam::123456789012:role/x") is None
