"""Transform jobs through the runner, on containers that are real little HTTP servers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine, Sequence
from pathlib import Path
from typing import Any

from include.sagemaker_local.clock import SystemClock
from include.sagemaker_local.http1.client import HttpClient
from include.sagemaker_local.jobs.runner import JobKind, JobRunner
from include.sagemaker_local.jobs.transform import TransformTools
from include.sagemaker_local.jobs.transform_instance import FleetClient
from include.sagemaker_local.jobs.transform_queue import TransformQueue
from include.sagemaker_local.lifecycle import TransformStatus
from include.sagemaker_local.routes import RouteTable
from include.sagemaker_local.settings import Settings
from include.sagemaker_local.store.records import TransformJobRecord
from include.sagemaker_local.store.store import Store
from tests.fakes.containers import Behaviour, FakeContainer, Seen, serving
from tests.fakes.log_sink import RememberedLogs
from tests.fakes.objects import DictObjects
from tests.fakes.transforms import REGION, RoutedFleets, transform_record
from tests.fakes.waiting import until

LIMIT_S = 30.0


def within_limit(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(test, LIMIT_S))


class Bench:
    """A store, objects, and a runner over fleets of fake containers."""

    def __init__(self, directory: Path) -> None:
        self.store = Store(directory / "state.sqlite", SystemClock())
        self.objects = DictObjects({"s3://in/data/a.csv": b"1\n2\n3\n"})
        self.objects.buckets.add("out")
        self.settings = Settings(data_dir=directory)
        self.logs = RememberedLogs()
        self.fleets: RoutedFleets

    @contextlib.asynccontextmanager
    async def runner(
        self, *instances: Sequence[Behaviour], beside: Sequence[JobKind] = ()
    ) -> AsyncIterator[list[list[FakeContainer]]]:
        """A runner whose fleets are these instances, each a chain of containers; `beside` are jobs of other kinds."""
        async with contextlib.AsyncExitStack() as stack:
            chains = [[await stack.enter_async_context(serving(one)) for one in chain] for chain in instances]
            routes, client = RouteTable(), HttpClient()
            stack.push_async_callback(client.close)
            self.fleets = RoutedFleets(routes, chains)
            asking = FleetClient(client, routes, self.settings, SystemClock(), retry_delay_s=0.0)
            tools = TransformTools(self.fleets, asking, self.objects, self.logs, SystemClock())
            self.running = JobRunner([*beside, TransformQueue(self.store, tools)])
            self.running.start()
            stack.push_async_callback(self.running.close)
            yield chains

    def add(self, name: str = "job", **changes: Any) -> None:
        self.store.add_transform_job(transform_record(name, **changes))

    def job(self, name: str = "job") -> TransformJobRecord:
        job = self.store.transform_job(REGION, name)
        assert job is not None
        return job

    async def until(self, status: TransformStatus, name: str = "job") -> TransformJobRecord:
        await until(lambda: self.job(name).status is status, f"{name} is {status}", bound_s=LIMIT_S)
        return self.job(name)

    def run(self, *instances: Sequence[Behaviour], status: TransformStatus = TransformStatus.COMPLETED) -> list[Seen]:
        """Run the job to its end, and return what the first container of every instance was asked."""
        seen: list[Seen] = []

        async def scenario() -> None:
            async with self.runner(*instances) as chains:
                await self.until(status)
                assert not self.fleets.open_now
                seen.extend(one for chain in chains for one in chain[0].seen if one.method == "POST")

        within_limit(scenario())
        return seen

    @property
    def results(self) -> dict[str, bytes]:
        return {uri: body for uri, body in self.objects.objects.items() if uri.startswith("s3://out/")}
