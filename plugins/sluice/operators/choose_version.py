"""choose_version: to which version production goes back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from sluice.errors import NoVersion
from sluice.fields.typed import plain
from sluice.operators.candidate import PipelineOperator
from sluice.responses.resources import PackageState
from sluice.specs.pipeline import Stage

if TYPE_CHECKING:
    from airflow.sdk import Context

APPROVED = "Approved"


class ChooseVersionOperator(PipelineOperator):
    """Find the version that was approved before the one that production serves, or check the one that is named.

    XCom: `{"package_arn", "version", "leaves", "config", "fleet"}`; `leaves` is the ARN of the version that production
    serves now, empty when it is the chosen one already or cannot be told; `config` the live one; `fleet` the
    instances it has now where each run chooses them, else None. Raises NoVersion when there is nothing to go back to.

    :param pipeline: the spec, or the same as plain data (templated)
    :param package_arn: ARN of an approved version; the one before production's when empty (templated)
    """

    template_fields = aws_template_fields("pipeline", "package_arn")

    def __init__(self, *, package_arn: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.package_arn = package_arn

    def carry_out(self, context: Context) -> dict[str, Any]:
        """See the class."""
        config = self._live_config()
        arn = self.hook.package_behind(config)
        live = None if arn is None else self.hook.describe_package(arn)
        chosen = self._named() if self.package_arn else self._previous(live)
        leaves = live.arn if live and live.arn != chosen.arn else ""
        self.log.info("to version %d; production leaves %s", chosen.version, leaves or "no other version")
        fleet = self.hook.fleet_behind(config) if self.spec.production.is_chosen else None
        return {
            "package_arn": chosen.arn,
            "version": chosen.version,
            "leaves": leaves,
            "config": config,
            "fleet": plain(fleet),
        }

    def _live_config(self) -> str:
        endpoint = self.spec.fleet(Stage.PRODUCTION).endpoint
        state = self.hook.find_endpoint(endpoint)
        if state is None or state.config is None:
            raise NoVersion(self.spec.package.group, f"there is no production endpoint {endpoint} to roll back")
        return state.config

    def _named(self) -> PackageState:
        package = self.hook.describe_package(self.package_arn)
        if package.approval != APPROVED:
            raise NoVersion(
                package.group, f"{package.arn} is {package.approval}, and only an Approved version goes live"
            )
        return package

    def _previous(self, live: PackageState | None) -> PackageState:
        group = self.spec.package.group
        if live is None:
            raise NoVersion(group, "what production serves does not lead to a version, so name the one to go back to")
        earlier = (each for each in self.hook.list_packages(group) if each.version < live.version)
        found = next((each for each in earlier if each.approval == APPROVED), None)
        if found is None:
            raise NoVersion(group, f"no version before {live.version} is Approved")
        return found
