"""Looks at what a fleet uses while it is loaded."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Protocol

from include.sagemaker_local.clock import Clock
from include.sagemaker_local.jobs.utilisation import Look, Utilisation, mean, utilisation
from include.sagemaker_local.supervisor.fleet import Fleet, InstanceMembers

logger = logging.getLogger(__name__)

_GIBIBYTE = 1024**3

# A look costs milliseconds, of a machine that is measured at that moment; CPU time is kept by the kernel meanwhile, so
# that nothing is missed in between.
LOOK_INTERVAL_S = 1.0


class Meter(Protocol):
    """Whoever can tell what a fleet has used."""

    async def look(self, region: str, endpoint_name: str) -> Look | None:
        """An average instance of the endpoint's fleet, on the server's monotonic clock; None when nothing is known."""


class FleetMeter:
    """Asks the containers of the fleets that serve."""

    def __init__(self, serving: Callable[[], Iterable[Fleet]], clock: Clock) -> None:
        self._serving = serving
        self._clock = clock

    async def look(self, region: str, endpoint_name: str) -> Look | None:
        """See Meter."""
        fleets = [one for one in self._serving() if (one.region, one.endpoint_name) == (region, endpoint_name)]
        looks = [await self._at(instance) for fleet in fleets for instance in fleet.instances()]
        return mean(look for look in looks if look is not None)

    async def _at(self, instance: InstanceMembers) -> Look | None:
        usages = [await member.running.usage() for member in instance.chain if member.running is not None]
        known = [usage for usage in usages if usage is not None]
        if not known:
            return None
        offered_bytes = instance.chain[0].placement.limits.memory_gib * _GIBIBYTE
        held_bytes = sum(usage.memory_bytes for usage in known)
        return Look(
            self._clock.monotonic_s(), sum(usage.cpu_s for usage in known), min(100.0, 100 * held_bytes / offered_bytes)
        )


class Looks:
    """The looks at one fleet during one load test."""

    def __init__(self, meter: Meter, clock: Clock, region: str, endpoint_name: str) -> None:
        self._meter = meter
        self._clock = clock
        self._of = region, endpoint_name
        self._looks: list[Look] = []

    async def stage_ended(self, span_s: float) -> Utilisation:
        """What was used in the last `span_s` seconds, which is what a stage has measured when it is told."""
        ends_s = self._clock.monotonic_s()
        await self._look()
        return utilisation(self._looks, ends_s - span_s, ends_s)

    async def keep_looking(self, interval_s: float) -> None:
        """Look for ever, `interval_s` apart."""
        while True:
            await self._look()
            await asyncio.sleep(interval_s)

    async def _look(self) -> None:
        try:
            look = await self._meter.look(*self._of)
        except Exception:  # a load test is worth more than this
            logger.exception("what the fleet of %s uses could not be measured", self._of[1])
            return
        if look is not None:
            self._looks.append(look)


@asynccontextmanager
async def looking(
    meter: Meter, clock: Clock, region: str, endpoint_name: str, *, interval_s: float = LOOK_INTERVAL_S
) -> AsyncIterator[Looks]:
    """Looks at a fleet for as long as it is loaded."""
    looks = Looks(meter, clock, region, endpoint_name)
    task = asyncio.create_task(looks.keep_looking(interval_s))
    try:
        yield looks
    finally:
        task.cancel()
        await asyncio.wait({task})
