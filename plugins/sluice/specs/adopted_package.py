"""A version that is in the registry already, in a spec's words: what it holds takes the place of what the spec says."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sluice.errors import SpecError
from sluice.specs.container import ContainerSpec
from sluice.specs.pipeline import PipelineSpec

PARAMETER = "params.model_package_arn"


@dataclass(frozen=True, kw_only=True)
class AdoptedPackage:
    """What a registered version holds. None and empty tuples are what it leaves open; the spec's own is used then."""

    arn: str
    group: str
    version: int
    status: str
    containers: tuple[ContainerSpec, ...]
    domain: str | None = None
    task: str | None = None
    sample_payload: str | None = None
    content_types: tuple[str, ...] = ()
    response_types: tuple[str, ...] = ()
    instance_types: tuple[str, ...] = ()

    def applied_to(self, spec: PipelineSpec) -> PipelineSpec:
        """The spec with this version in it. A version that was registered from a spec gives that spec's content again.

        Raises SpecError when the version cannot be used by this pipeline.
        """
        if self.group != spec.package.group:
            raise SpecError(
                PARAMETER, f"{self.arn} is of the group {self.group}, and this pipeline's is {spec.package.group}"
            )
        if self.status != "Completed":
            raise SpecError(PARAMETER, f"{self.arn} is {self.status}, and only a Completed version can be deployed")
        package, benchmark = spec.package, spec.benchmark
        try:
            return replace(
                spec,
                containers=self.containers,
                package=replace(
                    package,
                    domain=self.domain or package.domain,
                    task=self.task or package.task,
                    sample_payload=self.sample_payload or package.sample_payload,
                    content_types=self.content_types or package.content_types,
                    response_types=self.response_types or package.response_types,
                ),
                benchmark=replace(benchmark, instance_types=self.instance_types or benchmark.instance_types),
            )
        except SpecError as error:
            raise SpecError(PARAMETER, f"{self.arn} does not fit this pipeline: {error}") from None
