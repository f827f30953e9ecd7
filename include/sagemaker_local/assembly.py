"""The parts of the server, each built of those before it. `server.py` says in which order they start and stop."""

from __future__ import annotations

import socket
import sqlite3
from contextlib import AsyncExitStack
from dataclasses import dataclass

from include.sagemaker_local.async_inference.asker import Asker
from include.sagemaker_local.async_inference.backlog import BacklogSampler
from include.sagemaker_local.async_inference.intake import AsyncIntake
from include.sagemaker_local.async_inference.queue import AsyncQueue
from include.sagemaker_local.autoscaling import Autoscaler, ScalingRules
from include.sagemaker_local.aws.alarm_archive import AlarmArchive
from include.sagemaker_local.aws.alarms import MotoAlarms
from include.sagemaker_local.aws.execution_role import ensure_role
from include.sagemaker_local.aws.logs import MotoLogs
from include.sagemaker_local.aws.metric_alarms import MotoAlarmBook
from include.sagemaker_local.aws.mount import AwsMount
from include.sagemaker_local.aws.objects import MountedObjects
from include.sagemaker_local.aws.s3_archive import S3Archive
from include.sagemaker_local.aws.s3_memory import MotoMemory
from include.sagemaker_local.aws.s3_store import S3Store
from include.sagemaker_local.aws.scaling_alarms import MotoScalingAlarms
from include.sagemaker_local.aws.service_archive import ServiceArchive
from include.sagemaker_local.aws.services import create_app_with
from include.sagemaker_local.aws.topics import MountedTopics
from include.sagemaker_local.aws.user_metrics import AllMetrics
from include.sagemaker_local.clock import SystemClock
from include.sagemaker_local.control.call import Services
from include.sagemaker_local.control.plane import FAULTY_OPERATIONS, ControlPlane
from include.sagemaker_local.data.entrance import Invocations
from include.sagemaker_local.data.faulty_client import FaultyClient
from include.sagemaker_local.data.plane import DataPlane
from include.sagemaker_local.data.throttled import ThrottledInvocations
from include.sagemaker_local.edge.processes import GatewayProcesses
from include.sagemaker_local.errors import HostError
from include.sagemaker_local.fault_page import FaultPage
from include.sagemaker_local.faults import FaultTable
from include.sagemaker_local.http1 import unix_socket
from include.sagemaker_local.http1.client import HttpClient
from include.sagemaker_local.jobs.client_metrics import ClientMetrics
from include.sagemaker_local.jobs.cores_apart import CoresApart
from include.sagemaker_local.jobs.host import this_host
from include.sagemaker_local.jobs.meter import FleetMeter
from include.sagemaker_local.jobs.other_traffic import PublishedTraffic
from include.sagemaker_local.jobs.recommendation_queue import RecommendationQueue
from include.sagemaker_local.jobs.runner import JobRunner
from include.sagemaker_local.jobs.tools import Tools, Watchers
from include.sagemaker_local.jobs.transform import TransformTools
from include.sagemaker_local.jobs.transform_instance import FleetClient
from include.sagemaker_local.jobs.transform_queue import TransformQueue
from include.sagemaker_local.load.process import drive as drive_process
from include.sagemaker_local.metrics.publisher import Publisher
from include.sagemaker_local.metrics.series import MetricSeries
from include.sagemaker_local.metrics.utilisation import UtilisationSampler
from include.sagemaker_local.metrics.watching import AlarmWatch
from include.sagemaker_local.runtime.selection import open_runtime, runs_here
from include.sagemaker_local.settings import Settings
from include.sagemaker_local.store.store import Store
from include.sagemaker_local.supervisor import DeploymentFaults, Fleets, Rollout, Supervisor
from include.sagemaker_local.supervisor.pace import ScaledPace

# What requests and containers get to end when the server is told to stop; nobody at a terminal waits much longer.
CLOSE_GRACE_S = 5.0


@dataclass(frozen=True, slots=True)
class Ground:
    """What everything else stands on: state, routes, moto, and the socket that the main process listens on."""

    settings: Settings
    clock: SystemClock
    here: socket.socket
    gateways: GatewayProcesses
    store: Store
    series: MetricSeries
    kept_alarms: AlarmArchive
    kept_services: ServiceArchive
    mount: AwsMount
    objects: MountedObjects
    client: HttpClient


@dataclass(frozen=True, slots=True)
class Deploying:
    """What brings endpoints to what is wanted."""

    fleets: Fleets
    supervisor: Supervisor
    alarms: MotoAlarms
    faults: FaultTable
    sink: MotoLogs


@dataclass(frozen=True, slots=True)
class Metrics:
    """What publishes metrics, and what acts on them."""

    publisher: Publisher
    autoscaler: Autoscaler


@dataclass(frozen=True, slots=True)
class Answering:
    """What answers requests for SageMaker."""

    control: ControlPlane
    invocations: Invocations
    queue: AsyncQueue
    faults: FaultPage


async def lay_ground(settings: Settings, public: list[socket.socket], opened: AsyncExitStack) -> Ground:
    """Starts the gateway processes, which load meanwhile, and reads what is stored. Raises HostError."""
    clock = SystemClock()
    if settings.gateway_processes:
        here = opened.enter_context(unix_socket.listen("main"))
        gateways = GatewayProcesses(public, unix_socket.name_of(here), settings)
    else:
        here, gateways = public[0], GatewayProcesses((), "", settings)
    opened.push_async_callback(gateways.close, 0)
    await gateways.start()
    store = Store(settings.data_dir / "sagemaker.sqlite3", clock)
    opened.callback(store.close)
    memory, series = MotoMemory(settings.account_id), MetricSeries()
    kept_alarms = AlarmArchive(settings.account_id, settings.data_dir / "alarms.json")
    mount, kept_services = await _mount(settings, memory, series, kept_alarms, opened)
    client = HttpClient()
    opened.push_async_callback(client.close)
    objects = MountedObjects(memory, mount.handle)
    return Ground(settings, clock, here, gateways, store, series, kept_alarms, kept_services, mount, objects, client)


