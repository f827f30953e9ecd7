"""The requests that were accepted and have no result yet: oldest first, each instance as many as it may have at a time.

A request is forgotten when its result, or its failure, is written. Whatever ends the server before that, the next one
asks again: a container may see a request twice, but never not at all.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Coroutine
from typing import Any, Protocol

from include.sagemaker_local.async_inference.asker import Place
from include.sagemaker_local.async_inference.outcome import model_failed, notification
from include.sagemaker_local.clock import Clock
from include.sagemaker_local.data.model_error import ModelError
from include.sagemaker_local.deployment import AsyncInference
from include.sagemaker_local.errors import ArtifactError
from include.sagemaker_local.http1.messages import Response
from include.sagemaker_local.objects import ObjectStore
from include.sagemaker_local.routes import Route, RouteTable
from include.sagemaker_local.store.records import AsyncRequestRecord
from include.sagemaker_local.store.store import Store

_log = logging.getLogger(__name__)

# "If no value is provided, SageMaker chooses an optimal value": AWS does not say which; this one is ours.
DEFAULT_CONCURRENCY = 4
# Nobody tells the queue that an endpoint has come into service, or that a request has grown too old.
_LOOK_EVERY_S = 0.5
# Of an endpoint's requests the oldest are looked at, more than can be under way on a few instances.
_LOOK_AT = 200
# A bucket that is missing may be made, and a full disk emptied, while the request lives.
_WRITE_AGAIN_S = 5.0
_DELETED = "The endpoint was deleted before the request was processed."
_EXPIRED = "The request was in the queue for longer than its RequestTTLSeconds."


class Asks(Protocol):
    """Sends a request to an instance."""

    async def ask(self, record: AsyncRequestRecord, place: Place) -> Response:
        """The last container's answer. Raises ModelError, or ArtifactError when the input is not there."""


class Topics(Protocol):
    """Where notifications go."""

    async def publish(self, topic_arn: str, message: str) -> None:
        """Raises ArtifactError when there is no such topic."""


