"""One candidate: a spec with this run's overrides, and the digests of the artifacts that it names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any, ClassVar

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from sluice.errors import SpecError
from sluice.fields.typed import build, plain
from sluice.naming import Names, names_for
from sluice.operators.base import SluiceOperator, from_template
from sluice.specs.adopted_package import PARAMETER, AdoptedPackage
from sluice.specs.candidate import CandidateSpec
from sluice.specs.container import with_variables
from sluice.specs.measuring import Measuring
from sluice.specs.pipeline import PipelineSpec, as_candidate, with_overrides
from sluice.specs.production import FleetChoice


@dataclass(frozen=True)
class Candidate:
    """What is to be promoted. As XCom: see `to_xcom`."""

    spec: PipelineSpec
    digests: Mapping[str, str]
    asked: CandidateSpec = field(default_factory=CandidateSpec)
    """What this run has in place of the spec's own."""
    adopted: AdoptedPackage | None = None
    """The registered version that is taken as it is; None when a version is made from the spec."""
    measuring: Measuring | None = None
    """How it is measured again; None when its first job will do."""
    name: str | None = None
    """Its name among several candidates; None when it is the only one."""

    @cached_property
    def names(self) -> Names:
        """Every name that belongs to this content."""
        return names_for(self.spec, self.digests, self.measuring)

    def on_fleet(self, fleet: FleetChoice | None) -> Candidate:
        """The candidate with production on another fleet than the spec's; the same without one.

        With the fleet's environment in every container, which makes it another content with names of its own.
        """
        if fleet is None:
            return self
        containers = tuple(with_variables(each, fleet.environment) for each in self.spec.containers)
        return replace(self, spec=replace(self.spec, production=self.spec.production.on(fleet), containers=containers))

    def has(self, environment: Mapping[str, str]) -> bool:
        """Whether every container has these variables already."""
        return all(environment.items() <= container.environment.items() for container in self.spec.containers)

    def to_xcom(self) -> dict[str, Any]:
        """`content` sha256 hex; `digests` s3 URI -> sha256 hex; `model_data`, `environment` and `image`, the overrides
        as given; `adopted`, what an adopted version holds, or None; `measuring`, how it is measured again, or None;
        `name` among several, or None.
        """
        return {
            "content": self.names.content,
            "digests": dict(self.digests),
            **plain(self.asked),
            "adopted": plain(self.adopted),
            "measuring": plain(self.measuring),
            "name": self.name,
        }

    @classmethod
    def from_xcom(cls, spec: PipelineSpec, xcom: Mapping[str, Any]) -> Candidate:
        """The inverse of `to_xcom`. Raises SpecError when the spec has been changed since."""
        adopted = None if xcom["adopted"] is None else build(AdoptedPackage, xcom["adopted"])
        asked = build(CandidateSpec, {each.name: xcom[each.name] for each in fields(CandidateSpec)})
        measuring = None if xcom["measuring"] is None else build(Measuring, xcom["measuring"])
        name = xcom["name"]
        spec = as_wanted(spec, asked, adopted, measuring, name)
        if set(spec.artifact_uris) - set(xcom["digests"]):
            raise SpecError("containers", "names other artifacts than when this run checked them; start a new run")
        candidate = cls(spec, xcom["digests"], asked, adopted, measuring, name)
        if candidate.names.content != xcom["content"]:
            raise SpecError("", "the spec was changed since this run checked its artifacts; start a new run")
        return candidate


def as_wanted(
    spec: PipelineSpec,
    asked: CandidateSpec,
    adopted: AdoptedPackage | None,
    measuring: Measuring | None = None,
    name: str | None = None,
) -> PipelineSpec:
    """The spec as one run wants it: with overrides, or with a registered version in it; under a name of several.

    SpecError for overrides and a version at once.
    """
    if measuring is not None:
        spec = measuring.applied_to(spec)
    if adopted is None:
        if name is not None:
            return as_candidate(spec, name, asked)
        return with_overrides(spec, asked.model_data, asked.environment, asked.image)
    if asked != CandidateSpec():
        raise SpecError(
            PARAMETER,
            "takes a version as it is, and model_data and environment would make another: give one or the other",
        )
    return adopted.applied_to(spec if name is None else as_candidate(spec, name, asked))


class PipelineOperator(SluiceOperator):
    """An operator that works on a pipeline's spec.

    :param pipeline: the spec, or the same as plain data; strings in it may be templates (templated)
    """

    template_fields = aws_template_fields("pipeline")
    template_fields_renderers: ClassVar[dict[str, str]] = {"pipeline": "json", "candidate": "json"}

    def __init__(self, *, pipeline: PipelineSpec | Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        # Airflow looks through plain data for tasks' results, task by task at every parse. A spec it leaves alone.
        is_fixed = isinstance(pipeline, PipelineSpec) and not pipeline.has_templates
        self.pipeline = pipeline if is_fixed else plain(pipeline)

    @property
    def spec(self) -> PipelineSpec:
        """The rendered spec; checked again where templates have made another of it."""
        return self.pipeline if isinstance(self.pipeline, PipelineSpec) else build(PipelineSpec, dict(self.pipeline))


class CandidateOperator(PipelineOperator):
    """An operator that works on what preflight let through.

    :param pipeline: the spec, or the same as plain data; strings in it may be templates (templated)
    :param candidate: preflight's result, as an object or as JSON text (templated)
    """

    template_fields = aws_template_fields("pipeline", "candidate")

    def __init__(self, *, candidate: Mapping[str, Any] | str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.candidate = candidate

    @property
    def found_candidate(self) -> Candidate | None:
        """The candidate, or None when preflight left none."""
        xcom = from_template(self.candidate)
        return None if xcom is None else Candidate.from_xcom(self.spec, xcom)

    @property
    def required_candidate(self) -> Candidate:
        """The candidate. Raises SpecError when preflight left none."""
        found = self.found_candidate
        if found is None:
            raise SpecError("candidate", "is empty: preflight has to run before this task, and to succeed")
        return found


class FleetOperator(CandidateOperator):
    """An operator on an endpoint whose fleet may be another than the spec's.

    :param pipeline: the spec, or the same as plain data (templated)
    :param candidate: preflight's result, as an object or as JSON text (templated)
    :param fleet: `{"instance_type", "instances", "environment"}` of production, as an object or as JSON text; the
        spec's when None (templated)
    """

    template_fields = aws_template_fields("pipeline", "candidate", "fleet")

    def __init__(self, *, fleet: Mapping[str, Any] | str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.fleet = fleet

    @property
    def required_candidate(self) -> Candidate:
        """The candidate on its fleet. Raises SpecError when preflight left none."""
        fleet = from_template(self.fleet)
        return super().required_candidate.on_fleet(None if fleet is None else build(FleetChoice, fleet))
