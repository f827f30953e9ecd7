"""What preflight asks IAM, ECR and S3 for: everything that AWS would find missing late, when half of it is made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sluice.account.prerequisites import SAGEMAKER, ecr_image, role_name, trusts_sagemaker, unknown_types
from sluice.calls.s3 import split_s3_uri
from sluice.errors import SpecError
from sluice.hook import SluiceHook
from sluice.refusals.errors import CallDenied
from sluice.specs.pipeline import PipelineSpec


@dataclass(frozen=True)
class Prerequisites:
    """One run's. `reads` are prefixes that must hold an object, `writes` URIs whose buckets must be there."""

    hook: SluiceHook
    spec: PipelineSpec
    reads: Sequence[str]
    writes: Sequence[str]

    def check(self) -> None:
        """Raises SpecError that lists everything that is missing. What the worker may not look at is logged."""
        problems = [*unknown_types(self.spec, self.hook.known_instance_types())]
        for look in (self._role, self._images, self._buckets, self._inputs):
            try:
                problems += look()
            except CallDenied as denied:
                self.hook.log.warning("preflight cannot look, so AWS may refuse later what is missing: %s", denied)
        if len(problems) == 1:
            raise SpecError(*problems[0])
        if problems:
            raise SpecError("", "\n  ".join(("this run cannot succeed:", *(": ".join(each) for each in problems))))

    def _role(self) -> Iterator[tuple[str, str]]:
        wanted = self.spec.aws.role
        role = self.hook.find_role(role_name(wanted))
        if role is None:
            yield "aws.role", f"the account has no role {role_name(wanted)}: create it, or correct the ARN {wanted}"
        elif role["Arn"] != wanted:
            yield "aws.role", f"is {wanted}, and the account's role of this name is {role['Arn']}"
        elif not trusts_sagemaker(role["AssumeRolePolicyDocument"]):
            yield "aws.role", f"{wanted} does not let {SAGEMAKER} assume it: add that to its trust policy"

    def _images(self) -> Iterator[tuple[str, str]]:
        region = self.hook.region
        for position, container in enumerate(self.spec.containers):
            image, path = ecr_image(container.image), f"containers[{position}].image"
            if image is None:
                self.hook.log.info("%s: %s is not in ECR, and is not looked for", path, container.image)
            elif image.region != region:
                yield path, f"{container.image} lies in {image.region}, and SageMaker here pulls from {region} only"
            elif not self.hook.has_image(image):
                yield path, f"ECR has no image {container.image}: push it, or correct repository and tag"

    def _buckets(self) -> Iterator[tuple[str, str]]:
        for uri in self.writes:
            bucket = uri.removeprefix("s3://").partition("/")[0]
            if not self.hook.has_bucket(bucket):
                yield uri, f"there is no bucket {bucket}: create it, or correct the prefix"

    def _inputs(self) -> Iterator[tuple[str, str]]:
        for uri in self.reads:
            bucket, _ = split_s3_uri(uri)
            if not self.hook.has_bucket(bucket):
                yield uri, f"there is no bucket {bucket}: create it, or correct the prefix"
            elif next(self.hook.list_objects(uri), None) is None:
                yield uri, "there is no object under it: upload some, or correct the prefix"
