"""How a version is measured that has been measured before: in a job of its own, maybe on an endpoint of its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from sluice.errors import SpecError
from sluice.specs.pipeline import PipelineSpec
from sluice.specs.staging import StagingSpec

MAX_INSTANCE_TYPES = 10
"""The most recommendations that a job has: `InferenceRecommendations` of the service model holds 1 to 10."""


@dataclass(frozen=True, kw_only=True)
class Measuring:
    """Sets one measurement of a version apart from its others."""

    round: str
    """Part of the job's name, which AWS never gives free: the same round finds its job, another one has its own."""
    instance_types: tuple[str, ...]
    """What the job recommends among, whatever the version was registered with."""
    staging: StagingSpec | None = None
    """Where it is measured; None is the spec's staging endpoint."""

    def applied_to(self, spec: PipelineSpec) -> PipelineSpec:
        """The spec with the endpoint of this measurement."""
        return spec if self.staging is None else replace(spec, staging=self.staging)


def types_together(*given: Iterable[str]) -> tuple[str, ...]:
    """All instance types once, in their order. Raises SpecError when they are more than a job takes."""
    together = tuple(dict.fromkeys(each for some in given for each in some))
    if len(together) > MAX_INSTANCE_TYPES:
        raise SpecError(
            "rebenchmark.instance_types",
            f"makes {len(together)} with those of the version, and a job takes at most {MAX_INSTANCE_TYPES}: "
            f"{', '.join(together)}",
        )
    return together
