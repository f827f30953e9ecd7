"""The composition root: builds everything once, starts it in order and stops it in the opposite order."""

from __future__ import annotations

import asyncio
import socket
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from include.sagemaker_local.async_inference.asker import Asker
from include.sagemaker_local.async_inference.backlog import BacklogSampler
from include.sagemaker_local.async_inference.intake import AsyncIntake
from include.sagemaker_local.async_inference.queue import AsyncQueue
from include.sagemaker_local.autoscaling import Autoscaler, ScalingTempo
from include.sagemaker_local.aws.alarm_archive import AlarmArchive
from include.sagemaker_local.aws.alarms import MotoAlarms
from include.sagemaker_local.aws.logs import MotoLogs
from include.sagemaker_local.aws.metric_alarms import MotoAlarmBook
from include.sagemaker_local.aws.mount import AwsMount
from include.sagemaker_local.aws.objects import MountedObjects
from include.sagemaker_local.aws.s3_archive import S3Archive
from include.sagemaker_local.aws.s3_memory import MotoMemory
from include.sagemaker_local.aws.s3_store import S3Store
from include.sagemaker_local.aws.scaling_alarms import MotoScalingAlarms
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
from include.sagemaker_local.data_dir import hold_data_dir
from include.sagemaker_local.edge.processes import GatewayProcesses
from include.sagemaker_local.errors import HostError
from include.sagemaker_local.fault_page import FaultPage
from include.sagemaker_local.faults import FaultTable
from include.sagemaker_local.gateway import Admin, Gateway
from include.sagemaker_local.guard import guarded
from include.sagemaker_local.http1 import unix_socket
from include.sagemaker_local.http1.client import HttpClient
from include.sagemaker_local.http1.server import MAX_BODY_BYTES, HttpServer, start_server
from include.sagemaker_local.jobs.recommendation_queue import RecommendationQueue
from include.sagemaker_local.jobs.runner import JobRunner
from include.sagemaker_local.jobs.transform import TransformTools
from include.sagemaker_local.jobs.transform_instance import FleetClient
from include.sagemaker_local.jobs.transform_queue import TransformQueue
from include.sagemaker_local.listening import bind, bind_shared, is_loopback
from include.sagemaker_local.metrics.publisher import Publisher
from include.sagemaker_local.metrics.series import MetricSeries
from include.sagemaker_local.metrics.utilisation import UtilisationSampler
from include.sagemaker_local.metrics.watching import AlarmWatch
from include.sagemaker_local.runtime.selection import open_runtime
from include.sagemaker_local.settings import Settings
from include.sagemaker_local.signing_keys import ACCESS_KEY_VARIABLE, SECRET_VARIABLE
from include.sagemaker_local.store.store import Store
from include.sagemaker_local.supervisor import DeploymentFaults, Fleets, Rollout, Supervisor
from include.sagemaker_local.supervisor.pace import ScaledPace

# What requests and containers get to end when the server is told to stop; nobody at a terminal waits much longer.
CLOSE_GRACE_S = 5.0


