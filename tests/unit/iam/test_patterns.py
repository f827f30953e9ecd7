from __future__ import annotations

from typing import Any

import pytest

from include.iam.patterns import Layout, pattern

LAYOUT = Layout({"evidence": "EvidenceBucket", "batch/": "InputBucket"}, "ModelBucket", without_key="EvidenceBucket")
OWN = "arn:aws:sagemaker:${Region}:${Account}"
HERE = "arn:aws:sagemaker:us-east-1:123456789012"


@pytest.mark.parametrize(
    ("resource", "pipeline", "made"),
    [
        (f"{OWN}:model/iris-0f0f", "iris", f"{OWN}:model/${{Pipeline}}*"),
        (f"{OWN}:endpoint/iris", "iris", f"{OWN}:endpoint/${{Pipeline}}*"),
        (f"{OWN}:endpoint/somebody-else-s", "iris", f"{OWN}:endpoint/*"),
        (f"{HERE}:endpoint/iris", None, f"{OWN}:endpoint/*"),
        (f"{OWN}:model-package-group/irises", "iris", f"{OWN}:model-package-group/${{PackageGroup}}"),
        (f"{OWN}:model-package/irises/*", "iris", f"{OWN}:model-package/${{PackageGroup}}/*"),
        (f"{HERE}:model-package/irises/7", "iris", f"{OWN}:model-package/${{PackageGroup}}/*"),
        (f"{HERE}:model-package/irises/7", None, f"{OWN}:model-package/*"),
        ("arn:aws:iam::123456789012:role/ml/sluice", "iris", "arn:aws:iam::${Account}:role/${ExecutionRole}"),
        (
            "arn:aws:iam::${Account}:role/aws-service-role/x/Y",
            "iris",
            "arn:aws:iam::${Account}:role/aws-service-role/x/Y",
        ),
        (
            "arn:aws:ecr:${Region}:683313688378:repository/sagemaker-xgboost",
            "iris",
            "arn:aws:ecr:${Region}:*:repository/*",
        ),
        (
            "arn:aws:logs:${Region}:${Account}:log-group:/aws/sagemaker/Endpoints/iris-staging:log-stream:*",
            "iris",
            "arn:aws:logs:${Region}:${Account}:log-group:/aws/sagemaker/Endpoints/${Pipeline}*:log-stream:*",
        ),
        (
            "arn:aws:logs:${Region}:${Account}:log-group:/aws/sagemaker/TransformJobs",
            "iris",
            "arn:aws:logs:${Region}:${Account}:log-group:/aws/sagemaker/TransformJobs",
        ),
        ("arn:aws:sqs:us-east-1:123456789012:news", "iris", "arn:aws:sqs:${Region}:${Account}:${Name}"),
        ("*", "iris", "*"),
    ],
)
def test_a_resource_becomes_a_pattern(resource: str, pipeline: str | None, made: str) -> None:
    assert pattern(resource, {}, pipeline, LAYOUT) == made


@pytest.mark.parametrize(
    ("request_", "resource", "made"),
    [
        ({"Key": "evidence/iris/1.json"}, "arn:aws:s3:::one/evidence/iris/1.json", "arn:aws:s3:::${EvidenceBucket}/*"),
        ({"Key": "iris/model.tar.gz"}, "arn:aws:s3:::one/iris/model.tar.gz", "arn:aws:s3:::${ModelBucket}/*"),
        ({"Prefix": "batch/input/"}, "arn:aws:s3:::one", "arn:aws:s3:::${InputBucket}"),
        ({"Key": "iris/model.tar.gz"}, "arn:aws:s3:::one", "arn:aws:s3:::${ModelBucket}"),
        ({}, "arn:aws:s3:::one", "arn:aws:s3:::${EvidenceBucket}"),
    ],
)
def test_a_bucket_is_told_by_what_is_in_it(request_: dict[str, Any], resource: str, made: str) -> None:
    assert pattern(resource, {"Bucket": "one", **request_}, "iris", LAYOUT) == made
