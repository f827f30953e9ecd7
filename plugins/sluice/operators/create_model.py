"""create_model: the pipeline model of a package version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from sluice.account.model_proof import differences
from sluice.errors import ModelDiffers
from sluice.lineage import Lineage, sibling
from sluice.operators.candidate import Candidate, FleetOperator
from sluice.requests import resources as resource_requests

if TYPE_CHECKING:
    from airflow.sdk import Context


class CreateModelOperator(FleetOperator):
    """Create the model from the package version; one of the same name has the same content and is taken as it is.

    Then asks AWS for what the model holds, or the version that it refers to: every container, whole and in order.
    XCom: `{"model", "created"}`. Raises ModelDiffers when it holds something else, and ServiceRefused.

    :param pipeline: the spec, or the same as plain data (templated)
    :param candidate: preflight's result, as an object or as JSON text (templated)
    :param fleet: `{"instance_type", "instances", "environment"}` that was chosen for production, whose environment the
        model is to have, as an object or as JSON text; the model on staging when None (templated)
    :param package_arn: ARN of the package version (templated)
    """

    template_fields = aws_template_fields("pipeline", "candidate", "fleet", "package_arn")

    def __init__(self, *, package_arn: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.package_arn = package_arn

    def lineage(self, result: Mapping[str, Any]) -> Lineage:
        """See SluiceOperator."""
        return Lineage((self.package_arn,), (sibling(self.package_arn, "model", result["model"]),))

    def carry_out(self, context: Context) -> dict[str, Any]:
        """See the class."""
        candidate = self.required_candidate
        request = resource_requests.create_model(candidate.spec, candidate.names, self.package_arn)
        created = self.hook.ensure_model(request)
        self._prove(candidate)
        return {"model": candidate.names.model, "created": created}

    def _prove(self, candidate: Candidate) -> None:
        held = self.hook.containers_of(candidate.names.model)
        found = differences(candidate.spec.containers, held)
        if found:
            raise ModelDiffers(candidate.names.model, found)
        variables = [" ".join(sorted(each.environment)) or "no variables" for each in held]
        self.log.info("%s has %d containers, with %s", candidate.names.model, len(held), "; ".join(variables))
