"""open_promotion: tell whoever listens that another promotion is worth it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields
from airflow.sdk.exceptions import AirflowSkipException

from sluice.operators.base import from_template
from sluice.operators.candidate import PipelineOperator

if TYPE_CHECKING:
    from airflow.sdk import Context


TOLD = ("package_arn", "job", "instance_types", "findings", "reason", "evidence_uri", "evidence_sha256")
"""What of compare's result goes into the event."""


class OpenPromotionOperator(PipelineOperator):
    """Update the task's outlets with what was found; skipped, and then none is updated, when nothing was.

    Each asset's event has the extra `{"pipeline", "package_arn", "job", "instance_types", "findings", "reason",
    "evidence_uri", "evidence_sha256", "run_id"}`. XCom: `{"package_arn", "findings", "reason"}`. Calls nothing on AWS.

    :param pipeline: the spec, or the same as plain data (templated)
    :param compared: compare's result, as an object or as JSON text (templated)
    """

    template_fields = aws_template_fields("pipeline", "compared")
    template_fields_renderers: ClassVar[dict[str, str]] = {"pipeline": "json", "compared": "json"}

    def __init__(self, *, compared: Mapping[str, Any] | str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.compared = compared

    def carry_out(self, context: Context) -> dict[str, Any]:
        """See the class."""
        compared: Mapping[str, Any] = from_template(self.compared)
        if not compared["findings"]:
            raise AirflowSkipException(compared["reason"])
        told = {"pipeline": self.spec.pipeline, "run_id": context["run_id"], **{key: compared[key] for key in TOLD}}
        for outlet in self.outlets:
            context["outlet_events"][outlet].extra.update(told)
        self.log.info("%s", compared["reason"])
        return {key: compared[key] for key in ("package_arn", "findings", "reason")}
