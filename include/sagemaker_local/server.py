"""The composition root: builds everything once, starts it in order and stops it in the opposite order."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from include.sagemaker_local.assembly import (
    CLOSE_GRACE_S,
    Answering,
    Deploying,
    Ground,
    Metrics,
    lay_ground,
    open_answering,
    open_deploying,
    open_jobs,
    open_metrics,
)
from include.sagemaker_local.async_inference.queue import AsyncQueue
from include.sagemaker_local.aws.execution_role import ensure_role
from include.sagemaker_local.data_dir import hold_data_dir
from include.sagemaker_local.edge.processes import GatewayProcesses
from include.sagemaker_local.errors import HostError
from include.sagemaker_local.gateway import Admin, Gateway
from include.sagemaker_local.guard import guarded
from include.sagemaker_local.http1.server import MAX_BODY_BYTES, HttpServer, start_server
from include.sagemaker_local.jobs.runner import JobRunner
from include.sagemaker_local.listening import bind, bind_shared, is_loopback
from include.sagemaker_local.settings import Settings
from include.sagemaker_local.signing_keys import ACCESS_KEY_VARIABLE, SECRET_VARIABLE


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
    ground = await lay_ground(settings, public, opened)
    deploying = await open_deploying(ground, opened)
    metrics = open_metrics(ground, deploying, opened)
    jobs = open_jobs(ground, deploying, metrics, port)
    answering = open_answering(ground, deploying, metrics, jobs, opened)
    reset = _Reset(ground, deploying, metrics, answering, (jobs, answering.queue))
    admin = Admin(ground.store, settings, reset, answering.faults)
    gateway = Gateway(answering.invocations, answering.control.handle, admin, ground.mount.handle)
    await deploying.supervisor.start()
    metrics.publisher.start()
    answering.queue.start()
    opened.push_async_callback(answering.queue.close)  # before the containers that it asks
    handler = guarded(gateway.handle, settings, ground.clock)
    listener = await start_server(handler, sock=ground.here, max_body_bytes=MAX_BODY_BYTES)
    await ground.gateways.serve()
    opened.push_async_callback(_close_both, listener, ground.gateways)
    # A job sends its load through the listener: it starts after it and is closed before it, so that a job under way is
    # taken up again at the next start and not failed by the end of this one.
    opened.push_async_callback(jobs.close)
    jobs.start()


async def _close_both(listener: HttpServer, gateways: GatewayProcesses) -> None:
    """Together: connections that the gateways pass on end when the listener ends them."""
    await asyncio.gather(listener.close(CLOSE_GRACE_S), gateways.close(CLOSE_GRACE_S))


class _Reset:
    """Stops all jobs and fleets; empties SageMaker's and moto's state, metrics, faults and the stored S3 objects."""

    def __init__(
        self,
        ground: Ground,
        deploying: Deploying,
        metrics: Metrics,
        answering: Answering,
        workers: Sequence[JobRunner | AsyncQueue],
    ) -> None:
        """`workers` use what is emptied and pause meanwhile."""
        self._ground = ground
        self._supervisor = deploying.supervisor
        self._publisher = metrics.publisher
        self._faults = answering.faults
        self._workers = workers
        self._one_at_a_time = asyncio.Lock()

    async def __call__(self) -> None:
        async with self._one_at_a_time:
            await self._faults.clear()
            for worker in self._workers:
                await worker.close()
            await self._supervisor.reset()
            self._ground.store.reset()
            await self._ground.mount.reset()
            ensure_role(self._ground.settings.account_id)
            await self._publisher.clear()
            for worker in self._workers:
                worker.start()
