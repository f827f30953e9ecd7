from __future__ import annotations

from typing import Any

import pytest
from sluice.account.prerequisites import EcrImage, InstanceTypes, ecr_image, role_name, trusts_sagemaker, unknown_types

from tests.fakes.specs import a_spec

REGISTRY = "683313688378.dkr.ecr.us-east-1.amazonaws.com"
DIGEST = "sha256:" + "0f" * 32


@pytest.mark.parametrize(
    ("image", "place"),
    [
        (f"{REGISTRY}/team/iris:1.4-2", EcrImage("683313688378", "us-east-1", "team/iris", {"imageTag": "1.4-2"})),
        (f"{REGISTRY}/iris", EcrImage("683313688378", "us-east-1", "iris", {"imageTag": "latest"})),
        (f"{REGISTRY}/iris@{DIGEST}", EcrImage("683313688378", "us-east-1", "iris", {"imageDigest": DIGEST})),
        (
            "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/iris:1",
            EcrImage("123456789012", "cn-north-1", "iris", {"imageTag": "1"}),
        ),
        ("docker.io/library/iris:1", None),
        ("iris", None),
    ],
)
def test_where_an_image_lies(image: str, place: EcrImage | None) -> None:
    assert ecr_image(image) == place


def test_a_role_is_found_by_its_name_without_its_path() -> None:
    assert role_name("arn:aws:iam::123456789012:role/teams/ml/sluice") == "sluice"


@pytest.mark.parametrize(
    ("statement", "trusts"),
    [
        ({"Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}, True),
        ({"Principal": {"Service": ["a", "sagemaker.amazonaws.com"]}, "Action": ["sts:TagSession", "sts:*"]}, True),
        ({"Principal": "*", "Action": "*"}, True),
        ({"Principal": {"AWS": "arn:aws:iam::1:root"}, "Action": "sts:AssumeRole"}, False),
        ({"Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}, False),
        ({"Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:TagSession"}, False),
    ],
)
def test_who_may_assume_a_role(statement: dict[str, Any], trusts: bool) -> None:
    allowed = {"Effect": "Allow", **statement}
    assert trusts_sagemaker({"Statement": [{"Effect": "Allow", "Action": "x"}, allowed]}) is trusts
    assert trusts_sagemaker({"Statement": allowed}) is trusts
    assert not trusts_sagemaker({"Statement": {**allowed, "Effect": "Deny"}})


def test_every_type_in_the_spec_is_looked_at() -> None:
    batch = {"input": "s3://models/in/", "output": "s3://models/out", "instance_type": "ml.z9.large"}
    spec = a_spec(batch=batch, production__instance_type="ml.y9.large", benchmark__instance_types=["ml.c5.large"])
    known = InstanceTypes(frozenset({"ml.c5.large"}), frozenset({"ml.z9.xlarge"}))
    found = dict(unknown_types(spec, known))
    assert set(found) == {"production.instance_type", "batch.instance_type"}
    assert "did you mean" in found["batch.instance_type"] and "update botocore" in found["batch.instance_type"]
