"""One load test of one endpoint: driven, watched, and summed up."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass, field, replace

from include.sagemaker_local.errors import LocalSageMakerError
from include.sagemaker_local.jobs import cores_apart
from include.sagemaker_local.jobs.invocations import load_plan
from include.sagemaker_local.jobs.meter import Looks, looking
from include.sagemaker_local.jobs.reasons import in_full
from include.sagemaker_local.jobs.results import Result, Target
from include.sagemaker_local.jobs.tools import Tools
from include.sagemaker_local.jobs.utilisation import NOT_AVAILABLE, Utilisation
from include.sagemaker_local.jobs.work import JobWork
from include.sagemaker_local.load.plan import LoadPlan
from include.sagemaker_local.load.progress import Progress
from include.sagemaker_local.load.stage import StageResult
from include.sagemaker_local.load.summary import LoadFailure, LoadSummary, summarise
from include.sagemaker_local.load.timeline import Timeline


@dataclass
class _Seen:
    """A load test so far: its seconds, its stages as they end, and how busy the fleet was in each."""

    timeline: Timeline
    stages: list[StageResult] = field(default_factory=list)
    used: list[Utilisation] = field(default_factory=list)


async def load_test(work: JobWork, target: Target, tools: Tools) -> Result:
    """Load the target until the job's rules end it. What goes wrong becomes the result's failure.

    Cancelled, it ends the load before it returns.
    """
    with tools.watchers.cores.apart(work.region, target.endpoint_name) as cores:
        await work.journal.test(target.endpoint_name, cores_apart.in_words(cores))
        plan = load_plan(work.sample, target.endpoint_name, tools.gateway_port(), tools.settings)
        return await _load_test(work, target, replace(plan, cores=cores), tools)


async def _load_test(work: JobWork, target: Target, plan: LoadPlan, tools: Tools) -> Result:
    began_s = tools.clock.now_s()
    seen = _Seen(Timeline(began_s))
    try:
        watch = looking(tools.watchers.meter, tools.clock, work.region, target.endpoint_name)
        async with watch as looks:
            await _drive(work, target, plan, (seen, looks), tools)
        load = summarise(plan.course, seen.stages, plan.rules)
        for doubt in load.warnings if isinstance(load, LoadSummary) else ():
            await work.journal.test(target.endpoint_name, doubt)
    except LocalSageMakerError as error:
        load = LoadFailure(in_full(error))
    return Result(
        target,
        load,
        began_s,
        tools.clock.now_s(),
        _utilisation(load, seen),
        tuple(seen.stages),
        seen.timeline.intervals(),
    )


async def _drive(work: JobWork, target: Target, plan: LoadPlan, into: tuple[_Seen, Looks], tools: Tools) -> None:
    seen, looks = into
    publish = tools.watchers.metrics.of_test(work.region, work.name, target.endpoint_name)

    def tell(progress: Progress) -> None:
        publish(progress)
        seen.timeline.add(progress)

    async with aclosing(tools.drive(plan, tell)) as stages:
        async for stage in stages:
            seen.stages.append(stage)
            seen.used.append(await looks.stage_ended(stage.span_s))
            await work.journal.test(target.endpoint_name, _stage_in_words(stage))


def _utilisation(load: LoadSummary | LoadFailure, seen: _Seen) -> Utilisation:
    """That of the stage which the figures come from."""
    if isinstance(load, LoadFailure):
        return NOT_AVAILABLE
    return next(
        (used for stage, used in zip(seen.stages, seen.used, strict=False) if stage is load.stage), NOT_AVAILABLE
    )


def _stage_in_words(stage: StageResult) -> str:
    latency = (
        f"p50 {stage.latency.percentile_us(50) / 1000:.1f} ms, p95 {stage.latency.percentile_us(95) / 1000:.1f} ms"
        if stage.latency.count
        else "no answer"
    )
    return f"{stage.users} users: {stage.per_second * 60:.0f} invocations a minute, {latency}, {stage.failed} failed"


def in_words(result: Result) -> str:
    """How a test ended, in one line."""
    load = result.load
    if isinstance(load, LoadFailure):
        return load.reason
    if result.estimate is not None:
        return result.estimate.in_words()
    containers = ", ".join(
        f"{name} {histogram.mean_us() / 1000:.1f} ms" for name, histogram in load.stage.container_latency.items()
    )
    return (
        f"{load.max_invocations} invocations a minute with {load.stage.users} users, "
        f"{load.model_latency_ms} ms ({containers}); ended because {load.stopped_by}"
    )
