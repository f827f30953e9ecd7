"""An asynchronous endpoint `flowers` on a real store, with an asker that answers as it is told and S3 in a dict."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from include.sagemaker_local.async_inference.asker import Place
from include.sagemaker_local.async_inference.queue import AsyncQueue
from include.sagemaker_local.async_inference.request import requested
from include.sagemaker_local.deployment import AsyncInference, Container, Deployment, VariantPlan
from include.sagemaker_local.errors import ArtifactError
from include.sagemaker_local.http1.messages import Response
from include.sagemaker_local.lifecycle import EndpointStatus
from include.sagemaker_local.routes import Instance, Route, RouteTable, VariantRoute
from include.sagemaker_local.store.records import AsyncRequestRecord, EndpointRecord
from include.sagemaker_local.store.store import Store
from tests.fakes.clock import ManualClock
from tests.fakes.objects import DictObjects

REGION = "eu-west-1"
ENDPOINT = "flowers"
INFERENCE = AsyncInference("s3://out", "s3://failed", "arn:good", "arn:bad", max_concurrent=2)

Behaviour: TypeAlias = Callable[[AsyncRequestRecord, str], Awaitable[Response]]
"""What an instance, given by its id, answers to a request."""


def add_endpoint(store: Store, inference: AsyncInference | None) -> None:
    """`flowers`, in service."""
    plan = VariantPlan("AllTraffic", "m", "ml.c5.large", 1, 1.0, (Container("c", "image", None),))
    live = Deployment("config", (plan,), asynchronous=inference)
    record = EndpointRecord(REGION, ENDPOINT, "arn:e", EndpointStatus.IN_SERVICE, live, None, None, 1.0, 1.0)
    store.add_endpoint(record)


class UnreliableObjects(DictObjects):
    """S3 that refuses to write for as many times as it is told."""

    refusals = 0

    async def write(self, uri: str, content: bytes) -> None:
        if self.refusals:
            self.refusals -= 1
            raise ArtifactError(f"{uri} could not be written: the disk is full")
        await super().write(uri, content)


@dataclass
class AsyncRig:
    """A queue and everything around it. `behave` may be set at any time."""

    directory: Path
    behave: Behaviour
    clock: ManualClock = field(default_factory=ManualClock)
    routes: RouteTable = field(default_factory=RouteTable)
    objects: UnreliableObjects = field(default_factory=UnreliableObjects)
    published: list[tuple[str, str]] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.store = Store(self.directory / "store.sqlite3", self.clock)
        self.queue = self.new_queue()

    def new_queue(self) -> AsyncQueue:
        return AsyncQueue(self.store, self.routes, self, self.objects, self, self.clock)

    def serve(self, *instances: str) -> None:
        """The endpoint's route."""
        variant = VariantRoute("AllTraffic", 1.0, tuple(Instance(each, ()) for each in instances))
        self.routes.put(Route(REGION, ENDPOINT, "config", (variant,), asynchronous=True))

    def accept(self, name: str, *, ttl_s: int = 3600, input_location: str | None = None) -> None:
        """A request, kept and told of."""
        members = {"EndpointName": ENDPOINT, "InferenceId": name, "RequestTTLSeconds": ttl_s}
        if input_location is not None:
            members["InputLocation"] = input_location
        body = b"" if input_location else b"in " + name.encode()
        self.store.add_async_request(requested(members, body, INFERENCE, region=REGION, now_s=self.clock.now_s()))
        self.queue.wake()

    @property
    def waiting(self) -> int:
        return self.store.count_async_requests(REGION, ENDPOINT)

    async def ask(self, record: AsyncRequestRecord, place: Place) -> Response:
        self.asked.append((record.inference_id, place.instance.instance_id))
        return await self.behave(record, place.instance.instance_id)

    async def publish(self, topic_arn: str, message: str) -> None:
        self.published.append((topic_arn, message))


async def echo(record: AsyncRequestRecord, instance_id: str) -> Response:
    return Response(200, [(b"content-type", b"text/csv")], b"out of " + record.body)


class Held:
    """Answers when it is let go; `most` is how many were under way at once."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.now = 0
        self.most = 0

    async def __call__(self, record: AsyncRequestRecord, instance_id: str) -> Response:
        self.now += 1
        self.most = max(self.most, self.now)
        await self.go.wait()
        self.now -= 1
        return await echo(record, instance_id)
