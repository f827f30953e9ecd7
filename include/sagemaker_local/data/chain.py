"""One request through the containers of one instance, each getting what the one before it answered."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from include.sagemaker_local.clock import Clock
from include.sagemaker_local.data import model_error
from include.sagemaker_local.data.invocation import Invocation
from include.sagemaker_local.data.model_error import ModelError
from include.sagemaker_local.http1.client import HttpClient
from include.sagemaker_local.http1.errors import HttpError, ProtocolError, RequestTimeout
from include.sagemaker_local.http1.messages import Request, Response, StreamedResponse
from include.sagemaker_local.routes import Hop
from include.sagemaker_local.settings import Settings

# What AWS calls the only container of a model that is no pipeline.
SINGLE_CONTAINER = "primary"


class ChainAnswer(NamedTuple):
    """The last container's response, and each container's time in microseconds, in order."""

    response: Response
    latencies_us: list[tuple[str, int]]


class BegunAnswer(NamedTuple):
    """The head of the last container's response, whose body is still to be read, and the times until then."""

    response: StreamedResponse
    latencies_us: list[tuple[str, int]]


class Chain:
    """Runs requests through containers. Holds no state of its own."""

    def __init__(self, client: HttpClient, settings: Settings, clock: Clock) -> None:
        self._client = client
        self._timeout_s = settings.invoke_timeout_s
        self._max_hop_body_bytes = settings.max_hop_body_bytes
        self._clock = clock

    async def run(self, hops: Sequence[Hop], invocation: Invocation, following: Hop | None = None) -> ChainAnswer:
        """Ask every container in turn. All together have the settings' invoke timeout.

        The client's Content-Type goes to the first container, its Accept to the last one; in between, a response's
        Content-Type is the next request's, to the letter. Raises ModelError, naming the container, at the first
        answer that is not 2xx, comes too late or not at all, or is too large to be handed on. A request for one
        container (Direct mode) comes with that container's hop alone. `following` gets the answer when it is not the
        client's.
        """
        last = len(hops) - 1 if following is None else len(hops)
        now_s = self._clock.monotonic_s()
        deadline_s = now_s + self._timeout_s
        body, content_type = invocation.body, invocation.content_type
        latencies_us: list[tuple[str, int]] = []
        for position, hop in enumerate(hops):
            headers = invocation.passed_on.copy()
            if content_type is not None:
                headers.append((b"content-type", content_type))
            if position == last and invocation.accept is not None:
                headers.append((b"accept", invocation.accept))
            label = hop.name if last or invocation.target_container is not None else SINGLE_CONTAINER
            request = Request(b"POST", b"/invocations", headers, body)
            try:
                response = await self._client.request(hop.host, hop.port, request, timeout_s=deadline_s - now_s)
            except HttpError as error:
                raise _noted(_no_answer(label, error), latencies_us) from error
            started_s, now_s = now_s, self._clock.monotonic_s()
            latencies_us.append((label, round((now_s - started_s) * 1_000_000)))
            if not 200 <= response.status < 300:
                failure = model_error.answered_with_error(label, response.status, response.body)
                raise _noted(failure, latencies_us)
            body, content_type = response.body, response.header(b"content-type")
            if position != last and len(body) > self._max_hop_body_bytes:
                receiver = hops[position + 1] if following is None or position + 1 < len(hops) else following
                size, limit = len(body), self._max_hop_body_bytes
                failure = model_error.too_large(label, receiver.name, response.status, size, limit)
                raise _noted(failure, latencies_us)
        return ChainAnswer(response, latencies_us)

    async def begin(self, hops: Sequence[Hop], invocation: Invocation, timeout_s: float) -> BegunAnswer:
        """As `run`, but returns with the head of the last container's answer; `timeout_s` counts up to there.

        Whoever gets it reads its pieces or closes them.
        """
        began_s = self._clock.monotonic_s()
        *before, last = hops
        latencies_us: list[tuple[str, int]] = []
        body, content_type = invocation.body, invocation.content_type
        if before:
            answer = await self.run(before, invocation, last)
            body, content_type = answer.response.body, answer.response.header(b"content-type")
            latencies_us = answer.latencies_us
        headers = invocation.passed_on.copy()
        for name, value in ((b"content-type", content_type), (b"accept", invocation.accept)):
            if value is not None:
                headers.append((name, value))
        label = last.name if before or invocation.target_container is not None else SINGLE_CONTAINER
        request = Request(b"POST", b"/invocations", headers, body)
        asked_s = self._clock.monotonic_s()
        left_s = timeout_s - (asked_s - began_s)
        try:
            response = await self._client.stream(last.host, last.port, request, timeout_s=left_s)
            if not 200 <= response.status < 300:
                quoted = await _quoted(response, left_s)
        except (HttpError, TimeoutError) as error:
            raise _noted(_no_answer(label, error), latencies_us) from error
        latencies_us.append((label, round((self._clock.monotonic_s() - asked_s) * 1_000_000)))
        if not 200 <= response.status < 300:
            raise _noted(model_error.answered_with_error(label, response.status, quoted), latencies_us)
        return BegunAnswer(response, latencies_us)


def _noted(error: ModelError, latencies_us: list[tuple[str, int]]) -> ModelError:
    error.latencies_us = latencies_us
    return error


async def _quoted(response: StreamedResponse, timeout_s: float) -> bytes:
    """As much of an error's body as is worth quoting."""
    quoted = b""
    try:
        async with asyncio.timeout(timeout_s):
            async for piece in response.pieces:
                quoted += piece
                if len(quoted) > model_error.MAX_QUOTED_BYTES:
                    break
    finally:
        await response.pieces.aclose()
    return quoted


def _no_answer(container: str, error: HttpError | TimeoutError) -> ModelError:
    if isinstance(error, RequestTimeout | TimeoutError):
        return model_error.timed_out(container)
    if isinstance(error, ProtocolError):
        return model_error.malformed(container)
    return model_error.exited(container)
