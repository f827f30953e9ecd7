"""The front of a container: it answers /ping itself and hands /invocations to the workers."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys
import time

import uvloop

from include.sagemaker_local.http1.messages import Request, Response
from include.sagemaker_local.http1.server import start_server
from include.sagemaker_local.serving.confinement import end_group
from include.sagemaker_local.serving.contract import text_response
from include.sagemaker_local.serving.framework import ServedFramework, prepare
from include.sagemaker_local.serving.launch import Launch, LaunchError, ServingEnvironment, read_environment
from include.sagemaker_local.serving.pool import WorkerPool
from include.sagemaker_local.serving.worker import fork_worker

logger = logging.getLogger(__name__)

LOAD_FAILED = 3  # gunicorn's status for "worker failed to boot"
_CLOSE_S = 1.0  # every request has its answer by then; this is for clients that do not read theirs


def serve(launch: Launch) -> int:
    """Serve until SIGTERM or until the model turns out not to load. Returns the exit status."""
    logging.basicConfig(
        stream=sys.stdout,
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(message)s",
        datefmt="%Y-%m-%dT%H:%M:%S",
    )
    try:
        environment = read_environment()
        framework = prepare(launch, environment)
    except LaunchError as error:
        logger.error("%s", error)
        return LOAD_FAILED
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_serve(launch, environment, framework))


async def _serve(launch: Launch, environment: ServingEnvironment, framework: ServedFramework) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, _on_sigterm, launch.confinement.server_pid, stop)
    loop.add_reader(
        launch.confinement.lifeline_fd, end_group
    )  # nothing is ever written to it: readable means end-of-file
    pool = WorkerPool(lambda: fork_worker(framework.load), environment.workers, environment.timeout_s)
    await pool.start()
    limit = min(framework.max_body_bytes, launch.max_body_bytes)
    front = Front(pool, framework.execution_parameters)
    server = await start_server(front.handle, sock=socket.socket(fileno=launch.listen_fd), max_body_bytes=limit)
    logger.info("listening on port %d with %d workers", server.port, environment.workers)
    waits = [asyncio.create_task(event.wait()) for event in (stop, pool.failed)]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    pool.stop()
    await server.close(_CLOSE_S)
    return 0 if stop.is_set() else LOAD_FAILED


class Front:
    """The paths of the container contract: two, and a third for the containers that have `execution_parameters`."""

    def __init__(self, pool: WorkerPool, execution_parameters: bytes | None = None) -> None:
        self._pool = pool
        self._execution_parameters = execution_parameters

    async def handle(self, request: Request) -> Response:
        """Answer one request."""
        path = request.target.partition(b"?")[0]
        if path == b"/invocations":
            return await self._invoke(request) if request.method == b"POST" else _not_allowed(b"POST")
        if path == b"/ping":
            return self._ping() if request.method == b"GET" else _not_allowed(b"GET")
        if path == b"/execution-parameters" and self._execution_parameters is not None:
            return self._parameters() if request.method == b"GET" else _not_allowed(b"GET")
        return text_response(404, "a container serves GET /ping and POST /invocations")

    def _ping(self) -> Response:
        return Response(200) if self._pool.ready else text_response(503, "not all workers have loaded the model")

    def _parameters(self) -> Response:
        return Response(200, [(b"content-type", b"application/json")], self._execution_parameters or b"")

    async def _invoke(self, request: Request) -> Response:
        started_s = time.monotonic()
        response = await self._pool.submit(request)
        if response.status >= 400:
            took_ms = (time.monotonic() - started_s) * 1000
            logger.warning("POST /invocations %d %.0f ms", response.status, took_ms)
        return response


def _not_allowed(method: bytes) -> Response:
    return Response(405, [(b"allow", method)])


def _on_sigterm(server_pid: int, stop: asyncio.Event) -> None:
    # The kernel sends it as well when the server dies: then nobody is left to clean up after a slow end.
    if os.getppid() != server_pid:
        end_group()
    stop.set()
