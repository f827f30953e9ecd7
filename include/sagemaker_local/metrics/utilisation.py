"""CPUUtilization and MemoryUtilization of the instances that serve, from what their containers use."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from include.sagemaker_local.clock import Clock
from include.sagemaker_local.metrics.names import instance_data
from include.sagemaker_local.metrics.series import Datum
from include.sagemaker_local.runtime.usage import Metered, Usage
from include.sagemaker_local.supervisor.fleet import Fleet, InstanceMembers, VariantMembers

_GIBIBYTE = 1024**3


@dataclass(frozen=True, slots=True)
class _Reading:
    at_s: float
    cpu_s: float


_Key: TypeAlias = tuple[str, str | None]
"""An instance's id, and a container of it or None for all of them."""


class UtilisationSampler:
    """Remembers the CPU time of every instance, since a percentage needs two looks at it."""

    def __init__(self, serving: Callable[[], Iterable[Fleet]], clock: Clock) -> None:
        self._serving = serving
        self._clock = clock
        self._before: dict[_Key, _Reading] = {}

    def sample(self) -> Iterator[tuple[str, Datum]]:
        """Both metrics of every variant, each with its region; an instance's first look gives no CPUUtilization."""
        before, self._before = self._before, {}
        for fleet in self._serving():
            if fleet.deployment.logs is not None:
                continue  # a transform job's instances are no endpoint's; their metrics have another namespace
            for variant in fleet.variants:
                names: list[str | None] = [None]
                if variant.plan.direct:  # such an endpoint has each container's own metrics as well
                    names += [container.name for container in variant.plan.containers]
                for name in names:
                    yield from self._measured(fleet, variant, name, before)

    def _measured(
        self, fleet: Fleet, variant: VariantMembers, container: str | None, before: dict[_Key, _Reading]
    ) -> Iterator[tuple[str, Datum]]:
        """Both metrics of a variant's instances, or of the one `container` of each."""
        cpu: list[float] = []
        memory: list[float] = []
        for instance in variant.instances:
            usages = _usages(instance, container)
            if usages:
                memory.append(_memory_percentage(instance, usages))
                cpu.extend(self._cpu_percentage((instance.instance_id, container), usages, before))
        for name, percentages in (("CPUUtilization", cpu), ("MemoryUtilization", memory)):
            if percentages:
                datum = instance_data(fleet.endpoint_name, variant.plan.name, name, percentages, container)
                yield fleet.region, datum

    def _cpu_percentage(self, key: _Key, usages: list[Usage], before: dict[_Key, _Reading]) -> Iterator[float]:
        """Percent of one vCPU, so up to 100 times their number; nothing at the first look."""
        now = _Reading(self._clock.monotonic_s(), sum(usage.cpu_s for usage in usages))
        self._before[key] = now
        last = before.get(key)
        if last is not None and now.at_s > last.at_s:
            # A container that was started again begins at 0.
            yield max(0.0, 100 * (now.cpu_s - last.cpu_s) / (now.at_s - last.at_s))


def _usages(instance: InstanceMembers, container: str | None) -> list[Usage]:
    """Of those of its containers (of the one called `container`) that run and can tell."""
    usages: list[Usage] = []
    for member in instance.chain:
        if container not in (None, member.container.name):
            continue
        running: object = member.running
        usage = running.usage() if isinstance(running, Metered) else None
        if usage is not None:
            usages.append(usage)
    return usages


def _memory_percentage(instance: InstanceMembers, usages: list[Usage]) -> float:
    offered_bytes = instance.chain[0].placement.limits.memory_gib * _GIBIBYTE
    return min(100.0, 100 * sum(usage.memory_bytes for usage in usages) / offered_bytes)
