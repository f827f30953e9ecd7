"""The health check: GET /ping until it answers 200."""

from __future__ import annotations

import asyncio
from typing import Protocol

from include.sagemaker_local.errors import LocalSageMakerError
from include.sagemaker_local.http1.messages import Request, Response
from include.sagemaker_local.runtime.contract import RunningContainer

# What SageMaker's own pinger calls itself, as containers' access logs show it.
_USER_AGENT = b"AHC/2.0"


class HttpCaller(Protocol):
    """The HTTP client, as far as the health check needs it."""

    async def request(self, host: str, port: int, request: Request, *, timeout_s: float) -> Response:
        """The whole answer. Raises LocalSageMakerError when there is none."""


class HealthCheck:
    """Asks containers whether they are ready."""

    def __init__(
        self, client: HttpCaller, *, attempt_timeout_s: float, interval_s: float, startup_timeout_s: float
    ) -> None:
        self._client = client
        self._startup_timeout_s = startup_timeout_s
        self._attempt_timeout_s = attempt_timeout_s
        self._interval_s = interval_s

    async def wait(self, running: RunningContainer, timeout_s: float | None = None) -> str | None:
        """None as soon as /ping answered 200; else a clause that says why it will not: it exited, or time is up.

        `timeout_s` is the variant's own startup timeout, in place of the server's.
        """
        timeout_s = self._startup_timeout_s if timeout_s is None else timeout_s
        loop = asyncio.get_running_loop()
        deadline_s = loop.time() + timeout_s
        while True:
            exit_code = running.exit_code()
            if exit_code is not None:
                return f"exited with status {exit_code} before it answered /ping"
            refusal = await self._attempt(running, deadline_s - loop.time())
            if refusal is None:
                return None
            if loop.time() >= deadline_s:
                return f"did not answer /ping with 200 within {timeout_s:g} s (last attempt: {refusal})"
            await asyncio.sleep(min(self._interval_s, max(0.0, deadline_s - loop.time())))

    async def _attempt(self, running: RunningContainer, remaining_s: float) -> str | None:
        timeout_s = max(0.001, min(self._attempt_timeout_s, remaining_s))
        request = Request(b"GET", b"/ping", [(b"user-agent", _USER_AGENT)])
        try:
            response = await self._client.request(running.host, running.port, request, timeout_s=timeout_s)
        except (LocalSageMakerError, OSError) as error:
            return str(error)
        return None if response.status == 200 else f"status {response.status}"
