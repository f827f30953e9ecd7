"""InvokeEndpoint, and InvokeEndpointWithResponseStream: POST /endpoints/{EndpointName}/invocations[-response-stream].

A successful answer is the last container's body with its Content-Type, and

- x-amzn-invoked-production-variant: the variant that answered;
- x-amzn-sagemaker-custom-attributes: the last container's, if it set any;
- x-local-container-latency-us: ours. Microseconds for each container in order, measured from sending its request to
  having its whole response: `featurize=1210,predict=812,label=640`. Their sum is what CloudWatch calls ModelLatency.

Errors have AWS's rest-json form. A container's own error is a ModelError, HTTP 424, whatever its status was.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import uuid
from collections.abc import Callable, Sequence
from typing import NamedTuple

from include.sagemaker_local.clock import Clock
from include.sagemaker_local.data.chain import BegunAnswer, Chain, ChainAnswer
from include.sagemaker_local.data.direct import asked_hops, refuse_wrong_container
from include.sagemaker_local.data.invocation import (
    CUSTOM_ATTRIBUTES,
    STREAM,
    Invocation,
    endpoint_and_operation,
    read_invocation,
)
from include.sagemaker_local.data.model_error import ModelError
from include.sagemaker_local.data.observer import Observer
from include.sagemaker_local.data.rest_json import failure, model_failure
from include.sagemaker_local.data.streaming import EventPieces
from include.sagemaker_local.data.variants import find_variant, pick_instance, pick_variant
from include.sagemaker_local.errors import ApiError
from include.sagemaker_local.http1.client import HttpClient
from include.sagemaker_local.http1.messages import Headers, Request, Response, StreamedResponse
from include.sagemaker_local.routes import Instance, Route, RouteTable, VariantRoute
from include.sagemaker_local.settings import Settings
from include.sagemaker_local.traffic import Traffic
from include.sagemaker_local.wire.event_stream import CONTENT_TYPE as EVENT_STREAM

CONTAINER_LATENCY = b"x-local-container-latency-us"


class _Turn(NamedTuple):
    """Who answers an invocation, when it was received and when the first container is asked (seconds, monotonic)."""

    route: Route
    variant: VariantRoute
    instance: Instance
    received_s: float
    asked_s: float


class DataPlane:
    """Answers InvokeEndpoint from the routes that are live at that moment."""

    def __init__(
        self,
        routes: RouteTable,
        settings: Settings,
        client: HttpClient,
        clock: Clock,
        observer: Observer,
        *,
        traffic: Traffic | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """`traffic` is told of every request that goes out to an instance."""
        self._routes = routes
        self._settings = settings
        self._chain = Chain(client, settings, clock)
        self._clock = clock
        self._observer = observer
        self._chance = chance
        self._traffic = traffic or Traffic()
        # Unique without a system call for each request: a random prefix a process, then a count, in a UUID's form.
        self._request_id_prefix = str(uuid.uuid4()).encode()[:24]
        self._request_count = itertools.count(1)

    async def handle(self, request: Request, region: str) -> Response:
        """The answer to a request below /endpoints/."""
        request_id = self._request_id_prefix + b"%012x" % next(self._request_count)
        try:
            name, operation = endpoint_and_operation(request)
            invocation = read_invocation(request, operation)
            if operation == STREAM:
                return await self._stream(invocation, region, name, request_id)
            return await self._invoke(invocation, region, name, request_id)
        except ModelError as error:
            return self._model_failure(error, region, name, request_id)
        except ApiError as error:
            return failure(error, request_id)

    async def _invoke(self, invocation: Invocation, region: str, name: str, request_id: bytes) -> Response:
        turn = self._turn(invocation, region, name)
        # Nothing has waited since the route was looked up, so nobody can have taken the instance for idle meanwhile.
        self._traffic.enter(turn.instance.instance_id)
        try:
            answer = await self._chain.run(asked_hops(turn.instance, invocation), invocation)
        except ModelError as error:
            self._record_failure(error, turn, invocation.target_container)
            raise
        finally:
            self._traffic.leave(turn.instance.instance_id)
        model_us = sum([latency_us for _, latency_us in answer.latencies_us])
        overhead_us = _microseconds(self._clock.monotonic_s() - turn.received_s) - model_us
        self._observer.record(turn.route, turn.variant, None, model_us, max(overhead_us, 0), answer.latencies_us)
        return _success(answer, turn.variant, request_id)

    async def _stream(self, invocation: Invocation, region: str, name: str, request_id: bytes) -> Response:
        """The head of the answer. Its body goes on, and so do the invocation's time and its place on the instance."""
        timeout_s = self._settings.stream_timeout_s
        deadline_s = asyncio.get_running_loop().time() + timeout_s
        turn = self._turn(invocation, region, name)
        self._traffic.enter(turn.instance.instance_id)
        begun: BegunAnswer | None = None
        try:
            begun = await self._chain.begin(asked_hops(turn.instance, invocation), invocation, timeout_s)
        except ModelError as error:
            self._record_failure(error, turn, invocation.target_container)
            raise
        finally:
            if begun is None:
                self._traffic.leave(turn.instance.instance_id)
        times = begun.latencies_us

        def ended(*, broken: bool) -> None:
            self._traffic.leave(turn.instance.instance_id)
            self._record_stream(turn, times, broken=broken)

        return _begun(begun, EventPieces(begun.response.pieces, deadline_s, ended), turn.variant, request_id)

    def _turn(self, invocation: Invocation, region: str, name: str) -> _Turn:
        """Who answers. Raises ApiError when nobody does."""
        received_s = self._clock.monotonic_s()
        self._check_size(invocation)
        route = self._route(region, name)
        if route.asynchronous:
            message = f"Endpoint {name} takes asynchronous invocations only. Use InvokeEndpointAsync."
            raise ApiError("ValidationError", message)
        variant = self._variant(route, invocation.target_variant)
        if variant.direct or invocation.target_container is not None:
            refuse_wrong_container(route, variant, invocation.target_container)
        return _Turn(route, variant, self._instance(variant.instances), received_s, self._clock.monotonic_s())

    def _record_failure(self, error: ModelError, turn: _Turn, target: str | None) -> None:
        model_us = _microseconds(self._clock.monotonic_s() - turn.asked_s)
        overhead_us = _microseconds(turn.asked_s - turn.received_s)
        # A container that is asked alone is known, and counted, also when it gave no answer.
        container_us = error.latencies_us if target is None else ((target, model_us),)
        self._observer.record(turn.route, turn.variant, error.original_status, model_us, overhead_us, container_us)

    def _record_stream(self, turn: _Turn, times: Sequence[tuple[str, int]], *, broken: bool) -> None:
        """The last container's time ends with its stream."""
        model_us = _microseconds(self._clock.monotonic_s() - turn.asked_s)
        *before, (last, _) = times
        container_us = [*before, (last, max(0, model_us - sum(each_us for _, each_us in before)))]
        overhead_us = _microseconds(turn.asked_s - turn.received_s)
        self._observer.record(turn.route, turn.variant, 0 if broken else None, model_us, overhead_us, container_us)

    def _check_size(self, invocation: Invocation) -> None:
        limit = self._settings.max_invoke_body_bytes
        if len(invocation.body) > limit:
            # The very words, and the code, that clients of the service have reported.
            raise ApiError("413", f"HTTP content length exceeded {limit} bytes.", status=413)

    def _route(self, region: str, name: str) -> Route:
        route = self._routes.get(region, name)
        if route is None:
            message = f"Endpoint {name} of account {self._settings.account_id} not found."
            raise ApiError("ValidationError", message)
        return route

    def _variant(self, route: Route, target: str | None) -> VariantRoute:
        variants = route.variants
        if target is None:
            return variants[0] if len(variants) == 1 else pick_variant(variants, self._chance())
        variant = find_variant(variants, target, self._chance())
        if variant is None:
            names = ", ".join(dict.fromkeys(variant.name for variant in variants))
            message = f"Variant {target} not found in endpoint {route.endpoint_name}. Its variants: {names}."
            raise ApiError("ValidationError", message)
        return variant

    def _instance(self, instances: Sequence[Instance]) -> Instance:
        """The least busy one."""
        if len(instances) == 1:
            return instances[0]
        return pick_instance(instances, self._traffic.under_way, self._chance())

    def _model_failure(self, error: ModelError, region: str, name: str, request_id: bytes) -> Response:
        account_id = self._settings.account_id
        log_group_arn = f"arn:aws:logs:{region}:{account_id}:log-group:/aws/sagemaker/Endpoints/{name}"
        return model_failure(error.located(region, name, account_id), request_id, log_group_arn)


