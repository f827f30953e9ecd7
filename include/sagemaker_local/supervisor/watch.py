"""Keeps the containers in service alive: one that dies is started again, later each time.

Meanwhile the route still names its old address, so its requests fail as a ModelError of that container.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

from include.sagemaker_local.errors import LocalSageMakerError
from include.sagemaker_local.runtime.contract import ContainerRuntime
from include.sagemaker_local.supervisor.fleet import Member
from include.sagemaker_local.supervisor.health import HealthCheck
from include.sagemaker_local.supervisor.tempo import Tempo

_log = logging.getLogger(__name__)


class Watch:
    """Starts dead containers again."""

    def __init__(self, runtime: ContainerRuntime, health: HealthCheck, *, tempo: Tempo) -> None:
        self._runtime = runtime
        self._health = health
        self._tempo = tempo

    async def keep(self, endpoint_name: str, members: Sequence[Member], revived: Callable[[], None]) -> None:
        """Watches until it is cancelled. Calls `revived` when a container answers /ping again, on its new port."""
        async with asyncio.TaskGroup() as group:
            for member in members:
                group.create_task(self._keep(endpoint_name, member, revived))

    async def _keep(self, endpoint_name: str, member: Member, revived: Callable[[], None]) -> None:
        loop, delay_s = asyncio.get_running_loop(), self._tempo.restart_delay_s
        name = f"container {member.container.name!r} of {endpoint_name}"
        while True:
            began_s = loop.time()
            _log.warning("%s ended with status %s and is started again", name, await self._death(member))
            if loop.time() - began_s > self._tempo.stable_after_s:
                delay_s = self._tempo.restart_delay_s
            await asyncio.sleep(delay_s)
            delay_s = min(2 * delay_s, self._tempo.max_restart_delay_s)
            reason = await self._restart(member)
            if reason is None:
                revived()
            else:
                _log.warning("%s did not come back: it %s", name, reason)

    async def _death(self, member: Member) -> int:
        """Waits for the process to end, and cleans up after it. Returns its exit code."""
        while (exit_code := member.process.exit_code()) is None:  # noqa: ASYNC110 - the protocol has no event for it
            await asyncio.sleep(self._tempo.watch_interval_s)
        await member.stop(grace_s=0)
        return exit_code

    async def _restart(self, member: Member) -> str | None:
        """None when it is ready again, else why not; then its process is gone."""
        try:
            running = await member.start(self._runtime)
        except (LocalSageMakerError, OSError) as error:
            return f"could not be started: {error}"
        reason = await self._health.wait(running, member.startup_timeout_s)
        if reason is not None:
            await member.stop(grace_s=0)
        return reason
