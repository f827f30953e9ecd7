"""What a fleet uses, read from its containers."""

from __future__ import annotations

import asyncio
import math
from pathlib import Path

import pytest

from include.sagemaker_local.deployment import Container, Deployment, VariantPlan
from include.sagemaker_local.jobs.meter import FleetMeter, looking
from include.sagemaker_local.jobs.utilisation import Look
from include.sagemaker_local.runtime.usage import Usage
from include.sagemaker_local.supervisor.fleet import Fleet, plan_fleet
from tests.fakes.clock import ManualClock
from tests.fakes.log_sink import RememberedLogs

GIBIBYTE = 1024**3


class Running:
    """A container that tells a usage, or None."""

    name, host, port = "c", "127.0.0.1", 1

    def __init__(self, usage: Usage | None) -> None:
        self._usage = usage

    def exit_code(self) -> int | None:
        return None

    def log_tail(self, lines: int) -> tuple[str, ...]:
        return ()

    async def usage(self) -> Usage | None:
        return self._usage

    async def stop(self, grace_s: float) -> None:
        return


def fleet(tmp_path: Path, *usages: Usage | None, instances: int = 1) -> Fleet:
    """Containers on ml.c5.large, which has 4 GiB; every instance has the same."""
    containers = tuple(Container(f"c{number}", "image", None) for number in range(len(usages)))
    plan = VariantPlan("v", "m", "ml.c5.large", instances, 1.0, containers)
    made = plan_fleet("r", "e", Deployment("config", (plan,)), tmp_path, RememberedLogs())
    for instance in made.instances():
        for member, usage in zip(instance.chain, usages, strict=True):
            member.running = Running(usage)
    return made


def look(of: Fleet, endpoint: str = "e") -> Look | None:
    clock = ManualClock()
    clock.advance(7)
    return asyncio.run(FleetMeter(lambda: [of], clock).look("r", endpoint))


def test_the_containers_of_an_instance_are_added_up(tmp_path: Path) -> None:
    assert look(fleet(tmp_path, Usage(3, GIBIBYTE), Usage(1.5, GIBIBYTE))) == Look(7, 4.5, 50)


def test_instances_are_averaged_and_what_cannot_tell_is_left_out(tmp_path: Path) -> None:
    assert look(fleet(tmp_path, Usage(3, GIBIBYTE), None, instances=2)) == Look(7, 3, 25)


def test_nothing_is_known_of_other_endpoints_and_of_containers_that_cannot_tell(tmp_path: Path) -> None:
    assert look(fleet(tmp_path, None)) is None
    assert look(fleet(tmp_path, Usage(3, GIBIBYTE)), endpoint="another") is None


class Ticking:
    """Two busy CPUs, at whatever time the clock shows. `broken`: it raises instead."""

    def __init__(self, clock: ManualClock, *, broken: bool = False) -> None:
        self._clock = clock
        self._broken = broken
        self.looked = asyncio.Event()

    async def look(self, region: str, endpoint_name: str) -> Look | None:
        self.looked.set()
        if self._broken:
            raise OSError("no /proc today")
        return Look(self._clock.monotonic_s(), 2 * self._clock.monotonic_s(), 40)


@pytest.mark.parametrize("broken", [False, True])
def test_a_stage_s_utilisation_is_that_of_its_measured_part(broken: bool) -> None:
    async def scenario() -> None:
        clock = ManualClock()
        meter = Ticking(clock, broken=broken)
        async with looking(meter, clock, "r", "e", interval_s=3600) as looks:
            await meter.looked.wait()
            clock.advance(3)
            used = await looks.stage_ended(2)
        assert math.isnan(used.cpu_percent) if broken else (used.cpu_percent, used.memory_percent) == (200, 40)

    asyncio.run(asyncio.wait_for(scenario(), 10))
