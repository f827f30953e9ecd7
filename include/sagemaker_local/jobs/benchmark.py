"""One benchmark: find or start what is to be loaded, load it, and leave nothing of it running."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Protocol

from include.sagemaker_local.clock import Clock
from include.sagemaker_local.deployment import Container, Deployment, VariantPlan
from include.sagemaker_local.errors import LocalSageMakerError
from include.sagemaker_local.jobs.fleets import Fleets, own_fleet
from include.sagemaker_local.jobs.host import Host
from include.sagemaker_local.jobs.invocations import Sample, load_plan
from include.sagemaker_local.jobs.plan import Benchmark, InstanceBenchmark
from include.sagemaker_local.jobs.reasons import in_full
from include.sagemaker_local.jobs.results import Result, Target
from include.sagemaker_local.lifecycle import EndpointStatus
from include.sagemaker_local.load.plan import LoadPlan
from include.sagemaker_local.load.stage import StageResult
from include.sagemaker_local.load.summary import LoadFailure, summarise
from include.sagemaker_local.objects import ObjectReader
from include.sagemaker_local.settings import Settings
from include.sagemaker_local.store.store import Store

logger = logging.getLogger(__name__)

# Not felt beside a load test.
_TAKEN_UP_INTERVAL_S = 0.2


class Drive(Protocol):
    """Runs a load plan; `load.process.drive` in earnest."""

    def __call__(self, plan: LoadPlan) -> AsyncGenerator[StageResult, None]:
        """The stages as they end. The load ends with the generator."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What jobs work with."""

    store: Store
    fleets: Fleets
    objects: ObjectReader
    settings: Settings
    clock: Clock
    gateway_port: Callable[[], int]
    host: Host
    drive: Drive


def target_of(benchmark: Benchmark, region: str, tools: Tools) -> Target:
    """What the benchmark will load. An endpoint that is gone by now still has its name."""
    if isinstance(benchmark, InstanceBenchmark):
        name = f"sm-epc-{uuid.uuid4()}"  # the service's own prefix for what it creates
        return Target(name, name, benchmark.instance_type, 1, environment=benchmark.environment)
    endpoint = tools.store.endpoint(region, benchmark.endpoint_name)
    if endpoint is None or endpoint.live is None or not endpoint.live.variants:
        return Target(benchmark.endpoint_name, "", None, 1, existing=True)
    variant = endpoint.live.variants[0]
    return Target(benchmark.endpoint_name, variant.name, variant.instance_type, variant.instance_count, existing=True)


async def measure_endpoint(target: Target, region: str, sample: Sample, tools: Tools) -> Result:
    """Load an endpoint that exists. What is wrong with it becomes the result's failure."""
    await _taken_up(target.endpoint_name, region, tools.store)
    reason = _unfit(target.endpoint_name, region, tools.store)
    return Result(target, LoadFailure(reason)) if reason else await _load(target, sample, tools)


async def measure_own_fleet(
    target: Target, region: str, containers: tuple[Container, ...], sample: Sample, tools: Tools
) -> Result:
    """Start the containers as a fleet of their own, load it, and close it whatever happens."""
    try:
        async with own_fleet(tools.fleets, region, target.endpoint_name, _deployment(target, containers)):
            return await _load(target, sample, tools)
    except LocalSageMakerError as error:
        return Result(target, LoadFailure(in_full(error)))


async def _load(target: Target, sample: Sample, tools: Tools) -> Result:
    plan = load_plan(sample, target.endpoint_name, tools.gateway_port(), tools.settings)
    started_at_s = tools.clock.now_s()
    stages: list[StageResult] = []
    try:
        async with aclosing(tools.drive(plan)) as results:
            async for stage in results:
                stages.append(stage)
                logger.info("%s: %d users, %.1f predictions/s", target.label, stage.users, stage.per_second)
        load = summarise(plan.course, stages, plan.rules)
    except LocalSageMakerError as error:
        load = LoadFailure(in_full(error))
    return Result(target, load, started_at_s, tools.clock.now_s())


async def _taken_up(endpoint_name: str, region: str, store: Store) -> None:
    """A job that a restart of the server interrupted is taken up before its endpoint is: waits for that one."""
    while (endpoint := store.endpoint(region, endpoint_name)) is not None:
        if endpoint.status is not EndpointStatus.SYSTEM_UPDATING:
            return
        await asyncio.sleep(_TAKEN_UP_INTERVAL_S)


def _unfit(endpoint_name: str, region: str, store: Store) -> str | None:
    """Why the endpoint cannot be tested at this moment. Creation checked it, but jobs wait and endpoints change."""
    endpoint = store.endpoint(region, endpoint_name)
    if endpoint is None:
        return f"Could not find endpoint {endpoint_name}: it was deleted before the benchmark began."
    if endpoint.status is not EndpointStatus.IN_SERVICE or endpoint.live is None:
        return f"Endpoint {endpoint_name} is {endpoint.status}, not InService."
    if endpoint.live.asynchronous is not None:
        return f"Endpoint {endpoint_name} is asynchronous; only real-time endpoints can be benchmarked."
    if len(endpoint.live.variants) != 1:
        return f"Endpoint {endpoint_name} has {len(endpoint.live.variants)} variants; only one is allowed."
    return None


def _deployment(target: Target, containers: tuple[Container, ...]) -> Deployment:
    """The service does not say which container a tested variable is for, so all of them get it."""
    tested = dict(target.environment)
    variant = VariantPlan(
        name=target.variant_name,
        model_name=target.endpoint_name,
        instance_type=target.instance_type or "",
        instance_count=target.instance_count,
        weight=1.0,
        containers=tuple(replace(each, environment={**each.environment, **tested}) for each in containers),
    )
    return Deployment(config_name=target.endpoint_name, variants=(variant,))
