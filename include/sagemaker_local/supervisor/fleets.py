"""The fleets that serve at this moment, each under the name of its endpoint. Opening one is what gives it traffic."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from pathlib import Path

from include.sagemaker_local.deployment import Deployment
from include.sagemaker_local.routes import Route, RouteTable
from include.sagemaker_local.runtime.contract import ContainerRuntime
from include.sagemaker_local.settings import Settings
from include.sagemaker_local.supervisor.fleet import Fleet
from include.sagemaker_local.supervisor.health import HealthCheck, HttpCaller
from include.sagemaker_local.supervisor.logs import LogSink
from include.sagemaker_local.supervisor.starter import FleetStarter, ship_logs
from include.sagemaker_local.supervisor.tempo import Tempo
from include.sagemaker_local.supervisor.traffic import Traffic
from include.sagemaker_local.supervisor.watch import Watch

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class _Open:
    fleet: Fleet
    route: Route  # as it was put first; it names the fleet even when a container has moved since
    chores: tuple[asyncio.Task[None], ...]


class Fleets:
    """Starts, swaps and stops fleets. Belongs to one event loop; calls for one endpoint must not overlap."""

    def __init__(
        self,
        runtime: ContainerRuntime,
        client: HttpCaller,
        sink: LogSink,
        routes: RouteTable,
        traffic: Traffic,
        settings: Settings,
        tempo: Tempo | None = None,
    ) -> None:
        tempo = tempo or Tempo()
        health = HealthCheck(
            client,
            attempt_timeout_s=settings.ping_timeout_s,
            interval_s=tempo.ping_interval_s,
            startup_timeout_s=settings.startup_timeout_s,
        )
        self._starter = FleetStarter(
            runtime,
            health,
            sink,
            run_directory(settings),
            settle_s=tempo.settle_s,
            log_interval_s=tempo.log_interval_s,
        )
        self._watch = Watch(runtime, health, tempo=tempo)
        self._routes = routes
        self._traffic = traffic
        self._settings = settings
        self._tempo = tempo
        self._open: dict[tuple[str, str], _Open] = {}
        self._retiring: set[_Open] = set()

    def is_open(self, region: str, endpoint_name: str) -> bool:
        """Whether a fleet serves that endpoint."""
        return (region, endpoint_name) in self._open

    def serving(self) -> list[Fleet]:
        """The fleets that have an endpoint's traffic at this moment."""
        return [one.fleet for one in self._open.values()]

    async def open(self, region: str, endpoint_name: str, deployment: Deployment) -> None:
        """Starts a fleet, waits for /ping, gives it the endpoint's traffic; then drains and stops the one it replaces.

        Raises ArtifactError or ContainerError (FleetFailed); then nothing is left of the new fleet and an old one
        serves on.
        """
        fleet = await self._starter.start(region, endpoint_name, deployment)
        key = (region, endpoint_name)
        old = self._open.get(key)
        route = fleet.route()
        self._open[key] = _Open(fleet, route, self._start_chores(key, fleet))
        self._routes.put(route)
        if old is not None:
            await self._retire(old)

    async def close(self, region: str, endpoint_name: str) -> None:
        """Takes the endpoint's traffic away, drains and stops its fleet. Does nothing when there is none."""
        self._routes.drop(region, endpoint_name)
        old = self._open.pop((region, endpoint_name), None)
        if old is not None:
            await self._retire(old)

    async def close_all(self, grace_s: float) -> None:
        """Takes all traffic away and stops every fleet, drained or not."""
        everything = {*self._open.values(), *self._retiring}
        for region, endpoint_name in self._open:
            self._routes.drop(region, endpoint_name)
        self._open.clear()
        await asyncio.gather(*(self._stop(one, grace_s) for one in everything))
        self._retiring.clear()

    def _start_chores(self, key: tuple[str, str], fleet: Fleet) -> tuple[asyncio.Task[None], ...]:
        return (
            asyncio.create_task(self._watch.keep(fleet, lambda: self._revived(key, fleet))),
            asyncio.create_task(ship_logs(fleet, self._tempo.log_interval_s)),
        )

    def _revived(self, key: tuple[str, str], fleet: Fleet) -> None:
        """A container answers on a new port. Another one of the fleet may be dead: then its old address stays."""
        present = self._open.get(key)
        if present is not None and present.fleet is fleet:
            self._routes.put(fleet.route())

    async def _retire(self, old: _Open) -> None:
        self._retiring.add(old)
        # A request may wait for its containers as long as InvokeEndpoint does.
        if not await self._traffic.drained(old.route, self._settings.invoke_timeout_s):
            _log.warning("requests to %s were still under way when its fleet was stopped", old.fleet.endpoint_name)
        await self._stop(old, self._settings.stop_grace_s)
        self._retiring.discard(old)

    async def _stop(self, one: _Open, grace_s: float) -> None:
        for chore in one.chores:
            chore.cancel()
        for outcome in await asyncio.gather(*one.chores, return_exceptions=True):
            if isinstance(outcome, Exception):
                _log.error("looking after %s failed", one.fleet.endpoint_name, exc_info=outcome)
        await one.fleet.stop(grace_s)


def run_directory(settings: Settings) -> Path:
    """Where containers have their files while they run. Nothing in it is worth keeping."""
    return settings.data_dir / "run"