def _microseconds(seconds: float) -> int:
    return round(seconds * 1_000_000)


def _success(answer: ChainAnswer, variant: VariantRoute, request_id: bytes) -> Response:
    latencies = ",".join([f"{container}={latency_us}" for container, latency_us in answer.latencies_us])
    headers: Headers = [
        (b"x-amzn-requestid", request_id),
        (b"x-amzn-invoked-production-variant", variant.name.encode()),
        (CONTAINER_LATENCY, latencies.encode()),
    ]
    for header in answer.response.headers:
        if header[0] == b"content-type" or header[0] == CUSTOM_ATTRIBUTES:
            headers.append(header)
    return Response(200, headers, answer.response.body)


def _begun(answer: BegunAnswer, pieces: EventPieces, variant: VariantRoute, request_id: bytes) -> StreamedResponse:
    headers: Headers = [
        (b"content-type", EVENT_STREAM),
        (b"x-amzn-requestid", request_id),
        (b"x-amzn-invoked-production-variant", variant.name.encode()),
    ]
    for name, value in answer.response.headers:
        if name == b"content-type":
            headers.append((b"x-amzn-sagemaker-content-type", value))
        elif name == CUSTOM_ATTRIBUTES:
            headers.append((name, value))
    return StreamedResponse(200, headers, pieces)
