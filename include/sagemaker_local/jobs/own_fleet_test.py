"""The test of a fleet that a job starts for it alone."""

from __future__ import annotations

import uuid
from dataclasses import replace

from include.sagemaker_local.deployment import Container, Deployment, VariantPlan
from include.sagemaker_local.errors import LocalSageMakerError
from include.sagemaker_local.jobs.fleets import own_fleet
from include.sagemaker_local.jobs.load_test import load_test
from include.sagemaker_local.jobs.plan import InstanceBenchmark
from include.sagemaker_local.jobs.reasons import in_full
from include.sagemaker_local.jobs.results import Result, Target
from include.sagemaker_local.jobs.tools import Tools
from include.sagemaker_local.jobs.work import JobWork
from include.sagemaker_local.load.summary import LoadFailure


def own_target(benchmark: InstanceBenchmark) -> Target:
    """What the benchmark will load, under a name of its own."""
    # The service's own prefix for what it creates. What is estimated has a name, as every step must, and never a fleet.
    name = f"sm-epc-estimated-{uuid.uuid4().hex[:8]}" if benchmark.estimated else f"sm-epc-{uuid.uuid4()}"
    return Target(
        name, name, benchmark.instance_type, 1, environment=benchmark.environment, specification=benchmark.specification
    )


async def measure_own_fleet(work: JobWork, target: Target, deployment: Deployment, tools: Tools) -> Result:
    """Start a fleet, load it, and close it whatever happens."""
    name, journal = target.endpoint_name, work.journal
    try:
        await journal.test(name, f"starting one {target.instance_type}")
        async with own_fleet(tools.fleets, work.region, name, deployment):
            await journal.test(name, "in service; the load begins")
            result = await load_test(work, target, tools)
            await journal.test(name, "the load has ended; cleaning up")
    except LocalSageMakerError as error:
        result = Result(target, LoadFailure(in_full(error)))
    await journal.test(name, "cleaned up")
    return result


def own_deployment(
    target: Target, containers: tuple[Container, ...], first_cpu: int | None, vcpus: int | None = None
) -> Deployment:
    """The fleet of a test. The service does not say which container a tested variable is for, so all of them get it.

    `first_cpu` is where its cores begin; None leaves that to the runtime. `vcpus` are those of the type when None.
    """
    tested = dict(target.environment)
    variant = VariantPlan(
        name=target.variant_name,
        model_name=target.endpoint_name,
        instance_type=target.instance_type or "",
        instance_count=target.instance_count,
        weight=1.0,
        containers=tuple(replace(each, environment={**each.environment, **tested}) for each in containers),
        first_cpu=first_cpu,
        vcpus=vcpus,
    )
    return Deployment(config_name=target.endpoint_name, variants=(variant,))
