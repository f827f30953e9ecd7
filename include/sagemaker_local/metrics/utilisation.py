"""CPUUtilization and MemoryUtilization of instances, from what their containers use."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from include.sagemaker_local.clock import Clock
from include.sagemaker_local.metrics.names import endpoint_utilisation, transform_utilisation
from include.sagemaker_local.metrics.series import Datum
from include.sagemaker_local.runtime.usage import Usage
from include.sagemaker_local.supervisor.fleet import Fleet, InstanceMembers, VariantMembers

_GIBIBYTE = 1024**3

_Key: TypeAlias = tuple[str, str]
"""An instance's id and a container's name."""


@dataclass(frozen=True, slots=True)
class _Reading:
    at_s: float
    usage: Usage


@dataclass(frozen=True, slots=True)
class _Use:
    """What one container uses: percent of one vCPU, None at the first look at it, and bytes."""

    cpu: float | None
    memory_bytes: int


class UtilisationSampler:
    """Remembers the CPU time of every container, since a percentage needs two looks at it."""

    def __init__(self, serving: Callable[[], Iterable[Fleet]], clock: Clock) -> None:
        self._serving = serving
        self._clock = clock
        self._before: dict[_Key, _Reading] = {}

    async def sample(self) -> list[tuple[str, Datum]]:
        """Both metrics of every instance, each with its region; a container's first look gives no CPUUtilization."""
        fleets = tuple(self._serving())
        readings = await self._look(fleets)
        uses = {key: _use(self._before.get(key), reading) for key, reading in readings.items()}
        self._before = readings
        return [
            (fleet.region, datum)
            for fleet in fleets
            for variant in fleet.variants
            for datum in _data(fleet, variant, uses)
        ]

    async def _look(self, fleets: Iterable[Fleet]) -> dict[_Key, _Reading]:
        """What every container that runs and can tell has used. One after the other: nobody waits for this."""
        readings: dict[_Key, _Reading] = {}
        for instance in (instance for fleet in fleets for instance in fleet.instances()):
            for member in instance.chain:
                usage = None if member.running is None else await member.running.usage()
                if usage is not None:
                    key = instance.instance_id, member.container.name
                    readings[key] = _Reading(self._clock.monotonic_s(), usage)
        return readings


def _use(last: _Reading | None, now: _Reading) -> _Use:
    cpu = None
    if last is not None and now.at_s > last.at_s:
        # A container that was started again began at 0.
        used_s = now.usage.cpu_s - last.usage.cpu_s if now.usage.cpu_s >= last.usage.cpu_s else now.usage.cpu_s
        cpu = 100 * used_s / (now.at_s - last.at_s)
    return _Use(cpu, now.usage.memory_bytes)


def _data(fleet: Fleet, variant: VariantMembers, uses: Mapping[_Key, _Use]) -> Iterator[Datum]:
    """The metrics of one variant, or of a transform job, whose fleet is the one kind that logs elsewhere."""
    plan = variant.plan
    for name, percentages in _percentages(variant, uses, tuple(each.name for each in plan.containers)):
        if fleet.deployment.logs is not None:
            yield from transform_utilisation(plan.name, name, percentages)
        else:
            yield from endpoint_utilisation(fleet.endpoint_name, plan.name, name, percentages)
    if plan.direct:  # such an endpoint has each container's own metrics as well
        for container in plan.containers:
            for name, percentages in _percentages(variant, uses, (container.name,)):
                yield from endpoint_utilisation(fleet.endpoint_name, plan.name, name, percentages, container.name)


def _percentages(
    variant: VariantMembers, uses: Mapping[_Key, _Use], containers: tuple[str, ...]
) -> Iterator[tuple[str, Mapping[str, float]]]:
    """Both metrics by instance id, of these containers of each together; instances of which nothing is known are not
    in them, and a metric of none is left out."""
    cpu: dict[str, float] = {}
    memory: dict[str, float] = {}
    for instance in variant.instances:
        known = [uses[key] for name in containers if (key := (instance.instance_id, name)) in uses]
        shares = [use.cpu for use in known if use.cpu is not None]
        if known:
            memory[instance.instance_id] = _memory_percentage(instance, known)
        if shares:
            cpu[instance.instance_id] = sum(shares)
    for metric, percentages in (("CPUUtilization", cpu), ("MemoryUtilization", memory)):
        if percentages:
            yield metric, percentages


def _memory_percentage(instance: InstanceMembers, known: Iterable[_Use]) -> float:
    offered_bytes = instance.chain[0].placement.limits.memory_gib * _GIBIBYTE
    return min(100.0, 100 * sum(use.memory_bytes for use in known) / offered_bytes)
