"""find_twin: which version is measured again, and on which endpoint and instances."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowSkipException

from sluice.evidence.rebenchmark import twin_measuring
from sluice.fields.typed import plain
from sluice.operators.find_version import FindVersionOperator
from sluice.specs.batch import WhichVersion
from sluice.specs.pipeline import Stage
from sluice.specs.production import FleetChoice

if TYPE_CHECKING:
    from airflow.sdk import Context


class FindTwinOperator(FindVersionOperator):
    """Find the version that production serves, and say how a twin of it is measured. Skipped when nothing serves.

    The twin has an endpoint of its own, with the instances on which the version was measured before: staging's, or
    production's where runs choose those. The job is this DAG run's own: cleared, the run finds its job again, and
    another run has another. XCom: `{"package_arn", "version", "measuring"}`, where `measuring` is `{"round",
    "instance_types", "staging"}`. Raises NoVersion when what production serves leads to no Approved version, and
    SpecError when production's instance type and those of the spec are more than a job takes.

    :param pipeline: the spec, or the same as plain data (templated)
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(which=WhichVersion.PRODUCTION.value, **kwargs)

    def carry_out(self, context: Context) -> dict[str, Any]:
        """See the class."""
        endpoint = self.hook.find_endpoint(self.spec.fleet(Stage.PRODUCTION).endpoint)
        if endpoint is None or endpoint.config is None or endpoint.status in ("Creating", "Failed"):
            raise AirflowSkipException("nothing is in production, so there is nothing to measure again")
        found = super().carry_out(context)
        adopted = self.hook.read_package(found["package_arn"])
        of_version = adopted.instance_types if adopted else ()
        measuring = twin_measuring(self.spec, context["run_id"], self._fleet(endpoint.config), of_version)
        return {**found, "measuring": plain(measuring)}

    def _fleet(self, config: str) -> FleetChoice:
        staging = self.spec.staging
        chosen = self.hook.fleet_behind(config) if self.spec.production.is_chosen else None
        return chosen or FleetChoice(instance_type=staging.instance_type, instances=staging.instances)
