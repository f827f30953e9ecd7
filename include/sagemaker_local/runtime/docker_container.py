"""A container that the Docker engine runs, until nothing of it is left."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from include.sagemaker_local.errors import HostError
from include.sagemaker_local.runtime.docker_engine import DockerEngine, EngineRefused
from include.sagemaker_local.runtime.docker_logs import Frames
from include.sagemaker_local.runtime.docker_stats import usage_of
from include.sagemaker_local.runtime.log_tail import log_tail
from include.sagemaker_local.runtime.usage import Usage

_log = logging.getLogger(__name__)

# What `docker run` exits with when the engine, and not the container, is at fault.
ENGINE_LOST_STATUS = 125
# Upgrading or restarting an engine takes some seconds; with live-restore its containers run on meanwhile.
_ENGINE_BACK_S = 10.0
_RETRY_S = 0.2
# A killed container is gone in tenths of a second, unless the disk is busy.
_KILLED_S = 10.0
# An engine of API 1.41 (20.10) or later answers at once, an older one does not know `one-shot` and takes two seconds.
_STATS_S = 5.0


class RunningDockerContainer:
    """One started container. Its output is copied to the log file until it ends."""

    host: str
    port: int

    def __init__(
        self,
        name: str,
        address: tuple[str, int],
        engine: DockerEngine,
        container_id: str,
        log_file: Path,
        removed: Callable[[str], Awaitable[None]],
    ) -> None:
        self.name = name
        self.host, self.port = address
        self.id = container_id
        self._engine = engine
        self._log_file = log_file
        self._removed = removed
        self._exit_code: int | None = None
        self._stopping: asyncio.Task[None] | None = None
        self._follower = asyncio.create_task(self._follow())

    def exit_code(self) -> int | None:
        """None while it runs; 128 and the signal's number when a signal ended it, 125 when the engine lost it."""
        return self._exit_code

    def log_tail(self, lines: int) -> tuple[str, ...]:
        """Its last log lines, oldest first; empty when nothing was logged."""
        return log_tail(self._log_file, lines)

    async def usage(self) -> Usage | None:
        """CPU time and memory as `docker stats` has them; None when it has ended or the engine does not say."""
        if self._exit_code is not None:
            return None
        query = {"stream": "false", "one-shot": "true"}
        try:
            return usage_of(await self._engine.call("GET", f"/containers/{self.id}/stats", query, timeout_s=_STATS_S))
        except HostError as error:
            _log.warning("the engine does not say what container %s uses: %s", self.name, error)
            return None

    async def stop(self, grace_s: float) -> None:
        """SIGTERM to its first process, after `grace_s` SIGKILL to all; returns when the container is removed.

        An engine that is away cannot remove it: that is logged, and made good for when it is back. Whoever gives up
        waiting does not keep it alive.
        """
        if self._stopping is None:
            self._stopping = asyncio.create_task(self._stop(grace_s))
        await asyncio.shield(self._stopping)

    async def _stop(self, grace_s: float) -> None:
        try:
            if grace_s > 0 and not await self._ended(0):
                await self._signal("SIGTERM")
                await self._ended(grace_s)
            if not await self._ended(0):
                await self._signal("SIGKILL")
                await self._ended(_KILLED_S)
        except HostError as error:
            _log.warning("container %s could not be told to end: %s", self.name, error)
        self._follower.cancel()
        await asyncio.gather(self._follower, return_exceptions=True)
        if self._exit_code is None:
            self._exit_code = ENGINE_LOST_STATUS
        await self._removed(self.id)

    async def ended(self) -> None:
        """Returns when the container has ended and its output is in the log file."""
        await asyncio.shield(self._follower)

    async def _ended(self, timeout_s: float) -> bool:
        await asyncio.wait([self._follower], timeout=timeout_s)
        return self._follower.done()

    async def _signal(self, name: str) -> None:
        try:
            await self._engine.call("POST", f"/containers/{self.id}/kill", {"signal": name})
        except EngineRefused as refusal:
            if refusal.status not in (404, 409):  # gone, or not running: it has ended by itself
                raise

    async def _follow(self) -> None:
        """Copies the output; its end is the container's, or the engine's, so the engine is asked which."""
        query = {"follow": "1", "stdout": "1", "stderr": "1"}
        while self._exit_code is None:
            try:
                await self._copy(query)
            except (HostError, OSError) as error:
                _log.warning("the log of container %s was cut: %s", self.name, error)
            self._exit_code = await self._asked_for_exit_code()
            if self._exit_code is None:
                query["tail"] = "0"  # what it wrote before is in the file already
                await asyncio.sleep(_RETRY_S)

    async def _copy(self, query: dict[str, str]) -> None:
        frames = Frames()
        with self._log_file.open("ab", buffering=0) as log:
            async with self._engine.stream(f"/containers/{self.id}/logs", query) as pieces:
                async for piece in pieces:
                    log.write(frames.feed(piece))

    async def _asked_for_exit_code(self) -> int | None:
        """None when it runs on. An engine that is away gets some seconds to come back."""
        try:
            async with asyncio.timeout(_ENGINE_BACK_S):
                while True:
                    try:
                        return self._outcome(await self._engine.call("GET", f"/containers/{self.id}/json"))
                    except EngineRefused:
                        return ENGINE_LOST_STATUS  # somebody removed it
                    except HostError:
                        await asyncio.sleep(_RETRY_S)
        except TimeoutError:
            return ENGINE_LOST_STATUS

    def _outcome(self, description: dict[str, Any]) -> int | None:
        state = description["State"]
        if state["Running"]:
            return None
        if state.get("OOMKilled"):
            with self._log_file.open("ab") as log:
                log.write(
                    b"out of memory: a process of the container was killed; it may take what the instance type has\n"
                )
        return int(state["ExitCode"])
