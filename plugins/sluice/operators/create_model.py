"""create_model: the pipeline model of a package version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from sluice import api_requests
from sluice.operators.candidate import CandidateOperator

if TYPE_CHECKING:
    from airflow.sdk import Context


class CreateModelOperator(CandidateOperator):
    """Create the model from the package version; one of the same name has the same content and is taken as it is.

    XCom: `{"model", "created"}`. Raises ServiceRefused.

    :param pipeline: the spec, or the same as plain data (templated)
    :param candidate: preflight's result, as an object or as JSON text (templated)
    :param package_arn: ARN of the package version (templated)
    """

    template_fields = aws_template_fields("pipeline", "candidate", "package_arn")

    def __init__(self, *, package_arn: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.package_arn = package_arn

    def carry_out(self, context: Context) -> dict[str, Any]:
        """See the class."""
        candidate = self.required_candidate
        request = api_requests.create_model(candidate.spec, candidate.names, self.package_arn)
        return {"model": candidate.names.model, "created": self.hook.ensure_model(request)}
