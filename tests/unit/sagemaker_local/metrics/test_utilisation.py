"""CPU and memory of instances, from what their containers use."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from include.sagemaker_local.deployment import Container, Deployment, LogPlace, VariantPlan
from include.sagemaker_local.metrics.series import Metric
from include.sagemaker_local.metrics.utilisation import UtilisationSampler
from include.sagemaker_local.runtime.usage import Usage, group_usage
from include.sagemaker_local.supervisor.fleet import Fleet, plan_fleet
from tests.fakes.clock import ManualClock
from tests.fakes.log_sink import RememberedLogs
from tests.fakes.runtime import FakeProcess, healthy

GIBIBYTE = 1024**3


def fleet(directory: Path, instances: int, *, logs: LogPlace | None = None, direct: bool = False) -> Fleet:
    """Instances of ml.m5.large (2 vCPUs, 8 GiB) with two containers each, none of which says anything."""
    containers = tuple(Container(name, "image", None, {}) for name in ("a", "b"))
    plan = VariantPlan("v", "model", "ml.m5.large", instances, 1.0, containers, direct=direct)
    planned = plan_fleet("eu-west-1", "e", Deployment("config", (plan,), logs), directory, RememberedLogs())
    for member in planned.members():
        member.running = FakeProcess(member.container.name, 1, healthy())
    use(planned, *[None] * 2 * instances)
    return planned


def use(serving: Fleet, *usages: Usage | None) -> None:
    """What each container says from now on, container by container, instance by instance."""
    for member, usage in zip(serving.members(), usages, strict=True):
        assert isinstance(member.running, FakeProcess)
        member.running.used = usage


def sampled(sampler: UtilisationSampler) -> dict[tuple[str, str], list[float]]:
    """Values by metric and dimensions' values, without `Utilization`."""
    found: dict[tuple[str, str], list[float]] = {}
    for region, datum in asyncio.run(sampler.sample()):
        assert (region, datum.unit) == ("eu-west-1", "Percent")
        where = " ".join(f"{name}={value}" for name, value in datum.metric.dimensions)
        values = zip(datum.distribution.values, datum.distribution.counts, strict=True)
        found[datum.metric.name.removesuffix("Utilization"), where] = [value for value, n in values for _ in range(n)]
    return found


VARIANT = "EndpointName=e VariantName=v"


def test_both_metrics_of_every_variant_and_of_each_of_its_instances(tmp_path: Path) -> None:
    serving, clock = fleet(tmp_path, 2), ManualClock()
    sampler = UtilisationSampler(lambda: [serving], clock)
    first, second = (f"Host=e/v/{instance.instance_id}" for instance in serving.instances())

    assert sampled(sampler) == {}
    use(serving, *[Usage(1.0, GIBIBYTE)] * 4)
    assert sampled(sampler) == {
        ("Memory", VARIANT): [25.0, 25.0],
        ("Memory", first): [25.0],
        ("Memory", second): [25.0],
    }
    clock.advance(10)
    use(serving, Usage(11.0, 2 * GIBIBYTE), Usage(6.0, 2 * GIBIBYTE), Usage(1.0, GIBIBYTE), Usage(1.0, GIBIBYTE))
    assert sampled(sampler) == {
        ("CPU", VARIANT): [0.0, 150.0],
        ("CPU", first): [150.0],
        ("CPU", second): [0.0],
        ("Memory", VARIANT): [25.0, 50.0],
        ("Memory", first): [50.0],
        ("Memory", second): [25.0],
    }
    clock.advance(10)
    use(serving, Usage(0.5, 100 * GIBIBYTE), Usage(6.0, 0), None, Usage(2.0, GIBIBYTE))
    again = sampled(sampler)  # the first container was started again and has used 0.5 s since, the third has ended
    assert again["CPU", VARIANT] == [5.0, 10.0]
    assert again["Memory", VARIANT] == [12.5, 100.0]


def test_a_transform_jobs_instances_have_a_namespace_of_their_own(tmp_path: Path) -> None:
    serving = fleet(tmp_path, 1, logs=LogPlace("/aws/sagemaker/TransformJobs"))
    use(serving, Usage(1.0, GIBIBYTE), Usage(1.0, GIBIBYTE))
    ((_, datum),) = asyncio.run(UtilisationSampler(lambda: [serving], ManualClock()).sample())
    (instance,) = serving.instances()
    host = (("Host", f"v/{instance.instance_id}"),)
    assert datum.metric == Metric("/aws/sagemaker/TransformJobs", "MemoryUtilization", host)


def test_an_endpoint_that_is_invoked_directly_has_each_container_besides(tmp_path: Path) -> None:
    serving = fleet(tmp_path, 1, direct=True)
    use(serving, Usage(1.0, GIBIBYTE), Usage(1.0, 2 * GIBIBYTE))
    found = sampled(UtilisationSampler(lambda: [serving], ManualClock()))
    assert found["Memory", VARIANT] == [37.5]
    assert found["Memory", f"ContainerName=a {VARIANT}"] == [12.5]
    assert found["Memory", f"ContainerName=b {VARIANT}"] == [25.0]


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
