"""A container that was started as a process group, until nothing of it is left."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

from include.sagemaker_local.runtime.log_tail import log_tail
from include.sagemaker_local.runtime.usage import Usage, group_usage

_POLL_S = 0.01  # there is no event for "the group is empty"; a stop is a matter of some 10 ms
# The kernel has killed the group by then; what is still listed is waiting for init to collect it.
_COLLECT_S = 5.0


class RunningProcess:
    """One started container: its process is the leader of a session and process group of its own."""

    def __init__(
        self, name: str, host: str, port: int, process: asyncio.subprocess.Process, lifeline: int, log_file: Path
    ) -> None:
        self.name = name
        self.host = host
        self.port = port
        self.pid = process.pid
        self._process = process
        self._lifeline: int | None = lifeline
        self._log_file = log_file

    def exit_code(self) -> int | None:
        """None while it runs; negative when a signal ended it."""
        return self._process.returncode

    def log_tail(self, lines: int) -> tuple[str, ...]:
        """Its last log lines, oldest first; empty when nothing was logged."""
        return log_tail(self._log_file, lines)

    async def usage(self) -> Usage | None:
        """CPU time and memory of its process group; None when it has ended."""
        return await asyncio.to_thread(group_usage, self.pid) if self.exit_code() is None else None

    async def stop(self, grace_s: float) -> None:
        """SIGTERM to the group, SIGKILL after `grace_s`; returns when nothing of the group is left."""
        self._signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(grace_s):
                await self._gone()
        except TimeoutError:
            self._signal(signal.SIGKILL)
            await self._collected()
        finally:
            self._release()

    async def _collected(self) -> None:
        await self._process.wait()
        try:
            async with asyncio.timeout(_COLLECT_S):
                await self._gone()
        except TimeoutError:
            return  # dead, and not ours to collect

    async def _gone(self) -> None:
        await self._process.wait()
        while self._signal(0):  # noqa: ASYNC110 - the kernel tells of a child's end, not of a group's
            await asyncio.sleep(_POLL_S)

    def _signal(self, number: int) -> bool:
        """Whether there was anybody in the group to receive it."""
        try:
            os.killpg(self.pid, number)
        except (ProcessLookupError, PermissionError):  # macOS answers EPERM for a group of zombies
            return False
        return True

    def _release(self) -> None:
        if self._lifeline is not None:
            os.close(self._lifeline)
            self._lifeline = None
