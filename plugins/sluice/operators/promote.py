"""promote: approve the package and bring production onto it, with the same proof as for every deployment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from sluice.lineage import Lineage
from sluice.operators.base import from_template
from sluice.operators.choose_version import APPROVED
from sluice.operators.deploy_endpoint import DeployEndpointOperator
from sluice.requests import resources as resource_requests
from sluice.specs.deployment import DeploymentSpec
from sluice.specs.pipeline import Stage

if TYPE_CHECKING:
    from airflow.sdk import Context


class PromoteOperator(DeployEndpointOperator):
    """Approve the package version unless it is, then create or update the production endpoint and prove what is live.

    XCom and errors: see :class:`~sluice.operators.deploy_endpoint.DeployEndpointOperator`.

    :param pipeline: the spec, or the same as plain data (templated)
    :param candidate: preflight's result, as an object or as JSON text (templated)
    :param package_arn: ARN of the package version (templated)
    :param reason: why it is approved; goes into the package (templated)
    :param fleet: `{"instance_type", "instances", "environment"}`, as an object or as JSON text; the spec's when
        None (templated)
    :param percent: share of the fleet that moves at a time, when it is not to be the spec's (templated)
    :param poll_s: seconds between two looks at the endpoint
    :param timeout_s: seconds after which a deployment that is still going on counts as failed; the waits of
        `production.deployment` come on top
    """

    template_fields = aws_template_fields("pipeline", "candidate", "stage", "fleet", "package_arn", "reason", "percent")

    def __init__(self, *, package_arn: str, reason: str, percent: int | str | None = None, **kwargs: Any) -> None:
        super().__init__(stage=Stage.PRODUCTION.value, **kwargs)
        self.package_arn = package_arn
        self.reason = reason
        self.percent = percent

    def lineage(self, result: Mapping[str, Any]) -> Lineage:
        """See SluiceOperator."""
        deployed = super().lineage(result)
        return Lineage((self.package_arn, *deployed.inputs), deployed.outputs)

    def carry_out(self, context: Context) -> dict[str, Any]:
        """See the class."""
        if self.hook.describe_package(self.package_arn).approval != APPROVED:
            # Every update is a state change to those who watch the registry, also one that changes nothing.
            self.hook.update_package(resource_requests.approve_package(self.package_arn, self.reason, {}))
        return super().carry_out(context)

    @property
    def _deployment(self) -> DeploymentSpec | None:
        asked, percent = super()._deployment, from_template(self.percent)
        return asked if asked is None or percent is None else replace(asked, percent=percent)
