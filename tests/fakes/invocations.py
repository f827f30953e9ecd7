"""InvokeEndpoint without a server around it: a data plane whose endpoint `flowers` runs on fake containers."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

from include.sagemaker_local.clock import Clock, SystemClock
from include.sagemaker_local.data.observer import Observer
from include.sagemaker_local.data.plane import DataPlane
from include.sagemaker_local.http1.client import HttpClient
from include.sagemaker_local.http1.messages import Request, Response
from include.sagemaker_local.metrics.tally import InvocationTally
from include.sagemaker_local.routes import Hop, Instance, Route, RouteTable, VariantRoute
from include.sagemaker_local.settings import Settings
from include.sagemaker_local.traffic import Traffic
from tests.fakes.containers import Behaviour, FakeContainer, serving

REGION = "eu-west-1"
SETTINGS = Settings(data_dir=Path("unused"))


def run(coroutine: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(coroutine, 20))


@contextlib.asynccontextmanager
async def pipeline(*behaviours: Behaviour) -> AsyncIterator[list[FakeContainer]]:
    async with contextlib.AsyncExitStack() as stack:
        yield [await stack.enter_async_context(serving(behaviour)) for behaviour in behaviours]


def hops(containers: list[FakeContainer]) -> tuple[Hop, ...]:
    names = ["featurize", "predict", "label", "fourth"]
    return tuple(Hop(name, "127.0.0.1", container.port) for name, container in zip(names, containers, strict=False))


def one_variant(containers: list[FakeContainer]) -> tuple[VariantRoute, ...]:
    return (VariantRoute("AllTraffic", 1.0, (Instance("i-0", hops(containers)),)),)


@contextlib.asynccontextmanager
async def plane(
    *variants: VariantRoute,
    settings: Settings = SETTINGS,
    clock: Clock | None = None,
    chance: Callable[[], float] = lambda: 0.0,
    observer: Observer | None = None,
    traffic: Traffic | None = None,
) -> AsyncIterator[DataPlane]:
    routes = RouteTable()
    routes.put(Route(REGION, "flowers", "flowers-config", variants))
    client = HttpClient()
    try:
        tally = observer or InvocationTally()
        yield DataPlane(routes, settings, client, clock or SystemClock(), tally, traffic=traffic, chance=chance)
    finally:
        await client.close()


def invoke(body: bytes = b"1,2,3", target: bytes = b"/endpoints/flowers/invocations", **headers: str) -> Request:
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request(b"POST", target, pairs, body)


def error(response: Response) -> tuple[int, str | None, dict[str, Any]]:
    kind = response.header(b"x-amzn-errortype")
    assert response.header(b"x-amzn-requestid")
    assert response.header(b"content-type") == b"application/json"
    return response.status, kind.decode() if kind else None, json.loads(response.body)