class Server:
    """The local SageMaker, listening. Made by `Server.start`; belongs to one event loop, and a process has one."""

    def __init__(self, host: str, port: int, opened: AsyncExitStack) -> None:
        self._host = host
        self._port = port
        self._opened = opened

    @classmethod
    async def start(cls, settings: Settings) -> Server:
        """Takes the port and the data directory, loads what is there, and serves. Raises HostError, leaving nothing."""
        _refuse_an_open_door(settings)
        async with AsyncExitStack() as opened:
            # Before anything else: a port or directory in use must cost nothing.
            public = _bind(settings, opened)
            opened.enter_context(hold_data_dir(settings.data_dir))
            port: int = public[0].getsockname()[1]
            await _serve(settings, public, port, opened)
            return cls(settings.host, port, opened.pop_all())

    @property
    def url(self) -> str:
        """Where clients find it; with the real port when the settings asked for 0."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"

    async def close(self) -> None:
        """Stops the jobs, then accepting, then every container, then closes the stores."""
        await self._opened.aclose()


def _refuse_an_open_door(settings: Settings) -> None:
    """Whoever reaches the server can run code on this machine: that is what containers are for."""
    if not settings.signing_keys and not is_loopback(settings.host):
        raise HostError(
            f"{settings.host} can be reached from other machines, so requests must be signed with a secret: give one "
            f"with --credentials FILE or in {ACCESS_KEY_VARIABLE} and {SECRET_VARIABLE}, or listen on 127.0.0.1"
        )


@asynccontextmanager
async def running_server(settings: Settings) -> AsyncIterator[str]:
    """A server in this process, on the running loop; yields its URL."""
    server = await Server.start(settings)
    try:
        yield server.url
    finally:
        await server.close()


def _bind(settings: Settings, opened: AsyncExitStack) -> list[socket.socket]:
    """The public port: a socket for each gateway process, or the one of this process."""
    if not settings.gateway_processes:
        return [opened.enter_context(bind(settings.host, settings.port))]
    return [
        opened.enter_context(sock) for sock in bind_shared(settings.host, settings.port, settings.gateway_processes)
    ]


async def _serve(settings: Settings, public: list[socket.socket], port: int, opened: AsyncExitStack) -> None:
    """Everything, in the order of dependence; `opened` learns how to close each part as soon as it is there."""
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
    memory = MotoMemory(settings.account_id)
    series = MetricSeries()
    kept_alarms = AlarmArchive(settings.account_id, settings.data_dir / "alarms.json")
    mount = await _mount(settings, create_app_with(series, kept_alarms), memory, kept_alarms, opened)
    client = HttpClient()
    opened.push_async_callback(client.close)

    objects = MountedObjects(memory, mount.handle)
    runtime, sink = await opened.enter_async_context(open_runtime(objects, settings)), MotoLogs(settings.account_id)
    faults, pace = FaultTable(), ScaledPace(settings.time_scale)
    deployment_faults = DeploymentFaults(faults, pace)
    fleets = Fleets(runtime, client, sink, gateways, gateways, settings, faults=deployment_faults)
    alarms = MotoAlarms(settings.account_id)
    rollout = Rollout(fleets, store, alarms, pace)
    supervisor = Supervisor(store, fleets, rollout, settings, faults=deployment_faults)
    opened.push_async_callback(supervisor.close, min(CLOSE_GRACE_S, settings.stop_grace_s))
    book = MotoAlarmBook(settings.account_id, kept_alarms)
    sampler, watch = UtilisationSampler(fleets.serving, clock), AlarmWatch(book, series)
    tempo = ScalingTempo(settings.metrics_interval_s, settings.time_scale)
    datapoints, scaling_alarms = AllMetrics(series, settings.account_id), MotoScalingAlarms(settings.account_id)
    autoscaler = Autoscaler(store, datapoints, scaling_alarms, clock, supervisor.wake, tempo)
    autoscaler.refresh()  # the policies vouch for these alarms, whatever CloudWatch has kept of them
    samplers = BacklogSampler(store, sampler)
    metrics = Publisher(
        gateways, samplers, series, watch, clock, interval_s=tempo.interval_s, published=autoscaler.published
    )
    opened.push_async_callback(metrics.close)
    tools = TransformTools(fleets, FleetClient(client, gateways, settings, clock), objects, sink, clock)
    jobs = JobRunner(
        [
            RecommendationQueue(store, fleets, objects, settings, clock, lambda: port),
            TransformQueue(store, tools),
        ]
    )

    faulty = FaultyClient(faults, gateways, fleets.crash)
    opened.push_async_callback(faulty.close)
    page = FaultPage(faults, FAULTY_OPERATIONS, gateways.pass_invocations_on)
    data = DataPlane(gateways, settings, faulty, clock, gateways.tally, traffic=gateways.traffic)
    services = Services(
        store,
        objects,
        clock,
        settings.account_id,
        supervisor.wake,
        jobs.wake,
        alarms,
        autoscaler,
        settings.max_instances,
    )
    control = ControlPlane(services, faults)
    asker = Asker(objects, faulty, settings, clock, gateways.tally, gateways.traffic)
    queue = AsyncQueue(store, gateways, asker, objects, MountedTopics(mount.handle), clock)
    gateway = Gateway(
        Invocations(
            ThrottledInvocations(data, faults),
            mount.handle,
            ThrottledInvocations(AsyncIntake(store, clock, settings.account_id, queue.wake), faults),
        ),
        control.handle,
        Admin(store, settings, _Reset(store, mount, supervisor, metrics, page, (jobs, queue)), page),
        mount.handle,
    )
    await supervisor.start()
    metrics.start()
    queue.start()
    opened.push_async_callback(queue.close)  # before the containers that it asks
    handler = guarded(gateway.handle, settings, clock)
    listener = await start_server(handler, sock=here, max_body_bytes=MAX_BODY_BYTES)
    await gateways.serve()
    opened.push_async_callback(_close_both, listener, gateways)
    # A job sends its load through the listener: it starts after it and is closed before it, so that a job under way is
    # taken up again at the next start and not failed by the end of this one.
    opened.push_async_callback(jobs.close)
    jobs.start()


async def _close_both(listener: HttpServer, gateways: GatewayProcesses) -> None:
    """Together: connections that the gateways pass on end when the listener ends them."""
    await asyncio.gather(listener.close(CLOSE_GRACE_S), gateways.close(CLOSE_GRACE_S))


async def _mount(
    settings: Settings,
    create_app: Callable[[Any], Any],
    memory: MotoMemory,
    alarms: AlarmArchive,
    opened: AsyncExitStack,
) -> AwsMount:
    directory = settings.data_dir / "s3"
    try:
        archive = S3Archive(memory, S3Store(directory))
        mount = AwsMount(archive, account_id=settings.account_id, create_app=create_app, memories=[alarms])
        opened.callback(mount.close)
        await mount.load()
    except (OSError, sqlite3.Error) as error:
        raise HostError(f"cannot use {directory}: {error}; check its permissions and the disk's free space") from error
    return mount


class _Reset:
    """Stops all jobs and fleets; empties SageMaker's and moto's state, metrics, faults and the stored S3 objects."""

    def __init__(
        self,
        store: Store,
        mount: AwsMount,
        supervisor: Supervisor,
        metrics: Publisher,
        faults: FaultPage,
        workers: Sequence[JobRunner | AsyncQueue],
    ) -> None:
        """`workers` use what is emptied and pause meanwhile."""
        self._faults = faults
        self._store = store
        self._mount = mount
        self._supervisor = supervisor
        self._metrics = metrics
        self._workers = workers
        self._one_at_a_time = asyncio.Lock()

    async def __call__(self) -> None:
        async with self._one_at_a_time:
            await self._faults.clear()
            for worker in self._workers:
                await worker.close()
            await self._supervisor.reset()
            self._store.reset()
            await self._mount.reset()
            await self._metrics.clear()
            for worker in self._workers:
                worker.start()
