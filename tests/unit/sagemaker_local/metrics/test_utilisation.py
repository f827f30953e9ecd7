"""CPU and memory of instances, from what their containers use."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from include.sagemaker_local.deployment import Container, Deployment, LogPlace, VariantPlan
from include.sagemaker_local.metrics.utilisation import UtilisationSampler
from include.sagemaker_local.runtime.usage import Usage, group_usage
from include.sagemaker_local.supervisor.fleet import Fleet, plan_fleet
from tests.fakes.clock import ManualClock
from tests.fakes.log_sink import RememberedLogs
from tests.fakes.runtime import FakeProcess, healthy

GIBIBYTE = 1024**3


class Meter(FakeProcess):
    """A container that uses what the test says."""

    def __init__(self) -> None:
        super().__init__("c", 1, healthy())
        self.used: Usage | None = None

    def usage(self) -> Usage | None:
        return self.used


def fleet(directory: Path, instances: int) -> tuple[Fleet, list[Meter]]:
    """Instances of ml.m5.large (2 vCPUs, 8 GiB) with two containers each."""
    containers = tuple(Container(name, "image", None, {}) for name in ("a", "b"))
    plan = VariantPlan("v", "model", "ml.m5.large", instances, 1.0, containers)
    planned = plan_fleet("eu-west-1", "e", Deployment("config", (plan,)), directory, RememberedLogs())
    meters = []
    for member in planned.members():
        member.running = Meter()
        meters.append(member.running)
    return planned, meters


def test_both_metrics_of_every_variant(tmp_path: Path) -> None:
    serving, meters = fleet(tmp_path, 2)
    clock = ManualClock()
    sampler = UtilisationSampler(lambda: [serving], clock)

    def sample() -> dict[str, list[float]]:
        return {datum.metric.name: list(datum.distribution.values) for _, datum in sampler.sample()}

    assert sample() == {}
    for meter in meters:
        meter.used = Usage(1.0, GIBIBYTE)
    assert sample() == {"MemoryUtilization": [25.0]}
    clock.advance(10)
    meters[0].used, meters[1].used = Usage(11.0, 2 * GIBIBYTE), Usage(6.0, 2 * GIBIBYTE)
    assert sample() == {"CPUUtilization": [0.0, 150.0], "MemoryUtilization": [25.0, 50.0]}
    clock.advance(10)
    meters[0].used = Usage(0.5, 100 * GIBIBYTE)  # it was started again
    assert sample() == {"CPUUtilization": [0.0], "MemoryUtilization": [25.0, 100.0]}


def test_a_transform_jobs_instances_are_no_endpoints(tmp_path: Path) -> None:
    serving, (meter, *_) = fleet(tmp_path, 1)
    meter.used = Usage(1.0, GIBIBYTE)
    job = replace(serving, deployment=replace(serving.deployment, logs=LogPlace("/aws/sagemaker/TransformJobs")))
    assert list(UtilisationSampler(lambda: [job], ManualClock()).sample()) == []
    assert list(UtilisationSampler(lambda: [serving], ManualClock()).sample()) != []


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")
def test_a_process_group_is_measured_with_its_children() -> None:
    child = "import sys; x = bytearray(50_000_000); sum(range(3_000_000)); print('up', flush=True); sys.stdin.read()"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"

    async def main() -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", parent,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        await process.stdout.readline()
        used = group_usage(process.pid)
        process.stdin.close()
        await process.wait()
        assert used is not None
        assert used.memory_bytes > 50_000_000
        assert used.cpu_s > 0
        assert group_usage(process.pid) is None

    asyncio.run(asyncio.wait_for(main(), 30))
    assert group_usage(os.getpid(), Path("/nothing/here")) is None
