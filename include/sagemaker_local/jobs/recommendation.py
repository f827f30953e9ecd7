"""What one recommendation job does: resolve what it tests, run its benchmarks one after the other, sum up."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from include.sagemaker_local.errors import ApiError, LocalSageMakerError
from include.sagemaker_local.jobs.benchmark import Tools, measure_endpoint, measure_own_fleet, target_of
from include.sagemaker_local.jobs.invocations import Sample, sample_of
from include.sagemaker_local.jobs.plan import Benchmark, EndpointBenchmark, plan_benchmarks
from include.sagemaker_local.jobs.request import JobRequest, parse_request
from include.sagemaker_local.jobs.results import (
    Result,
    endpoint_performances,
    recommendations,
    shorten,
    step_record,
)
from include.sagemaker_local.jobs.subject import Subject, subject_of_model, subject_of_package
from include.sagemaker_local.load.payload import read_payloads
from include.sagemaker_local.load.summary import LoadFailure
from include.sagemaker_local.store.records import JsonObject, RecommendationJobRecord

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job ended. With a `failure_reason` it has failed and the two lists are empty."""

    recommendations: tuple[JsonObject, ...] = ()
    endpoint_performances: tuple[JsonObject, ...] = ()
    failure_reason: str | None = None


async def run_job(record: RecommendationJobRecord, tools: Tools) -> Outcome:
    """Run all benchmarks of a job. What is the user's fault or the host's becomes the outcome's failure reason.

    Cancel it to stop the job: the load ends and the fleet is closed before it returns. The benchmarks never overlap, or
    they would measure one another. A failed existing endpoint ends the job at once: what was asked has no answer then.
    """
    try:
        subject, sample, plan = await _prepare(record, tools)
    except LocalSageMakerError as error:
        return Outcome(failure_reason=shorten(str(error)))
    results: list[Result] = []
    for position, benchmark in enumerate(plan):
        results.append(await _run_step(record, position, benchmark, (subject, sample), tools))
        if results[-1].target.existing and isinstance(results[-1].load, LoadFailure):
            break
    return outcome_of(record.name, results)


def outcome_of(job_name: str, results: list[Result]) -> Outcome:
    """Completed with whatever could be measured; failed when the existing endpoint could not be, or nothing at all."""
    failures = [(result.target, result.load.reason) for result in results if isinstance(result.load, LoadFailure)]
    for target, reason in failures:
        if target.existing:
            return Outcome(failure_reason=shorten(f"Benchmark of {target.label} failed: {reason}"))
    if len(failures) == len(results):
        reasons = " ".join(f"{target.label}: {reason}" for target, reason in failures)
        return Outcome(failure_reason=shorten(f"All benchmarks failed. {reasons}"))
    return Outcome(recommendations(job_name, results), endpoint_performances(results))


async def _prepare(record: RecommendationJobRecord, tools: Tools) -> tuple[Subject, Sample, tuple[Benchmark, ...]]:
    request = parse_request(record.accepted)
    if request.job_type != "Default":
        raise ApiError("ValidationException", f"The local SageMaker runs Default jobs, not {request.job_type} ones.")
    subject = _subject(record.region, request, tools)
    archive = tools.objects.read(subject.sample_payload_url)
    payloads = await asyncio.to_thread(  # unpacking a large archive would hold up every request meanwhile
        read_payloads, archive, subject.sample_payload_url, tools.settings.max_invoke_body_bytes
    )
    sample = sample_of(subject, payloads, request.rules, record.region)
    return subject, sample, plan_benchmarks(request, subject.instance_types, tools.host)


def _subject(region: str, request: JobRequest, tools: Tools) -> Subject:
    if request.package_arn is not None:
        package = tools.store.model_package(region, request.package_arn)
        if package is None:
            raise ApiError("ValidationException", f"ModelPackage {request.package_arn} does not exist.")
        return subject_of_package(package, request)
    model = tools.store.model(region, request.model_name or "")
    if model is None:
        raise ApiError("ValidationException", f"Could not find model {request.model_name!r}.")
    return subject_of_model(model, request)


async def _run_step(
    record: RecommendationJobRecord,
    position: int,
    benchmark: Benchmark,
    tested: tuple[Subject, Sample],
    tools: Tools,
) -> Result:
    subject, sample = tested
    target = target_of(benchmark, record.region, tools)
    tools.store.put_step(record.region, step_record(record.name, position, target))
    logger.info("job %s: benchmark of %s begins", record.name, target.label)
    if isinstance(benchmark, EndpointBenchmark):
        result = await measure_endpoint(target, record.region, sample, tools)
    elif benchmark.refusal is not None:
        result = Result(target, LoadFailure(benchmark.refusal))
    else:
        result = await measure_own_fleet(target, record.region, subject.containers, sample, tools)
    tools.store.put_step(record.region, step_record(record.name, position, target, result))
    logger.info("job %s: benchmark of %s: %s", record.name, target.label, _in_words(result))
    return result


def _in_words(result: Result) -> str:
    load = result.load
    if isinstance(load, LoadFailure):
        return load.reason
    containers = ", ".join(
        f"{name} {histogram.mean_us() / 1000:.1f} ms" for name, histogram in load.stage.container_latency.items()
    )
    return (
        f"{load.max_invocations} invocations a minute with {load.stage.users} users, "
        f"{load.model_latency_ms} ms ({containers}); ended because {load.stopped_by}"
    )