async def _mount(
    settings: Settings, memory: MotoMemory, series: MetricSeries, alarms: AlarmArchive, opened: AsyncExitStack
) -> tuple[AwsMount, ServiceArchive]:
    directory = settings.data_dir / "s3"
    try:
        services = ServiceArchive(settings.account_id, settings.data_dir / "services.sqlite3")
        mount = AwsMount(
            S3Archive(memory, S3Store(directory)),
            account_id=settings.account_id,
            create_app=create_app_with(series, alarms, runs_here(settings)),
            memories=[alarms],
            changes=services,
        )
        opened.callback(mount.close)
        await mount.load()
        ensure_role(settings.account_id)
    except (OSError, sqlite3.Error) as error:
        raise HostError(f"cannot use {directory}: {error}; check its permissions and the disk's free space") from error
    return mount, services


async def open_deploying(ground: Ground, opened: AsyncExitStack) -> Deploying:
    """The container runtime and the supervisor, which does nothing before it is started. Raises HostError."""
    settings = ground.settings
    runtime, sink = (
        await opened.enter_async_context(open_runtime(ground.objects, settings)),
        MotoLogs(settings.account_id, ground.kept_services),
    )
    table, pace = FaultTable(), ScaledPace(settings.time_scale)
    faults = DeploymentFaults(table, pace)
    fleets = Fleets(runtime, ground.client, sink, ground.gateways, ground.gateways, settings, faults=faults)
    alarms = MotoAlarms(settings.account_id)
    supervisor = Supervisor(ground.store, fleets, Rollout(fleets, ground.store, alarms, pace), settings, faults=faults)
    opened.push_async_callback(supervisor.close, min(CLOSE_GRACE_S, settings.stop_grace_s))
    return Deploying(fleets, supervisor, alarms, table, sink)


def open_metrics(ground: Ground, deploying: Deploying, opened: AsyncExitStack) -> Metrics:
    """The publisher, which does nothing before it is started, and the autoscaler, which follows it."""
    settings, account_id = ground.settings, ground.settings.account_id
    rules = ScalingRules(settings.metrics_interval_s, settings.time_scale, settings.max_instances)
    autoscaler = Autoscaler(
        ground.store,
        AllMetrics(ground.series, account_id),
        MotoScalingAlarms(account_id),
        ground.clock,
        deploying.supervisor.wake,
        rules,
    )
    autoscaler.refresh()  # the policies vouch for these alarms, whatever CloudWatch has kept of them
    publisher = Publisher(
        ground.gateways,
        BacklogSampler(ground.store, UtilisationSampler(deploying.fleets.serving, ground.clock)),
        ground.series,
        AlarmWatch(MotoAlarmBook(account_id, ground.kept_alarms), ground.series),
        ground.clock,
        interval_s=rules.interval_s,
        published=autoscaler.published,
    )
    opened.push_async_callback(publisher.close)
    return Metrics(publisher, autoscaler)


def open_jobs(ground: Ground, deploying: Deploying, metrics: Metrics, port: int) -> JobRunner:
    """Recommendation and transform jobs; the load of the former goes to the public `port`."""
    fleets, settings, clock = deploying.fleets, ground.settings, ground.clock
    through = FleetClient(ground.client, ground.gateways, settings, clock)
    transforms = TransformTools(fleets, through, ground.objects, deploying.sink, clock)
    watchers = Watchers(
        FleetMeter(fleets.serving, clock),
        PublishedTraffic(ground.series, metrics.publisher.count),
        ClientMetrics(ground.series, interval_s=settings.metrics_interval_s),
        deploying.sink,
        CoresApart(fleets.serving, ground.gateways.pids),
    )
    tools = Tools(
        ground.store, fleets, ground.objects, settings, clock, lambda: port, this_host(), drive_process, watchers
    )
    return JobRunner([RecommendationQueue(ground.store, tools), TransformQueue(ground.store, transforms)])


def open_answering(
    ground: Ground, deploying: Deploying, metrics: Metrics, jobs: JobRunner, opened: AsyncExitStack
) -> Answering:
    """Control plane and data plane of the main process; its data plane gets what gateway processes pass on."""
    settings, clock, gateways, faults = ground.settings, ground.clock, ground.gateways, deploying.faults
    client = FaultyClient(faults, gateways, deploying.fleets.crash)
    opened.push_async_callback(client.close)
    services = Services(
        ground.store,
        ground.objects,
        clock,
        settings.account_id,
        deploying.supervisor.wake,
        jobs.wake,
        deploying.alarms,
        metrics.autoscaler,
        settings.max_instances,
    )
    data = DataPlane(gateways, settings, client, clock, gateways.tally, traffic=gateways.traffic)
    asker = Asker(ground.objects, client, settings, clock, gateways.tally, gateways.traffic)
    queue = AsyncQueue(ground.store, gateways, asker, ground.objects, MountedTopics(ground.mount.handle), clock)
    intake = AsyncIntake(ground.store, clock, settings.account_id, queue.wake)
    invocations = Invocations(
        ThrottledInvocations(data, faults), ground.mount.handle, ThrottledInvocations(intake, faults)
    )
    page = FaultPage(faults, FAULTY_OPERATIONS, gateways.pass_invocations_on)
    return Answering(ControlPlane(services, faults), invocations, queue, page)
