"""What one recommendation job does: resolve what it tests, run its benchmarks, sum up."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from include.sagemaker_local.errors import LocalSageMakerError
from include.sagemaker_local.instance_types import lookup
from include.sagemaker_local.jobs.benchmark import as_fleet, measure, target_of
from include.sagemaker_local.jobs.estimation import Estimation
from include.sagemaker_local.jobs.load_test import in_words
from include.sagemaker_local.jobs.measurement import documents, place
from include.sagemaker_local.jobs.outcome import Outcome, outcome_of
from include.sagemaker_local.jobs.plan import Benchmark, EndpointBenchmark, InstanceBenchmark, plan_benchmarks
from include.sagemaker_local.jobs.reasons import in_full
from include.sagemaker_local.jobs.results import Result, shorten, step_record
from include.sagemaker_local.jobs.schedule import Lanes, duration_s, lanes, too_late
from include.sagemaker_local.jobs.tools import Tools
from include.sagemaker_local.jobs.work import JobWork, resolve
from include.sagemaker_local.load.summary import LoadFailure
from include.sagemaker_local.store.records import RecommendationJobRecord


async def run_job(record: RecommendationJobRecord, tools: Tools) -> Outcome:
    """Run all benchmarks of a job. What is the user's fault or the host's becomes the outcome's failure reason.

    Cancel it to stop the job: the load ends and the fleets are closed before it returns. A failed existing endpoint
    ends the job at once: what was asked has no answer then.
    """
    journal = tools.watchers.journal(record.region, record.name)
    began_s = tools.clock.monotonic_s()
    try:
        work = await resolve(record, journal, tools)
    except LocalSageMakerError as error:
        await journal.job(f"The job failed before any test: {in_full(error)}")
        return Outcome(failure_reason=shorten(str(error)))
    run = _Run(work, tools, began_s)
    await run.all()
    outcome = outcome_of(record.name, [run.results[position] for position in sorted(run.results)])
    await _store(work, run.results, outcome, tools)
    await journal.job(f"The job failed: {outcome.failure_reason}" if outcome.failure_reason else "The job is complete.")
    return outcome


async def _store(work: JobWork, results: Mapping[int, Result], outcome: Outcome, tools: Tools) -> None:
    """Keep the whole measurement in S3. The API has its figures whether that succeeds or not."""
    folder = place(work.request.output_uri, work.subject.sample_payload_url, work.name)
    try:
        for uri, content in documents(folder, work, results, outcome):
            await tools.objects.write(uri, content)
    except LocalSageMakerError as error:
        await work.journal.job(f"The measurement could not be stored: {error}")
    else:
        await work.journal.job(f"The measurement is at {folder}job.json")


@dataclass
class _Run:
    """The tests of one job. `results` are by position: the order in which they are planned, not in which they end."""

    work: JobWork
    tools: Tools
    began_s: float
    results: dict[int, Result] = field(default_factory=dict)
    estimation: Estimation = field(init=False)

    def __post_init__(self) -> None:
        self.estimation = Estimation(self.work, self.tools)

    async def all(self) -> None:
        """Run them; those that are not begun in time have no result."""
        estimate = self.tools.settings.estimate_instance_types
        plan = plan_benchmarks(self.work.request, self.work.subject.instance_types, self.tools.host, estimate=estimate)
        side_by_side = _lanes(self.work, plan.benchmarks, self.tools)
        await self._announce(len(plan.benchmarks), side_by_side)
        for left_out in plan.left_out:
            await self.work.journal.job(f"not scheduled: {left_out.label}: the job may make {plan.limit} tests")
        waiting = list(enumerate(plan.benchmarks))
        if isinstance(plan.benchmarks[0], EndpointBenchmark):  # nothing else may run while it is tested
            await self._step(*waiting.pop(0))
            if isinstance(self.results[0].load, LoadFailure):
                return
        alone = [each for each in waiting if isinstance(each[1], InstanceBenchmark) and each[1].estimated]
        await self._in_lanes(iter([each for each in waiting if each not in alone]), side_by_side)
        await self._lane(iter(alone), first_cpu=0)  # their sizes may need every core

    async def _in_lanes(self, waiting: Iterator[tuple[int, Benchmark]], side_by_side: Lanes) -> None:
        """Each lane takes the next test as soon as it is free."""
        try:
            async with asyncio.TaskGroup() as group:
                for number in range(side_by_side.count):
                    group.create_task(self._lane(waiting, number * side_by_side.vcpus))
        except BaseExceptionGroup as errors:  # the first says what went wrong; the others were cancelled by it
            raise errors.exceptions[0] from errors

    async def _lane(self, waiting: Iterator[tuple[int, Benchmark]], first_cpu: int) -> None:
        for position, benchmark in waiting:
            reason = self._too_late()
            if reason is not None:
                await self.work.journal.job(f"not scheduled: {benchmark.label}: {reason}")
            else:
                await self._step(position, benchmark, first_cpu)

    async def _step(self, position: int, benchmark: Benchmark, first_cpu: int | None = None) -> None:
        work, store = self.work, self.tools.store
        target = target_of(benchmark, work.region, store)
        store.put_step(work.region, step_record(work.name, position, target))
        await work.journal.job(f"scheduled: {benchmark.label}, as {target.endpoint_name}")
        if isinstance(benchmark, InstanceBenchmark) and benchmark.estimated:
            result = as_fleet(await self.estimation.of(benchmark, target), work)
        else:
            result = await measure(work, benchmark, target, self.tools, first_cpu=first_cpu)
        self.results[position] = result
        store.put_step(work.region, step_record(work.name, position, result.target, result))
        await work.journal.job(f"{benchmark.label}: {in_words(result)}")

    def _too_late(self) -> str | None:
        request = self.work.request
        allowed_s = duration_s(request.duration_s, advanced=request.job_type == "Advanced")
        return too_late(self.tools.clock.monotonic_s() - self.began_s, allowed_s)

    async def _announce(self, count: int, side_by_side: Lanes) -> None:
        await self.work.journal.job(f"The job has {count} tests; {side_by_side.count} at a time.")
        if side_by_side.reason is not None:
            await self.work.journal.job(side_by_side.reason)


def _lanes(work: JobWork, benchmarks: tuple[Benchmark, ...], tools: Tools) -> Lanes:
    own = [each for each in benchmarks if isinstance(each, InstanceBenchmark)]
    measured = [each.instance_type for each in own if each.refusal is None and not each.estimated]
    types = [known for name in measured if name is not None and (known := lookup(name)) is not None]
    return lanes(work.request.max_parallel_tests, types, tools.host)