class AsyncQueue:
    """Works on all requests of all endpoints. Belongs to one event loop."""

    def __init__(
        self, store: Store, routes: RouteTable, asker: Asks, objects: ObjectStore, topics: Topics, clock: Clock
    ) -> None:
        self._store = store
        self._routes = routes
        self._asker = asker
        self._objects = objects
        self._topics = topics
        self._clock = clock
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._busy: Counter[str] = Counter()
        self._not_before_s: dict[str, float] = {}

    def start(self) -> None:
        """Work from now on, beginning with what an earlier server left."""
        self._news.set()
        self._task = asyncio.create_task(self._run(), name="asynchronous inference")

    def wake(self) -> None:
        """There is a request more."""
        self._news.set()

    async def close(self) -> None:
        """Give up what is under way; it is asked again at the next start."""
        tasks = [*self._under_way.values(), *([self._task] if self._task is not None else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._task = None
        self._under_way.clear()

    async def _run(self) -> None:
        while True:
            self._news.clear()
            try:
                for region, endpoint_name in self._store.endpoints_with_async_requests():
                    self._advance(region, endpoint_name)
            except Exception:  # the next look is wanted all the same
                _log.exception("asynchronous requests could not be looked through")
            waits = bool(self._store.endpoints_with_async_requests())
            await self._until_news(_LOOK_EVERY_S if waits else None)

    async def _until_news(self, timeout_s: float | None) -> None:
        try:
            async with asyncio.timeout(timeout_s):
                await self._news.wait()
        except TimeoutError:
            return

    def _advance(self, region: str, endpoint_name: str) -> None:
        endpoint = self._store.endpoint(region, endpoint_name)
        route = self._routes.get(region, endpoint_name)
        inference = None if endpoint is None or endpoint.live is None else endpoint.live.asynchronous
        for record in self._store.async_requests(region, endpoint_name, _LOOK_AT):
            if record.id in self._under_way or self._clock.now_s() < self._not_before_s.get(record.id, 0):
                continue
            if endpoint is None:
                self._begin(record, self._fail(record, None, _DELETED))
            elif self._clock.now_s() > record.expires_at_s:
                self._begin(record, self._fail(record, inference, _EXPIRED))
            elif route is not None and (place := self._free(route, inference)) is not None:
                self._busy[place.instance.instance_id] += 1
                self._begin(record, self._answer(record, inference, place))
            elif route is not None:
                return  # the rest waits, too

    def _free(self, route: Route, inference: AsyncInference | None) -> Place | None:
        """The least busy instance of all variants that has room for a request."""
        limit = (inference and inference.max_concurrent) or DEFAULT_CONCURRENCY
        free = [
            Place(route, variant, instance)
            for variant in route.variants
            for instance in variant.instances
            if variant.weight > 0 and self._busy[instance.instance_id] < limit
        ]
        return min(free, key=lambda place: self._busy[place.instance.instance_id], default=None)

    def _begin(self, record: AsyncRequestRecord, work: Coroutine[Any, Any, None]) -> None:
        task = self._under_way[record.id] = asyncio.create_task(work)
        task.add_done_callback(lambda _: self._ended(record.id))

    def _ended(self, record_id: str) -> None:
        task = self._under_way.pop(record_id, None)
        if task is not None and not task.cancelled() and task.exception() is not None:
            _log.error("an asynchronous request could not be worked on", exc_info=task.exception())
            self._not_before_s[record_id] = self._clock.now_s() + _WRITE_AGAIN_S
        self._news.set()

    async def _answer(self, record: AsyncRequestRecord, inference: AsyncInference | None, place: Place) -> None:
        try:
            response = await self._asker.ask(record, place)
        except ModelError as error:
            if error.original_status == 0 and not self._serves(place):
                return  # its fleet was stopped: another one will answer
            await self._fail(record, inference, model_failed(error))
            return
        except ArtifactError as error:
            await self._fail(record, inference, f"ClientError: the input cannot be read: {error}.")
            return
        finally:
            self._busy[place.instance.instance_id] -= 1
        if await self._written(record, record.output_location, response.body):
            content_type = (response.header(b"content-type") or b"").decode("latin-1") or None
            await self._settle(record, inference, None, content_type)

    async def _fail(self, record: AsyncRequestRecord, inference: AsyncInference | None, reason: str) -> None:
        _log.warning("asynchronous request %s to %s failed: %s", record.inference_id, record.endpoint_name, reason)
        if record.failure_location is None or await self._written(record, record.failure_location, reason.encode()):
            await self._settle(record, inference, reason, None)

    async def _written(self, record: AsyncRequestRecord, location: str, content: bytes) -> bool:
        """Whether the object is stored. If not the request stays, until it is too old."""
        try:
            await self._objects.write(location, content)
        except ArtifactError as error:
            now_s = self._clock.now_s()
            if now_s > record.expires_at_s:
                _log.error("the result of %s is given up, its time is over: %s", record.inference_id, error)
                return True
            _log.error("the result of %s is tried again in %g s: %s", record.inference_id, _WRITE_AGAIN_S, error)
            self._not_before_s[record.id] = now_s + _WRITE_AGAIN_S
            return False
        return True

    async def _settle(
        self,
        record: AsyncRequestRecord,
        inference: AsyncInference | None,
        failure: str | None,
        content_type: str | None,
    ) -> None:
        self._store.remove_async_request(record.id)
        self._not_before_s.pop(record.id, None)
        topic = inference and (inference.success_topic if failure is None else inference.error_topic)
        if not topic:
            return
        try:
            await self._topics.publish(topic, notification(record, self._clock.now_s(), failure, content_type))
        except ArtifactError as error:
            _log.error("%s", error)

    def _serves(self, place: Place) -> bool:
        now = self._routes.get(place.route.region, place.route.endpoint_name)
        return now is not None and any(place.instance in variant.instances for variant in now.variants)
