"""Questions about what a run needs and does not make: its role, its images, its buckets."""

from __future__ import annotations

from typing import Any

from sluice.account.prerequisites import EcrImage, InstanceTypes
from sluice.calls.aws import AwsCalls


class PrerequisiteCalls(AwsCalls):
    """IAM, ECR and S3, asked and not changed. Each raises CallDenied where the worker may not look."""

    def find_role(self, name: str) -> dict[str, Any] | None:
        """GetRole: the role with its `Arn` and `AssumeRolePolicyDocument`, or None when the account has none."""
        answer = self._find("get_role", {"RoleName": name}, self._client_of("iam"), f"role {name}")
        return None if answer is None else answer["Role"]

    def has_image(self, image: EcrImage) -> bool:
        """Whether ECR has it. BatchGetImage is what AWS's own registries allow, and it is needed to pull, too."""
        wanted = {"registryId": image.registry, "repositoryName": image.repository, "imageIds": [image.image_id]}
        answer = self._find("batch_get_image", wanted, self._client_of("ecr"), f"{image.registry}/{image.repository}")
        return answer is not None and bool(answer["images"])

    def has_bucket(self, bucket: str) -> bool:
        """HeadBucket. CallDenied also for a bucket that is somebody else's."""
        return self._find("head_bucket", {"Bucket": bucket}, self._client_of("s3"), f"s3://{bucket}") is not None

    @property
    def region(self) -> str:
        """The region that the calls go to."""
        return str(self._sagemaker.meta.region_name)

    def known_instance_types(self) -> InstanceTypes:
        """What botocore's service model lists; calls nothing."""
        shape_of = self._sagemaker.meta.service_model.shape_for
        endpoints, jobs = shape_of("ProductionVariantInstanceType").enum, shape_of("TransformInstanceType").enum
        return InstanceTypes(frozenset(endpoints), frozenset(jobs))
