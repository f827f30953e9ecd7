"""One benchmark: find or start what is to be loaded, load it, and leave nothing of it running."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from include.sagemaker_local.errors import LocalSageMakerError
from include.sagemaker_local.jobs.costs import instances_needed
from include.sagemaker_local.jobs.load_test import load_test
from include.sagemaker_local.jobs.other_traffic import LOOK_BACK_S, OtherTraffic
from include.sagemaker_local.jobs.own_fleet_test import measure_own_fleet, own_deployment, own_target
from include.sagemaker_local.jobs.plan import Benchmark, EndpointBenchmark, InstanceBenchmark
from include.sagemaker_local.jobs.results import Result, Target
from include.sagemaker_local.jobs.tools import Tools
from include.sagemaker_local.jobs.work import JobWork
from include.sagemaker_local.lifecycle import EndpointStatus
from include.sagemaker_local.load.summary import LoadFailure, LoadSummary
from include.sagemaker_local.store.store import Store

# Not felt beside a load test.
_TAKEN_UP_INTERVAL_S = 0.2


def target_of(benchmark: Benchmark, region: str, store: Store) -> Target:
    """What the benchmark will load. An endpoint that is gone by now still has its name."""
    if isinstance(benchmark, InstanceBenchmark):
        return own_target(benchmark)
    endpoint = store.endpoint(region, benchmark.endpoint_name)
    if endpoint is None or endpoint.live is None or not endpoint.live.variants:
        return Target(benchmark.endpoint_name, "", None, 1, existing=True)
    variant = endpoint.live.variants[0]
    return Target(benchmark.endpoint_name, variant.name, variant.instance_type, variant.instance_count, existing=True)


async def measure(
    work: JobWork, benchmark: Benchmark, target: Target, tools: Tools, *, first_cpu: int | None = None
) -> Result:
    """Carry out a benchmark. What is wrong with its endpoint or its fleet becomes the result's failure.

    `first_cpu` is where the cores of an own fleet begin; None leaves that to the runtime.
    """
    if isinstance(benchmark, EndpointBenchmark):
        return await _measure_endpoint(work, target, tools)
    if benchmark.refusal is not None:
        return Result(target, LoadFailure(benchmark.refusal))
    try:
        containers = work.subject.containers_of(benchmark.specification)
    except LocalSageMakerError as error:
        return Result(target, LoadFailure(str(error)))
    deployment = own_deployment(target, containers, first_cpu)
    return as_fleet(await measure_own_fleet(work, target, deployment, tools), work)


async def _measure_endpoint(work: JobWork, target: Target, tools: Tools) -> Result:
    """Load an endpoint that exists, and look whether others do, too."""
    name, traffic = target.endpoint_name, tools.watchers.traffic
    await _taken_up(name, work.region, tools.store)
    reason = _unfit(name, work.region, tools.store)
    if reason is not None:
        return Result(target, LoadFailure(reason))
    since_s = tools.clock.now_s() - LOOK_BACK_S
    before = await traffic.others(work.region, name, since_s)
    result = await load_test(work, target, tools)
    # Requests that were under way when the load ended were answered and are in nobody's count of it.
    unknown = max((stage.users for stage in result.stages), default=0)
    during = await traffic.others(work.region, name, since_s) - before - unknown
    warning = OtherTraffic(before, max(0, during)).warning()
    if warning is not None:
        await work.journal.job(warning)
        await work.journal.test(name, warning)
    return replace(result, warning=warning)


def as_fleet(result: Result, work: JobWork) -> Result:
    """An Advanced job recommends as many instances as its wanted invocations need; one was measured."""
    wanted = work.request.rules.max_invocations_per_minute
    if work.request.job_type != "Advanced" or wanted is None or not isinstance(result.load, LoadSummary):
        return result
    count = instances_needed(wanted, result.load.max_invocations)
    return replace(result, target=replace(result.target, instance_count=count))


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
    if store.scalable_targets_of(region, endpoint_name):
        return f"Endpoint {endpoint_name} scales automatically; an endpoint to be benchmarked must not."
    if endpoint.live.asynchronous is not None:
        return f"Endpoint {endpoint_name} is asynchronous; only real-time endpoints can be benchmarked."
    if len(endpoint.live.variants) != 1:
        return f"Endpoint {endpoint_name} has {len(endpoint.live.variants)} variants; only one is allowed."
    return None
