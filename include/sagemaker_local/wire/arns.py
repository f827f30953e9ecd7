"""SageMaker's resource names (ARNs): built, taken apart, and accepted where a plain name may stand instead."""

from __future__ import annotations

import re
from dataclasses import dataclass

from include.sagemaker_local.errors import ApiError

_ARN = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):sagemaker:(?P<region>[a-z0-9-]*):(?P<account_id>\d{12})"
    r":(?P<resource>[a-z-]+)/(?P<path>\S+)",
    re.ASCII,
)
_PARTITIONS = (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov"))


@dataclass(frozen=True, slots=True)
class Arn:
    """An ARN of SageMaker. `path` is all that follows the resource type: a name, or group/version of a package."""

    partition: str
    region: str
    account_id: str
    resource: str
    path: str


@dataclass(frozen=True, slots=True)
class Home:
    """The region and account in which names are resolved."""

    region: str
    account_id: str

    def arn(self, resource: str, path: str) -> str:
        """The ARN of a resource of this region and account. AWS writes the name in lower case."""
        return f"{self.arn_prefix('sagemaker')}:{resource}/{path.lower()}"

    def arn_prefix(self, service: str) -> str:
        """How the ARNs of a service begin, up to the account."""
        return f"arn:{self._partition()}:{service}:{self.region}:{self.account_id}"

    def arn_of(self, resource: str, name_or_arn: str) -> str:
        """The ARN meant by a plain name or by an ARN, which may be of another region or account.

        Raises ApiError when it is the ARN of something else than a `resource`.
        """
        if not name_or_arn.startswith("arn:"):
            return self.arn(resource, name_or_arn)
        arn = parse(name_or_arn)
        if arn is None or arn.resource != resource:
            raise ApiError("ValidationException", f"{name_or_arn} is not the ARN of a {resource}.")
        return f"arn:{arn.partition}:sagemaker:{arn.region}:{arn.account_id}:{resource}/{arn.path.lower()}"

    def _partition(self) -> str:
        return next((name for prefix, name in _PARTITIONS if self.region.startswith(prefix)), "aws")


def parse(text: str) -> Arn | None:
    """The parts of an ARN, or None when it is not one of SageMaker's."""
    found = _ARN.fullmatch(text)
    return Arn(**found.groupdict()) if found else None
