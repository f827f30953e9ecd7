"""Estimates an instance type that the host cannot hold: measures smaller sizes of it, and follows their curve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from include.sagemaker_local.deployment import Container
from include.sagemaker_local.errors import LocalSageMakerError
from include.sagemaker_local.instance_types import lookup
from include.sagemaker_local.jobs.estimate import estimate, latency_ms, sizes_to_measure
from include.sagemaker_local.jobs.own_fleet_test import measure_own_fleet, own_deployment, own_target
from include.sagemaker_local.jobs.plan import InstanceBenchmark
from include.sagemaker_local.jobs.results import Result, Target
from include.sagemaker_local.jobs.scaling_curve import Point
from include.sagemaker_local.jobs.tools import Tools
from include.sagemaker_local.jobs.work import JobWork
from include.sagemaker_local.load.precision import relative_half_width
from include.sagemaker_local.load.summary import LoadFailure, LoadSummary

# Two runs of the same test agree within 10 %, so one is known to 5 % however steady it was in itself.
_RUN_TO_RUN = 0.05

_Kind = tuple[tuple[tuple[str, str], ...], str | None]
"""What is measured once for all types: environment and specification."""


@dataclass
class Estimation:
    """The estimates of one job. Sizes are measured once for all types that run the same containers alike."""

    work: JobWork
    tools: Tools
    _measured: dict[_Kind, list[tuple[int, Result]]] = field(default_factory=dict)

    async def of(self, benchmark: InstanceBenchmark, target: Target) -> Result:
        """The estimate of a type; a failure when a size could not be measured, or the host has no two of them."""
        known = lookup(benchmark.instance_type or "")
        sizes = sizes_to_measure(self.tools.host.cores)
        if known is None or len(sizes) < 2:
            reason = f"{target.label} cannot be estimated: a host of one core has no two sizes to measure."
            return Result(target, LoadFailure(reason))
        kind = benchmark.environment, benchmark.specification
        if kind not in self._measured:
            try:
                containers = self.work.subject.containers_of(benchmark.specification)
            except LocalSageMakerError as error:
                return Result(target, LoadFailure(str(error)))
            self._measured[kind] = [(size, await self._measure(benchmark, containers, size)) for size in sizes]
        return _estimated(target, known.vcpus, self._measured[kind])

    async def _measure(self, benchmark: InstanceBenchmark, containers: tuple[Container, ...], vcpus: int) -> Result:
        own = own_target(replace(benchmark, estimated=False))
        await self.work.journal.job(f"measuring {benchmark.label} on {vcpus} vCPUs, as {own.endpoint_name}")
        deployment = own_deployment(own, containers, first_cpu=0, vcpus=vcpus)
        return await measure_own_fleet(self.work, own, deployment, self.tools)


def _estimated(target: Target, vcpus: int, measured: Sequence[tuple[int, Result]]) -> Result:
    summaries: list[tuple[int, LoadSummary]] = []
    for size, result in measured:
        if isinstance(result.load, LoadFailure):
            return Result(target, LoadFailure(f"Its size of {size} vCPUs could not be measured: {result.load.reason}"))
        summaries.append((size, result.load))
    try:
        found = estimate([_point(size, load) for size, load in summaries], vcpus)
    except ValueError as error:
        return Result(target, LoadFailure(f"{target.label} cannot be estimated: {error}."))
    largest = summaries[-1][1]
    latency = latency_ms(largest.stage.model_latency.mean_us() / 1000, found.points[-1], found)
    load = replace(largest, max_invocations=int(found.per_minute), model_latency_ms=max(1, round(latency)))
    times = measured[0][1].started_at_s, measured[-1][1].ended_at_s
    return Result(target, load, *times, estimate=found)


def _point(vcpus: int, load: LoadSummary) -> Point:
    half_width = relative_half_width(load.stage.marks)
    return Point(vcpus, load.per_minute, max(_RUN_TO_RUN, half_width or 0.0))
