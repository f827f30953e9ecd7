"""withdraw: a version that production has left is not promoted again unless somebody wants it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields
from airflow.sdk.exceptions import AirflowSkipException

from sluice.operators.base import SluiceOperator
from sluice.requests import resources as resource_requests

if TYPE_CHECKING:
    from airflow.sdk import Context


class WithdrawOperator(SluiceOperator):
    """Set the version to Rejected, with the reason and the time at which production left it.

    `judge` refuses such a version until somebody approves it in the registry. Skipped when `package_arn` is empty.
    XCom: `{"package_arn", "withdrawn"}`, the time in ISO 8601.

    :param package_arn: ARN of the version that production has left (templated)
    :param reason: why; goes into the version (templated)
    """

    template_fields = aws_template_fields("package_arn", "reason")

    def __init__(self, *, package_arn: str, reason: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.package_arn = package_arn
        self.reason = reason

    def carry_out(self, context: Context) -> dict[str, Any]:
        """See the class."""
        if not self.package_arn:
            raise AirflowSkipException("production served this version before, so there is none to withdraw")
        at = datetime.now(UTC).isoformat(timespec="seconds")
        self.hook.update_package(resource_requests.withdraw_package(self.package_arn, self.reason, at))
        self.log.info("%s is Rejected: %s", self.package_arn, self.reason)
        return {"package_arn": self.package_arn, "withdrawn": at}
