"""preflight: look at everything that a promotion needs before anything is created."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from sluice.archive import Inspection, inspect
from sluice.errors import ArtifactError, ArtifactsRefused, SpecError
from sluice.operators.base import from_template
from sluice.operators.candidate import Candidate, PipelineOperator
from sluice.spec import PipelineSpec, Stage, with_overrides

if TYPE_CHECKING:
    from airflow.sdk import Context


class PreflightOperator(PipelineOperator):
    """Stream every model artifact and the sample payload from S3 and refuse what cannot be served. Creates nothing.

    XCom: see :class:`~sluice.operators.candidate.Candidate`. Raises ArtifactsRefused, which lists every problem of
    every archive (missing, not gzip, truncated, links, members that climb out), and SpecError for an override that fits
    nothing and for an alarm of `production.deployment` that CloudWatch does not have.

    :param pipeline: the spec, or the same as plain data (templated)
    :param model_data: hostname -> s3 URI of another artifact for this run (templated; may be JSON text)
    :param environment: hostname -> variables added for this run (templated; may be JSON text)
    """

    template_fields = aws_template_fields("pipeline", "model_data", "environment")

    def __init__(
        self,
        *,
        model_data: Mapping[str, str] | str | None = None,
        environment: Mapping[str, Mapping[str, str]] | str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.model_data = model_data
        self.environment = environment

    def carry_out(self, context: Context) -> dict[str, Any]:
        """See the class."""
        model_data = from_template(self.model_data) or {}
        environment = from_template(self.environment) or {}
        spec = with_overrides(self.spec, model_data, environment)
        self._check_alarms(spec)
        candidate = Candidate(spec, self._digests(spec), model_data, environment)
        self.log.info("content %s, made of %d archives", candidate.names.content, len(candidate.digests))
        return candidate.to_xcom()

    def _check_alarms(self, spec: PipelineSpec) -> None:
        deployment = spec.deployment(Stage.PRODUCTION)
        wanted = deployment.alarms if deployment else ()
        there = {alarm.name for alarm in self.hook.find_alarms(wanted)}
        for position, name in enumerate(wanted):
            if name not in there:
                path = f"production.deployment.alarms[{position}]"
                raise SpecError(path, f"CloudWatch has no alarm {name!r} here: create it, or nothing would trip it")

    def _digests(self, spec: PipelineSpec) -> dict[str, str]:
        digests: dict[str, str] = {}
        problems: list[ArtifactError] = []
        for uri in spec.artifact_uris:
            inspection = self._inspect(uri)
            if uri == spec.package.sample_payload and not inspection.files and not inspection.problems:
                inspection = Inspection(inspection.digest, 0, ("holds no file, so there is nothing to send",))
            problems += [ArtifactError(uri, problem) for problem in inspection.problems]
            digests[uri] = inspection.digest
        if problems:
            raise ArtifactsRefused(tuple(problems))
        return digests

    def _inspect(self, uri: str) -> Inspection:
        self.log.info("reading %s", uri)
        stream = self.hook.open_object(uri)
        return Inspection("", 0, ("there is no such object",)) if stream is None else inspect(stream)
