"""One gateway process: the composition root of the data plane, and what it does with the main process's orders."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
from collections.abc import Awaitable
from typing import Any

import uvloop

from include.sagemaker_local.clock import SystemClock
from include.sagemaker_local.data.entrance import Invocations
from include.sagemaker_local.data.invocation import INVOCATIONS, STREAM
from include.sagemaker_local.data.plane import DataPlane
from include.sagemaker_local.edge import orders
from include.sagemaker_local.edge.channel import Channel
from include.sagemaker_local.edge.relay import EdgeConnection
from include.sagemaker_local.guard import guarded
from include.sagemaker_local.http1.client import HttpClient
from include.sagemaker_local.http1.messages import Request, Response
from include.sagemaker_local.http1.server import MAX_BODY_BYTES, HttpServer, start_server
from include.sagemaker_local.metrics.tally import Counts, InvocationTally
from include.sagemaker_local.routes import RouteTable
from include.sagemaker_local.traffic import Traffic

# The operations that are answered here. All others below /endpoints/ are the main process's, known or not.
_OPERATIONS = (b"/" + INVOCATIONS, b"/" + STREAM)
# Between two processes of one server nothing is lost, and how long a request may take is the main process's to say.
_A_DAY_S = 86_400.0


def run(channel_fd: int, listen_fd: int) -> None:
    """Work until the main process closes its end of the channel, or dies. Does not return."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_work(channel_fd, listen_fd))


async def _work(channel_fd: int, listen_fd: int) -> None:
    # Ctrl-C at a terminal is for the main process, which then ends this one.
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, lambda: None)
    worker = Worker(socket.socket(fileno=listen_fd))
    # Whatever is under way then has nobody to be told of any more; the main process is told of nothing either.
    await Channel.open(socket.socket(fileno=channel_fd), worker.receive, lambda: os._exit(0))
    await asyncio.Event().wait()


class Worker:
    """Routes, data plane and counts of one process."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._routes = RouteTable()
        self._traffic = Traffic()
        self._tally = InvocationTally()
        self._server: HttpServer | None = None
        self._passes_on = False

    def receive(self, order: Any) -> Awaitable[Any] | None:
        """Follows an order of the main process."""
        match order:
            case orders.PutRoute(route):
                self._routes.put(route)
            case orders.DropRoute(region, endpoint_name):
                self._routes.drop(region, endpoint_name)
            case orders.PassInvocationsOn(on):
                return self._pass_on(on)
            case orders.Drain(instance_ids, timeout_s):
                return self._traffic.drained(instance_ids, timeout_s)
            case orders.TakeCounts():
                return self._tally.gather()
            case orders.Serve():
                return self._serve(order)
            case orders.Finish(grace_s):
                return self._finish(grace_s)
            case _:
                logging.getLogger(__name__).error("the main process sent what is no order: %r", order)
        return None

    async def _serve(self, order: orders.Serve) -> None:
        client, clock, settings, main_name = HttpClient(), SystemClock(), order.settings, order.main_name
        data = DataPlane(self._routes, settings, client, clock, self._tally, traffic=self._traffic)

        async def ask_main(request: Request) -> Response:
            return await client.stream(main_name, 0, request, timeout_s=_A_DAY_S)

        invoke = guarded(Invocations(data, ask_main).handle, settings, clock)

        async def handle(request: Request) -> Response:
            if self._passes_on or not request.target.partition(b"?")[0].endswith(_OPERATIONS):
                return await ask_main(request)
            return await invoke(request)

        self._server = await start_server(
            handle,
            sock=self._listener,
            max_body_bytes=MAX_BODY_BYTES,
            connection=lambda book: EdgeConnection(book, main_name),
        )

    async def _pass_on(self, on: bool) -> None:
        self._passes_on = on

    async def _finish(self, grace_s: float) -> list[Counts]:
        if self._server is not None:
            await self._server.close(grace_s)
        return self._tally.take()
