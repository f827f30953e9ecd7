"""CPUUtilization and MemoryUtilization of the instances that serve, from what their containers use."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from include.sagemaker_local.clock import Clock
from include.sagemaker_local.metrics.names import instance_data
from include.sagemaker_local.metrics.series import Datum
from include.sagemaker_local.runtime.usage import Metered, Usage
from include.sagemaker_local.supervisor.fleet import Fleet, InstanceMembers

_GIBIBYTE = 1024**3


@dataclass(frozen=True, slots=True)
class _Reading:
    at_s: float
    cpu_s: float


class UtilisationSampler:
    """Remembers the CPU time of every instance, since a percentage needs two looks at it."""

    def __init__(self, serving: Callable[[], Iterable[Fleet]], clock: Clock) -> None:
        self._serving = serving
        self._clock = clock
        self._before: dict[str, _Reading] = {}

    def sample(self) -> Iterator[tuple[str, Datum]]:
        """Both metrics of every variant, each with its region; an instance's first look gives no CPUUtilization."""
        before, self._before = self._before, {}
        for fleet in self._serving():
            if fleet.deployment.logs is not None:
                continue  # a transform job's instances are no endpoint's; their metrics have another namespace
            for variant in fleet.variants:
                cpu: list[float] = []
                memory: list[float] = []
                for instance in variant.instances:
                    usages = _usages(instance)
                    if usages:
                        memory.append(_memory_percentage(instance, usages))
                        cpu.extend(self._cpu_percentage(instance, usages, before))
                for name, percentages in (("CPUUtilization", cpu), ("MemoryUtilization", memory)):
                    if percentages:
                        datum = instance_data(fleet.endpoint_name, variant.plan.name, name, percentages)
                        yield fleet.region, datum

    def _cpu_percentage(
        self, instance: InstanceMembers, usages: list[Usage], before: dict[str, _Reading]
    ) -> Iterator[float]:
        """Percent of one vCPU, so up to 100 times their number; nothing at an instance's first look."""
        now = _Reading(self._clock.monotonic_s(), sum(usage.cpu_s for usage in usages))
        self._before[instance.instance_id] = now
        last = before.get(instance.instance_id)
        if last is not None and now.at_s > last.at_s:
            # A container that was started again begins at 0.
            yield max(0.0, 100 * (now.cpu_s - last.cpu_s) / (now.at_s - last.at_s))


def _usages(instance: InstanceMembers) -> list[Usage]:
    """Of its containers that run and can tell."""
    usages: list[Usage] = []
    for member in instance.chain:
        running: object = member.running
        usage = running.usage() if isinstance(running, Metered) else None
        if usage is not None:
            usages.append(usage)
    return usages


def _memory_percentage(instance: InstanceMembers, usages: list[Usage]) -> float:
    offered_bytes = instance.chain[0].placement.limits.memory_gib * _GIBIBYTE
    return min(100.0, 100 * sum(usage.memory_bytes for usage in usages) / offered_bytes)
