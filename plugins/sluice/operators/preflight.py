"""preflight: look at everything that a promotion needs before anything is created."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from sluice.errors import SpecError
from sluice.fields.typed import build
from sluice.operators.artifact_digests import read_digests
from sluice.operators.base import from_template
from sluice.operators.candidate import Candidate, PipelineOperator, as_wanted
from sluice.operators.prerequisites import Prerequisites
from sluice.specs.adopted_package import PARAMETER, AdoptedPackage
from sluice.specs.candidate import CandidateSpec
from sluice.specs.measuring import Measuring
from sluice.specs.pipeline import PipelineSpec, Stage

if TYPE_CHECKING:
    from airflow.sdk import Context


class PreflightOperator(PipelineOperator):
    """Look for all that the run needs, and refuse what cannot be served. Creates nothing.

    Streams every model artifact and the sample payload from S3, and looks for the role and whether SageMaker may assume
    it, the images in ECR, the buckets to write to and the instance types. What the worker may not look at is logged and
    left to AWS.

    XCom: see :class:`~sluice.operators.candidate.Candidate`. Raises ArtifactsRefused, which lists every problem of
    every archive (missing, not gzip, truncated, links, members that climb out), and SpecError for all else that is
    missing, for an override that fits nothing, for a version that cannot be adopted or, measured again, is no longer
    what was registered, and for an alarm of `production.deployment` that CloudWatch does not have.

    :param pipeline: the spec, or the same as plain data (templated)
    :param model_data: hostname -> s3 URI of another artifact for this run (templated; may be JSON text)
    :param environment: hostname -> variables added for this run (templated; may be JSON text)
    :param package_arn: ARN of a registered version that is taken as it is, instead of what the spec's containers say;
        none when empty (templated)
    :param reads: s3 URI prefixes that must hold an object (templated)
    :param image: hostname -> another image for this run (templated; may be JSON text)
    :param candidate_name: its name among several candidates, which gives it a staging endpoint of its own; none when
        empty (templated)
    :param writes: s3 URI prefixes whose buckets must be there (templated)
    :param measuring: `{"round", "instance_types", "staging"}`, how a version is measured again (templated; may be JSON
        text)
    """

    template_fields = aws_template_fields(
        "pipeline",
        "model_data",
        "environment",
        "image",
        "candidate_name",
        "package_arn",
        "reads",
        "writes",
        "measuring",
    )

    def __init__(
        self,
        *,
        model_data: Mapping[str, str] | str | None = None,
        environment: Mapping[str, Mapping[str, str]] | str | None = None,
        image: Mapping[str, str] | str | None = None,
        candidate_name: str = "",
        package_arn: str = "",
        reads: Sequence[str] = (),
        writes: Sequence[str] = (),
        measuring: Mapping[str, Any] | str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.model_data = model_data
        self.environment = environment
        self.image = image
        self.candidate_name = candidate_name
        self.package_arn = package_arn
        self.reads = list(reads)
        self.writes = list(writes)
        self.measuring = measuring

    def carry_out(self, context: Context) -> dict[str, Any]:
        """See the class."""
        adopted, measuring, name = self._adopted(), self._measuring(), self.candidate_name or None
        given = {"model_data": self.model_data, "environment": self.environment, "image": self.image}
        asked = CandidateSpec(**{key: from_template(value) or {} for key, value in given.items()})
        spec = as_wanted(self.spec, asked, adopted, measuring, name)
        Prerequisites(self.hook, spec, self.reads, self.writes).check()
        self._check_alarms(spec)
        candidate = Candidate(spec, read_digests(self.hook, spec), asked, adopted, measuring, name)
        self._check_unchanged(candidate)
        self.log.info("content %s, made of %d archives", candidate.names.content, len(candidate.digests))
        return candidate.to_xcom()

    def _adopted(self) -> AdoptedPackage | None:
        if not self.package_arn:
            return None
        adopted = self.hook.read_package(self.package_arn)
        if adopted is None:
            raise SpecError(PARAMETER, f"there is no model package version {self.package_arn}")
        return adopted

    def _measuring(self) -> Measuring | None:
        given = from_template(self.measuring)
        return None if given is None else build(Measuring, given)

    def _check_unchanged(self, candidate: Candidate) -> None:
        """What is measured again has to be what was measured before."""
        if candidate.measuring is None or candidate.adopted is None:
            return
        registered = self.hook.describe_package(candidate.adopted.arn).content
        if registered not in (None, candidate.names.content):  # None: Sluice has not registered it, so nobody knows
            raise SpecError(
                PARAMETER,
                f"{candidate.adopted.arn} is no longer what was registered: its archives have other bytes now, so "
                "measuring it would say nothing of what production serves",
            )

    def _check_alarms(self, spec: PipelineSpec) -> None:
        deployment = spec.deployment(Stage.PRODUCTION)
        wanted = deployment.alarms if deployment else ()
        there = {alarm.name for alarm in self.hook.find_alarms(wanted)}
        for position, name in enumerate(wanted):
            if name not in there:
                path = f"production.deployment.alarms[{position}]"
                raise SpecError(path, f"CloudWatch has no alarm {name!r} here: create it, or nothing would trip it")
