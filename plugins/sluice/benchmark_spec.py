"""The load test between staging and the gate, as a spec describes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from sluice.errors import SpecError
from sluice.limits import Limit, check
from sluice.service_limits import INSTANCE_TYPE


@dataclass(frozen=True, kw_only=True)
class LatencyStop:
    """The latency at which the load test ends."""

    percentile: Annotated[str, Limit("Which percentile of latency is watched.", choices=("P95", "P99"))]
    ms: Annotated[int, Limit("Milliseconds at which the load test ends.", minimum=1)]

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True, kw_only=True)
class StopSpec:
    """What ends the load test early."""

    latency: Annotated[LatencyStop, Limit("End the load test at this latency.")]


@dataclass(frozen=True, kw_only=True)
class BenchmarkSpec:
    """The recommendation job that loads the staging endpoint and the listed instance types."""

    job_type: Annotated[str, Limit("Kind of recommendation job.", choices=("Default",))] = "Default"
    instance_types: Annotated[
        tuple[str, ...],
        Limit(
            "Instance types to recommend among; staging's must be there for a cost rule.",
            pattern=INSTANCE_TYPE,
            min_items=1,
            max_items=10,
        ),
    ]
    stop: Annotated[StopSpec | None, Limit("What ends the load test early; AWS's own rules when left out.")] = None

    def __post_init__(self) -> None:
        check(self)
        for position, instance_type in enumerate(self.instance_types):
            path = f"instance_types[{position}]"
            if instance_type in self.instance_types[:position]:
                raise SpecError(path, f"{instance_type} is there twice")
            if instance_type.startswith("ml.t"):  # AWS: "Burstable instance type ml.t2.medium is not allowed."
                raise SpecError(path, f"{instance_type} is burstable, and a recommendation job refuses those")
