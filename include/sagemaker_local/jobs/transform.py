"""What one transform job does: start a fleet of its own, send it the files' records, store the results."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from include.sagemaker_local.clock import Clock
from include.sagemaker_local.data.model_error import ModelError
from include.sagemaker_local.deployment import Deployment, LogPlace, VariantPlan
from include.sagemaker_local.errors import ContainerError, HostError, LocalSageMakerError
from include.sagemaker_local.jobs.fleets import Fleets, own_fleet
from include.sagemaker_local.jobs.outlast import outlast
from include.sagemaker_local.jobs.reasons import in_full
from include.sagemaker_local.jobs.results import shorten
from include.sagemaker_local.jobs.transform_files import FileResult, FileWork, transform_files
from include.sagemaker_local.jobs.transform_instance import FleetClient, is_clients_fault
from include.sagemaker_local.jobs.transform_output import output_uri
from include.sagemaker_local.jobs.transform_request import TransformRequest, Tuning, parse_transform
from include.sagemaker_local.jobs.transform_source import Source, find_source
from include.sagemaker_local.jobs.transform_tuning import batch_environment, settle
from include.sagemaker_local.objects import ObjectStore
from include.sagemaker_local.store.records import TransformJobRecord
from include.sagemaker_local.supervisor.logs import LogSink

logger = logging.getLogger(__name__)

LOG_GROUP = "/aws/sagemaker/TransformJobs"


@dataclass(frozen=True, slots=True)
class TransformTools:
    """What transform jobs work with."""

    fleets: Fleets
    client: FleetClient
    objects: ObjectStore
    sink: LogSink
    clock: Clock


async def run_transform(job: TransformJobRecord, tools: TransformTools) -> str | None:
    """Run a job to its end; None when all files were transformed, else why it failed.

    Results are stored when all files have been tried: those of the good files, whatever the others did. Cancel it to
    stop the job: the fleet is closed and nothing is stored. Once results are being stored it comes to its end anyway.
    """
    request = parse_transform(job.accepted)
    try:
        source = await asyncio.to_thread(find_source, request, tools.objects)
        # A missing bucket should be told before the work, not after it.
        await asyncio.to_thread(tools.objects.find, request.output_uri)
        fleet_name = f"transform-job.{job.name}"  # no endpoint's: those have no dot in their names
        async with own_fleet(tools.fleets, job.region, fleet_name, deployment(job, request)):
            results = await _transform(job, request, source, fleet_name, tools)
        storing = asyncio.create_task(_store(results, source, request, tools))
        await outlast(storing)
        storing.result()
    except LocalSageMakerError as error:
        return shorten(f"{_kind(error)}: {in_full(error)}")
    return _failure_reason(results)


def deployment(job: TransformJobRecord, request: TransformRequest) -> Deployment:
    """The fleet of a job. The request does not say which container a variable is for, so all of them get it."""
    environment = {**request.environment, **batch_environment(request.tuning)}
    variant = VariantPlan(
        name=job.name,
        model_name=str(job.accepted["ModelName"]),
        instance_type=request.instance_type,
        instance_count=request.instance_count,
        weight=1.0,
        containers=tuple(replace(each, environment={**each.environment, **environment}) for each in job.containers),
    )
    return Deployment(job.name, (variant,), LogPlace(LOG_GROUP, _instance_suffix(job)))


async def _transform(
    job: TransformJobRecord, request: TransformRequest, source: Source, fleet_name: str, tools: TransformTools
) -> list[FileResult]:
    requests = settle(request.tuning, await _container_tuning(job, request, fleet_name, tools))
    instances = tools.client.instances(job.region, fleet_name)
    log = _DataLog(job, [instance.instance_id for instance in instances], tools)
    await log.write(range(len(instances)), [str(requests)])
    clients = [tools.client.instance(job.region, fleet_name, number, request) for number in range(len(instances))]

    async def failed(instance: int, uri: str, error: LocalSageMakerError) -> None:
        await log.write([instance], _log_lines(uri, error))

    return await transform_files(source.uris, clients, FileWork(request, requests, tools.objects, failed))


async def _container_tuning(
    job: TransformJobRecord, request: TransformRequest, fleet_name: str, tools: TransformTools
) -> Tuning:
    asked = request.tuning
    if None in (asked.max_concurrent, asked.max_payload_mb, asked.single_record):
        return await tools.client.execution_parameters(job.region, fleet_name)
    return Tuning()


async def _store(
    results: Sequence[FileResult], source: Source, request: TransformRequest, tools: TransformTools
) -> None:
    for result in results:
        if result.error is None:
            await tools.objects.write(output_uri(request.output_uri, source.base_uri, result.uri), result.content)


class _DataLog:
    """The `data-log` streams, one an instance, in the form that transform jobs have them in."""

    def __init__(self, job: TransformJobRecord, instance_ids: Sequence[str], tools: TransformTools) -> None:
        suffix = _instance_suffix(job)
        self._streams = [f"{job.name}/{instance_id}{suffix}/data-log" for instance_id in instance_ids]
        self._region = job.region
        self._tools = tools

    async def write(self, instances: Sequence[int], lines: Sequence[str]) -> None:
        moment = datetime.fromtimestamp(self._tools.clock.now_s(), UTC).isoformat(timespec="milliseconds")[:-6]
        stamped = [f"{moment}:[sagemaker logs]: {line}" for line in lines]
        for instance in instances:
            stream = self._streams[instance]
            await asyncio.to_thread(self._tools.sink.publish, self._region, LOG_GROUP, stream, stamped)


def _instance_suffix(job: TransformJobRecord) -> str:
    """The seconds since the epoch that follow an instance's id in the names of a transform job's streams."""
    return f"-{int(job.started_at_s or job.created_at_s)}"


def _log_lines(uri: str, error: LocalSageMakerError) -> list[str]:
    name = uri.removeprefix("s3://")
    status = f" {error.original_status}" if isinstance(error, ModelError) else ""
    return [f"{name}: {_kind(error)}:{status}", f"{name}: Message:", *(f"{name}: {line}" for line in _told(error))]


def _told(error: LocalSageMakerError) -> list[str]:
    return in_full(error).splitlines()


def _failure_reason(results: Sequence[FileResult]) -> str | None:
    """AWS's sentence for failed files, and then ours, which says which and why."""
    failed = [(result.uri, result.error) for result in results if result.error is not None]
    if not failed:
        return None
    kinds = {_kind(error) for _, error in failed}
    uri, error = failed[0]
    return shorten(
        f"{'AlgorithmError' if 'AlgorithmError' in kinds else 'ClientError'}: See job logs for more information. "
        f"{len(failed)} of {len(results)} files failed; the first was {uri}: {in_full(error)}"
    )


def _kind(error: LocalSageMakerError) -> str:
    """Whose fault it is, in the word that AWS begins such reasons with."""
    if isinstance(error, ModelError):
        return "ClientError" if is_clients_fault(error) else "AlgorithmError"
    if isinstance(error, HostError):
        return "InternalError"
    return "AlgorithmError" if isinstance(error, ContainerError) else "ClientError"
