"""One asynchronous request on one instance: its input from S3, the containers, what they answered."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import NamedTuple

from include.sagemaker_local.clock import Clock
from include.sagemaker_local.data.chain import Chain
from include.sagemaker_local.data.invocation import CUSTOM_ATTRIBUTES, Invocation
from include.sagemaker_local.data.model_error import ModelError
from include.sagemaker_local.data.observer import Observer
from include.sagemaker_local.http1.client import HttpClient
from include.sagemaker_local.http1.messages import Headers, Response
from include.sagemaker_local.objects import ObjectReader
from include.sagemaker_local.routes import Instance, Route, VariantRoute
from include.sagemaker_local.settings import MEBIBYTE, Settings
from include.sagemaker_local.store.records import AsyncRequestRecord
from include.sagemaker_local.traffic import Traffic

# AWS takes 1 GB for an asynchronous request, and says nothing of what may go from container to container.
_MAX_HOP_BYTES = 1024 * MEBIBYTE


class Place(NamedTuple):
    """An instance, and the variant and route that lead to it."""

    route: Route
    variant: VariantRoute
    instance: Instance


class Asker:
    """Sends requests to instances and counts them as invocations."""

    def __init__(
        self,
        objects: ObjectReader,
        client: HttpClient,
        settings: Settings,
        clock: Clock,
        observer: Observer,
        traffic: Traffic,
    ) -> None:
        self._objects = objects
        self._client = client
        self._settings = settings
        self._clock = clock
        self._observer = observer
        self._traffic = traffic

    async def ask(self, record: AsyncRequestRecord, place: Place) -> Response:
        """The last container's answer. Raises ModelError, or ArtifactError when the input is not there."""
        route, variant, instance = place
        self._traffic.enter(instance.instance_id)  # before anything waits: the route is the present one
        try:
            invocation = await self._invocation(record)
            settings = replace(self._settings, invoke_timeout_s=record.timeout_s, max_hop_body_bytes=_MAX_HOP_BYTES)
            chain = Chain(self._client, settings, self._clock)
            began_s = self._clock.monotonic_s()
            try:
                answer = await chain.run(instance.hops, invocation)
            except ModelError as error:
                model_us = round((self._clock.monotonic_s() - began_s) * 1_000_000)
                self._observer.record(route, variant, error.original_status, model_us, 0, error.latencies_us)
                raise
            model_us = sum(latency_us for _, latency_us in answer.latencies_us)
            self._observer.record(route, variant, None, model_us, 0, answer.latencies_us)
            return answer.response
        finally:
            self._traffic.leave(instance.instance_id)

    async def _invocation(self, record: AsyncRequestRecord) -> Invocation:
        body = record.body
        if record.input_location is not None:
            body = await asyncio.to_thread(self._objects.read, record.input_location)
        passed_on: Headers = []
        if record.custom_attributes is not None:
            passed_on.append((CUSTOM_ATTRIBUTES, record.custom_attributes.encode("latin-1")))
        if record.given_inference_id is not None:
            passed_on.append((b"x-amzn-sagemaker-inference-id", record.given_inference_id.encode("latin-1")))
        return Invocation(body, _encoded(record.content_type), _encoded(record.accept), passed_on)


def _encoded(text: str | None) -> bytes | None:
    return None if text is None else text.encode("latin-1")
