"""find_version: the approved version that is to work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from sluice.errors import NoVersion
from sluice.operators.candidate import PipelineOperator
from sluice.operators.choose_version import APPROVED
from sluice.responses.resources import PackageState
from sluice.specs.batch import WhichVersion
from sluice.specs.pipeline import Stage

if TYPE_CHECKING:
    from airflow.sdk import Context


class FindVersionOperator(PipelineOperator):
    """Find the newest Approved version of the group, or the one that production serves, or check the one named.

    XCom: `{"package_arn", "version"}`. Raises NoVersion when there is none, or when it is not Approved.

    :param pipeline: the spec, or the same as plain data (templated)
    :param which: `approved` (the newest) or `production` (templated)
    :param package_arn: ARN of a version; found by `which` when empty (templated)
    """

    template_fields = aws_template_fields("pipeline", "which", "package_arn")

    def __init__(self, *, which: str = WhichVersion.APPROVED.value, package_arn: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.which = which
        self.package_arn = package_arn

    def carry_out(self, context: Context) -> dict[str, Any]:
        """See the class."""
        package = self._find()
        if package.approval != APPROVED:
            raise NoVersion(package.group, f"{package.arn} is {package.approval}, and only an Approved version works")
        self.log.info("version %d, %s", package.version, package.arn)
        return {"package_arn": package.arn, "version": package.version}

    def _find(self) -> PackageState:
        if self.package_arn:
            return self.hook.describe_package(self.package_arn)
        return self._live() if WhichVersion(self.which) is WhichVersion.PRODUCTION else self._newest()

    def _newest(self) -> PackageState:
        group = self.spec.package.group
        found = next((each for each in self.hook.list_packages(group) if each.approval == APPROVED), None)
        if found is None:
            raise NoVersion(group, "none is Approved; promote one, or approve one in the registry")
        return found

    def _live(self) -> PackageState:
        endpoint = self.spec.fleet(Stage.PRODUCTION).endpoint
        state = self.hook.find_endpoint(endpoint)
        arn = self.hook.package_behind(state.config) if state and state.config else None
        if arn is None:
            raise NoVersion(self.spec.package.group, f"the production endpoint {endpoint} does not lead to a version")
        return self.hook.describe_package(arn)
