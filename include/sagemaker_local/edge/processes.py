"""The main process's side of the gateway processes: starts them, keeps them alive, tells them the routes, asks them."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import sys
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from include.sagemaker_local.edge import orders
from include.sagemaker_local.edge.channel import Channel, ChannelLost
from include.sagemaker_local.errors import HostError
from include.sagemaker_local.metrics.tally import Counts, InvocationTally
from include.sagemaker_local.routes import Route, RouteTable
from include.sagemaker_local.settings import Settings
from include.sagemaker_local.traffic import Traffic

_log = logging.getLogger(__name__)
_PROJECT_DIR = Path(__file__).resolve().parents[3]

# A process that dies again and again would otherwise be started in a tight loop.
_RESTART_DELAY_S = 0.1
_MAX_RESTART_DELAY_S = 5.0
# Counts are handed over by an event loop that is free every few milliseconds.
_ANSWER_S = 10.0
# After its grace a process has nothing left to do but to say so.
_FAREWELL_S = 2.0


class GatewayProcesses(RouteTable):
    """The routes of the main process, which every gateway process follows. Belongs to one event loop.

    Also a `Drain`, and where the publisher gathers counts: with what this process itself answers and counts.
    """

    def __init__(self, listeners: Sequence[socket.socket], main_name: str, settings: Settings) -> None:
        """One process for each of `listeners`, none without. `main_name` is the socket of what is not theirs."""
        super().__init__()
        self.traffic = Traffic()
        self.tally = InvocationTally()
        self._serve = orders.Serve(settings, main_name)
        self._processes = [_Process(listener, self._introduce) for listener in listeners]
        self._farewell: list[Counts] = []
        self._passes_on = False

    def pids(self) -> list[int]:
        """The processes that answer invocations at this moment, without the main one."""
        return [each.pid for each in self._processes if each.pid is not None]

    # -- as RouteTable

    def put(self, route: Route) -> None:
        """From now on requests take this route: here at once, elsewhere as soon as they are told (see `drained`)."""
        super().put(route)
        self._tell(orders.PutRoute(route))

    def drop(self, region: str, endpoint_name: str) -> None:
        """Nothing serves the endpoint any more."""
        super().drop(region, endpoint_name)
        self._tell(orders.DropRoute(region, endpoint_name))

    # -- as Drain, and as CountSource

    async def drained(self, instance_ids: Iterable[str], timeout_s: float) -> bool:
        """As `Drain` says, for all processes."""
        ids = tuple(instance_ids)
        everywhere = await asyncio.gather(
            self.traffic.drained(ids, timeout_s), *self._ask_all(orders.Drain(ids, timeout_s), timeout_s, late=False)
        )
        return False not in everywhere  # a process that is gone has nothing under way

    async def gather(self) -> list[Counts]:
        """What all processes counted since the last time. One that died has taken its share with it."""
        asked = self._ask_all(orders.TakeCounts(), _ANSWER_S, late=None)
        taken = [*self._farewell, *self.tally.take()]
        self._farewell = []
        for counts in await asyncio.gather(*asked):
            taken += counts or ()
        return taken

    # -- for injected faults, which are the main process's

    async def pass_invocations_on(self, on: bool) -> None:
        """Has the main process answer all invocations, or no longer; returns when it is so everywhere."""
        if on != self._passes_on:
            self._passes_on = on
            await asyncio.gather(*self._ask_all(orders.PassInvocationsOn(on), _ANSWER_S, late=None))

    # -- life

    async def start(self) -> None:
        """Start all processes, which load while others work. Raises HostError."""
        if self._processes and sys.platform != "linux":
            raise HostError("gateway processes need Linux: use --gateway-processes 0")
        for process in self._processes:
            await process.start()

    async def serve(self) -> None:
        """Have them accept connections from now on, and start again those that end. Raises HostError."""
        await asyncio.gather(*(process.introduced() for process in self._processes))

    async def close(self, grace_s: float) -> None:
        """Accept no more, answer what has begun for at most `grace_s`, and end. What they counted is still gathered."""
        for counts in await asyncio.gather(*(process.close(grace_s) for process in self._processes)):
            self._farewell += counts

    async def _introduce(self, channel: Channel) -> None:
        """Everything that a process has to know before it accepts connections."""
        for route in self.routes():
            channel.tell(orders.PutRoute(route))
        await channel.ask(orders.PassInvocationsOn(self._passes_on))
        await channel.ask(self._serve)

    def _tell(self, message: object) -> None:
        for process in self._processes:
            if process.channel is not None:
                process.channel.tell(message)

    def _ask_all(self, message: object, timeout_s: float, *, late: object) -> list[Any]:
        channels = [process.channel for process in self._processes if process.channel is not None]
        return [_ask(channel, message, timeout_s, late) for channel in channels]


async def _ask(channel: Channel, message: object, timeout_s: float, late: object) -> Any:
    """The answer; `late` when it takes too long, None from a process that is gone."""
    try:
        async with asyncio.timeout(timeout_s):
            return await channel.ask(message)
    except TimeoutError:
        return late
    except ChannelLost:
        return None


class _Process:
    """One gateway process after the other, on the same listening socket: connections wait in it meanwhile."""

    def __init__(self, listener: socket.socket, introduce: Callable[[Channel], Awaitable[None]]) -> None:
        self.channel: Channel | None = None
        self._listener = listener
        self._introduce = introduce
        self._process: asyncio.subprocess.Process | None = None
        self._lost = asyncio.Event()
        self._keeping: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start it. Raises HostError."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                self._process = await asyncio.create_subprocess_exec(
                    sys.executable,
                    "-m",
                    "include.sagemaker_local.edge",
                    f"--channel-fd={theirs.fileno()}",
                    f"--listen-fd={self._listener.fileno()}",
                    f"--main-pid={os.getpid()}",
                    f"--log-level={logging.getLogger().getEffectiveLevel()}",
                    cwd=_PROJECT_DIR,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=asyncio.subprocess.DEVNULL,  # the server's own has one line that programs read
                    pass_fds=(theirs.fileno(), self._listener.fileno()),
                    start_new_session=True,
                )
            except OSError as error:
                ours.close()
                raise HostError(f"cannot start a gateway process: {error}") from error
        self._lost.clear()
        self.channel = await Channel.open(ours, lambda _: None, self._lost.set)

    @property
    def pid(self) -> int | None:
        """The process that runs now, if one does."""
        running = self._process is not None and self._process.returncode is None
        return self._process.pid if self._process is not None and running else None

    async def introduced(self) -> None:
        """Tell it everything; from then on it serves, and is kept. Raises HostError."""
        if self.channel is None or self._process is None:
            raise RuntimeError("a gateway process was not started")
        try:
            await self._introduce(self.channel)
        except ChannelLost as error:
            status = await self._process.wait()
            raise HostError(f"a gateway process ended with status {status} before it was ready; see above") from error
        self._keeping = asyncio.create_task(self._keep(), name="gateway process")

    async def close(self, grace_s: float) -> list[Counts]:
        """End it in time. Returns what it counted."""
        counts: list[Counts] = []
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)
            if self.channel is not None:
                counts = await _ask(self.channel, orders.Finish(grace_s), grace_s + _FAREWELL_S, late=None) or []
        if self.channel is not None:
            self.channel.close()
        if self._process is not None:
            await self._end(self._process)
        self._keeping = self.channel = self._process = None
        return counts

    async def _keep(self) -> None:
        """Start it again when it ends, later each time."""
        loop, delay_s = asyncio.get_running_loop(), _RESTART_DELAY_S
        while True:
            began_s = loop.time()
            await self._lost.wait()
            self.channel = None
            if self._process is not None:
                _log.error("a gateway process ended with status %s and is started again", await self._process.wait())
            if loop.time() - began_s > _MAX_RESTART_DELAY_S:
                delay_s = _RESTART_DELAY_S
            await asyncio.sleep(delay_s)
            delay_s = min(2 * delay_s, _MAX_RESTART_DELAY_S)
            await self._start_again()

    async def _start_again(self) -> None:
        try:
            await self.start()
        except HostError as error:
            _log.error("%s", error)
            self._lost.set()
            return
        if self.channel is not None:
            with suppress(ChannelLost):  # the next turn finds it lost
                await self._introduce(self.channel)

    async def _end(self, process: asyncio.subprocess.Process) -> None:
        try:
            async with asyncio.timeout(_FAREWELL_S):
                await process.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):  # it may end at this very moment
                process.kill()
            await process.wait()
