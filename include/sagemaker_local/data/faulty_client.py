"""The HTTP client through which containers are asked, with injected faults between it and them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable

from include.sagemaker_local.faults import FaultTable, Kind
from include.sagemaker_local.faults.fault import INVOCATION_KINDS, Fault
from include.sagemaker_local.http1.client import HttpClient
from include.sagemaker_local.http1.errors import RequestTimeout
from include.sagemaker_local.http1.messages import Request, Response, StreamedResponse
from include.sagemaker_local.routes import RouteTable

Crash = Callable[[str, int], Awaitable[None]]
"""Ends the container that listens on that host and port, and returns when it is gone."""


class FaultyClient(HttpClient):
    """Asks containers of endpoints. Without faults of theirs it does nothing else."""

    def __init__(self, table: FaultTable, routes: RouteTable, crash: Crash) -> None:
        super().__init__()
        self._table = table
        self._routes = routes
        self._crash = crash

    async def request(
        self, host: str, port: int, request: Request, *, timeout_s: float, streamed: bool = False
    ) -> Response:
        """As HttpClient's, when no fault strikes."""
        if self._table.has(INVOCATION_KINDS):
            timeout_s, error = await self._strike(host, port, timeout_s)
            if error is not None:
                return _answer(error, streamed=streamed)
        return await super().request(host, port, request, timeout_s=timeout_s, streamed=streamed)

    async def _strike(self, host: str, port: int, timeout_s: float) -> tuple[float, Fault | None]:
        """Waits and crashes as faults say. Returns what is left of the time, and the fault that is the answer."""
        where = self._where(host, port)
        delay = self._table.strike(Kind.DELAY, where)
        if delay is not None:
            # Real seconds, as those of a container are: the load is never scaled.
            await asyncio.sleep(min(delay.seconds, timeout_s))
            timeout_s -= delay.seconds
            if timeout_s <= 0:
                raise RequestTimeout(f"the injected {delay.id} took {delay.seconds:g} s")
        if self._table.strike(Kind.CRASH, where) is not None:
            await self._crash(host, port)
        return timeout_s, self._table.strike(Kind.ERROR, where)

    def _where(self, host: str, port: int) -> dict[str, str]:
        """Whose container listens there."""
        for route in self._routes.routes():
            for variant in route.variants:
                for instance in variant.instances:
                    for hop in instance.hops:
                        if (hop.port, hop.host) == (port, host):
                            return {
                                "region": route.region,
                                "endpoint": route.endpoint_name,
                                "variant": variant.name,
                                "container": hop.name,
                            }
        return {}


def _answer(error: Fault, *, streamed: bool) -> Response:
    body = error.body.encode()
    return StreamedResponse(error.status, [], _pieces(body)) if streamed else Response(error.status, [], body)


async def _pieces(body: bytes) -> AsyncGenerator[bytes]:
    if body:
        yield body
