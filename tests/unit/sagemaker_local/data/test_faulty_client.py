"""Injected faults between the data plane and real, fake containers."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

from include.sagemaker_local.clock import SystemClock
from include.sagemaker_local.data.faulty_client import FaultyClient
from include.sagemaker_local.data.plane import DataPlane
from include.sagemaker_local.faults import Fault, FaultTable, Kind
from include.sagemaker_local.http1.messages import Response, StreamedResponse
from include.sagemaker_local.metrics.tally import InvocationTally
from include.sagemaker_local.routes import Route, RouteTable
from include.sagemaker_local.settings import Settings
from tests.fakes.containers import FakeContainer, echo
from tests.fakes.invocations import REGION, SETTINGS, error, invoke, one_variant, pipeline, run


class Bench:
    """`flowers`, a pipeline of featurize and predict, behind a client with faults."""

    def __init__(self, containers: list[FakeContainer], settings: Settings) -> None:
        self.containers = containers
        self.table = FaultTable()
        self.crashed: list[int] = []
        self.tally = InvocationTally()
        routes = RouteTable()
        routes.put(Route(REGION, "flowers", "flowers-config", one_variant(containers)))
        self.client = FaultyClient(self.table, routes, self._crash)
        self._plane = DataPlane(routes, settings, self.client, SystemClock(), self.tally)

    async def _crash(self, host: str, port: int) -> None:
        self.crashed.append(port)

    def inject(self, kind: Kind, count: int | None = None, **more: object) -> None:
        scope = {key: str(more.pop(key)) for key in ("endpoint", "variant", "container", "region") if key in more}
        self.table.add(Fault("", kind, scope, count=count, **more))  # type: ignore[arg-type]

    async def ask(self, target: bytes = b"/endpoints/flowers/invocations") -> Response:
        return await self._plane.handle(invoke(b"hi", target), REGION)


@contextlib.asynccontextmanager
async def bench(settings: Settings = SETTINGS) -> AsyncIterator[Bench]:
    async with pipeline(echo(), echo()) as containers:
        made = Bench(containers, settings)
        try:
            yield made
        finally:
            await made.client.close()


def test_without_faults_and_with_those_of_others_it_is_a_client_like_any(tmp_path: object) -> None:
    async def main() -> None:
        async with bench() as it:
            it.inject(Kind.ERROR, container="label", status=500)
            it.inject(Kind.ERROR, endpoint="trees", status=500)
            it.inject(Kind.THROTTLING)
            assert (await it.ask()).body == b"hi"

    run(main())


def test_an_error_is_the_containers_and_the_container_is_not_asked() -> None:
    async def main() -> None:
        async with bench() as it:
            it.inject(Kind.ERROR, count=1, container="predict", status=503, body="out of memory")
            status, code, answer = error(await it.ask())
            assert (status, code, answer["OriginalStatusCode"]) == (424, "ModelError", 503)
            assert 'from predict with message "out of memory"' in answer["Message"]
            assert [len(container.seen) for container in it.containers] == [1, 0]
            (counts,) = it.tally.take()
            assert (counts.model_errors, counts.server_errors) == (1, 1)
            assert (await it.ask()).status == 200

    run(main())


def test_a_stream_meets_the_same_error() -> None:
    async def main() -> None:
        async with bench() as it:
            it.inject(Kind.ERROR, count=1, container="predict", status=500, body="no")
            target = b"/endpoints/flowers/invocations-response-stream"
            status, code, answer = error(await it.ask(target))
            assert (status, code, answer["OriginalMessage"]) == (424, "ModelError", "no")
            response = await it.ask(target)
            assert isinstance(response, StreamedResponse)
            await response.pieces.aclose()

    run(main())


def test_a_delay_is_the_containers_time() -> None:
    async def main() -> None:
        async with bench() as it:
            it.inject(Kind.DELAY, variant="AllTraffic", container="featurize", seconds=0.05)
            began_s = time.monotonic()
            response = await it.ask()
            assert (response.body, time.monotonic() - began_s >= 0.05) == (b"hi", True)
            latencies = dict(
                part.split(b"=") for part in (response.header(b"x-local-container-latency-us") or b"").split(b",")
            )
            assert int(latencies[b"featurize"]) >= 50_000

    run(main())


def test_a_delay_beyond_the_platforms_patience_is_a_timeout() -> None:
    async def main() -> None:
        settings = Settings(data_dir=SETTINGS.data_dir, invoke_timeout_s=0.05)
        async with bench(settings) as it:
            it.inject(Kind.DELAY, container="featurize", seconds=3600)
            async with asyncio.timeout(10):
                _, _, answer = error(await it.ask())
            assert "timed out while waiting for a response from container featurize" in answer["OriginalMessage"]

    run(main())


def test_a_crash_is_told_to_whoever_can_kill() -> None:
    async def main() -> None:
        async with bench() as it:
            it.inject(Kind.CRASH, count=1, region=REGION, endpoint="flowers", container="predict")
            await it.ask()
            await it.ask()
            assert it.crashed == [it.containers[1].port]

    run(main())
