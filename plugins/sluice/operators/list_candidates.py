"""list_candidates: the candidates that a run compares, of the spec or of its parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from sluice.errors import SpecError
from sluice.fields.typed import build, plain
from sluice.operators.base import from_template
from sluice.operators.candidate import PipelineOperator
from sluice.runs.request import asked_candidates
from sluice.specs.adopted_package import PARAMETER
from sluice.specs.candidate import CandidateSpec
from sluice.specs.pipeline import as_candidate

if TYPE_CHECKING:
    from airflow.sdk import Context

ADOPTED = "adopted"
"""Name of the one candidate of a run that takes a registered version as it is."""


class ListCandidatesOperator(PipelineOperator):
    """List the candidates, with what the run has for all of them; each is what `preflight` takes. Creates nothing.

    XCom: a list of `{"name", "model_data", "environment", "image", "package_arn", "endpoint"}`, where `endpoint` is the
    candidate's staging endpoint, and `package_arn` the ARN of a version that is taken as it is, or empty. Raises
    SpecError for a candidate that fits nothing.

    :param pipeline: the spec, or the same as plain data (templated)
    :param candidates: name -> `{"model_data", "environment", "image"}`; the spec's when empty (templated; may be JSON
        text)
    :param model_data: hostname -> s3 URI of another artifact for every candidate that has none itself (templated; may
        be JSON text)
    :param environment: hostname -> variables for every candidate that has none itself (templated; may be JSON text)
    :param package_arn: ARN of a registered version, which is then the only candidate; none when empty (templated)
    """

    template_fields = aws_template_fields("pipeline", "candidates", "model_data", "environment", "package_arn")
    template_fields_renderers: ClassVar[dict[str, str]] = {"pipeline": "json", "candidates": "json"}

    def __init__(
        self,
        *,
        candidates: Mapping[str, Any] | str | None = None,
        model_data: Mapping[str, str] | str | None = None,
        environment: Mapping[str, Mapping[str, str]] | str | None = None,
        package_arn: str = "",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.candidates = candidates
        self.model_data = model_data
        self.environment = environment
        self.package_arn = package_arn

    def carry_out(self, context: Context) -> list[dict[str, Any]]:
        """See the class."""
        spec = self.spec
        of_all = build(
            CandidateSpec,
            {
                "model_data": from_template(self.model_data) or {},
                "environment": from_template(self.environment) or {},
            },
        )
        listed = []
        for name, asked in asked_candidates(spec, self._named(), of_all).items():
            staged = as_candidate(spec, name, asked).staging.endpoint
            listed.append({"name": name, **plain(asked), "package_arn": self.package_arn, "endpoint": staged})
        self.log.info("candidates: %s", ", ".join(each["name"] for each in listed))
        return listed

    def _named(self) -> Mapping[str, CandidateSpec]:
        given = from_template(self.candidates)
        if self.package_arn and given:
            raise SpecError(PARAMETER, "takes a version as it is, the only candidate: leave candidates out")
        if self.package_arn:
            return {ADOPTED: CandidateSpec()}
        if not given:
            return self.spec.candidates
        try:
            return {name: build(CandidateSpec, asked) for name, asked in given.items()}
        except SpecError as error:
            raise error.under("params.candidates") from None
