"""The fleets that serve at this moment, each under the name of its endpoint. Opening one is what gives it traffic."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from include.sagemaker_local.deployment import Deployment
from include.sagemaker_local.routes import RouteTable
from include.sagemaker_local.runtime.contract import ContainerRuntime
from include.sagemaker_local.settings import Settings
from include.sagemaker_local.supervisor.fleet import Fleet, InstanceMembers
from include.sagemaker_local.supervisor.health import HealthCheck, HttpCaller
from include.sagemaker_local.supervisor.injected import DeploymentFaults
from include.sagemaker_local.supervisor.logs import LogSink
from include.sagemaker_local.supervisor.resize import growth
from include.sagemaker_local.supervisor.serving import RunningFleet, Serving
from include.sagemaker_local.supervisor.starter import FleetStarter, ship_logs
from include.sagemaker_local.supervisor.tempo import Tempo
from include.sagemaker_local.supervisor.watch import Watch
from include.sagemaker_local.traffic import Drain

_log = logging.getLogger(__name__)


class Fleets:
    """Starts, swaps and stops fleets. Belongs to one event loop; calls for one endpoint must not overlap."""

    def __init__(
        self,
        runtime: ContainerRuntime,
        client: HttpCaller,
        sink: LogSink,
        routes: RouteTable,
        traffic: Drain,
        settings: Settings,
        tempo: Tempo | None = None,
        faults: DeploymentFaults | None = None,
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
            faults=faults,
        )
        self._watch = Watch(runtime, health, tempo=tempo)
        self._routes = routes
        self._traffic = traffic
        self._settings = settings
        self._tempo = tempo
        self._serving: dict[tuple[str, str], Serving] = {}
        self._retiring: set[RunningFleet] = set()

    def is_open(self, region: str, endpoint_name: str) -> bool:
        """Whether a fleet serves that endpoint."""
        serving = self._serving.get((region, endpoint_name))
        return serving is not None and serving.blue is not None

    def counts(self, region: str, endpoint_name: str) -> tuple[tuple[int, ...] | None, tuple[int, ...] | None]:
        """The instances of each variant of the fleet that serves, and of the prepared one; None for no fleet."""
        serving = self._serving.get((region, endpoint_name), Serving())
        blue, green = serving.blue, serving.green
        return None if blue is None else blue.fleet.counts, None if green is None else green.fleet.counts

    def serving(self) -> list[Fleet]:
        """The fleets that have an endpoint's traffic at this moment."""
        return [one.fleet for serving in self._serving.values() for one in serving.with_traffic()]

    async def crash(self, host: str, port: int) -> None:
        """Kills the container that listens there; whoever looks after it finds it dead. Does nothing without one."""
        everybody = (one.fleet for serving in self._serving.values() for one in serving.fleets())
        for member in (member for fleet in everybody for member in fleet.members()):
            running = member.running
            if running is not None and (running.host, running.port) == (host, port):
                await member.stop(grace_s=0)

    async def open(self, region: str, endpoint_name: str, deployment: Deployment) -> None:
        """Starts a fleet, waits for /ping, gives it the endpoint's traffic; then drains and stops the one it replaces.

        Raises ArtifactError or ContainerError (FleetFailed); then nothing is left of the new fleet and an old one
        serves on.
        """
        await self.prepare(region, endpoint_name, deployment)
        await self.settle(region, endpoint_name)

    async def prepare(self, region: str, endpoint_name: str, deployment: Deployment) -> None:
        """Starts the fleet that is to replace the present one, and waits for /ping. It gets no traffic yet.

        Raises as `open` does.
        """
        fleet = await self._starter.start(region, endpoint_name, deployment)
        serving = self._serving.setdefault((region, endpoint_name), Serving())
        serving.green, serving.share = RunningFleet(fleet), 0.0
        self._look_after(serving, serving.green)

    def shift(self, region: str, endpoint_name: str, share: float, *, canary_only: bool = True) -> None:
        """Gives the prepared fleet `share` of the traffic, above 0 to 1, from the next request on."""
        serving = self._serving[region, endpoint_name]
        serving.share, serving.canary_only = share, canary_only
        self._put(serving)

    async def settle(self, region: str, endpoint_name: str) -> None:
        """The prepared fleet has all the traffic for good: drains and stops the one it replaces."""
        serving = self._serving[region, endpoint_name]
        if serving.share < 1:
            self.shift(region, endpoint_name, 1.0)
        old, serving.blue, serving.green, serving.share = serving.blue, serving.green, None, 0.0
        if old is not None:
            await self._retire(old)
        else:
            await self._followed()

    async def abandon(self, region: str, endpoint_name: str) -> bool:
        """Gives all traffic back to the present fleet; drains and stops the prepared one, if there is one.

        False when there is no fleet to go back to. A prepared one that has traffic then keeps it, for good.
        """
        serving = self._serving.get((region, endpoint_name), Serving())
        if serving.green is None:
            return serving.blue is not None
        if serving.blue is None and serving.share > 0:
            await self.settle(region, endpoint_name)
            return False
        had_traffic = serving.share > 0
        green, serving.green, serving.share = serving.green, None, 0.0
        if had_traffic:
            self._put(serving)
        await self._retire(green)
        return serving.blue is not None

    async def resize(self, region: str, endpoint_name: str, deployment: Deployment) -> None:
        """Gives the fleet that serves other weights and instance counts: starts what is missing, then drains the rest.

        `deployment` has the same variants with the same containers. Raises as `open` does, changing nothing.
        """
        serving = self._serving[region, endpoint_name]
        if serving.blue is None:
            raise RuntimeError(f"nothing serves {endpoint_name}")
        await self._resize(serving, serving.blue, deployment)

    async def resize_prepared(self, region: str, endpoint_name: str, deployment: Deployment) -> None:
        """As `resize`, for the prepared fleet. It keeps its share of the traffic."""
        serving = self._serving[region, endpoint_name]
        if serving.green is None:
            raise RuntimeError(f"nothing is prepared for {endpoint_name}")
        await self._resize(serving, serving.green, deployment)

    def unite(self, region: str, endpoint_name: str) -> Deployment | None:
        """Neither fleet can replace the other: both serve on as one. Returns what serves now, None for nothing."""
        serving = self._serving.get((region, endpoint_name), Serving())
        if serving.blue is not None and serving.green is not None:
            serving.blue.unite(serving.green)
            serving.green, serving.share = None, 0.0
            self._put(serving)
        return None if serving.blue is None else serving.blue.fleet.deployment

    async def close(self, region: str, endpoint_name: str) -> None:
        """Takes the endpoint's traffic away, drains and stops its fleets. Does nothing when there is none."""
        self._routes.drop(region, endpoint_name)
        serving = self._serving.pop((region, endpoint_name), Serving())
        self._retiring.update(serving.fleets())  # before anything waits: `close_all` must find them
        await asyncio.gather(self._followed(), *map(self._retire, serving.fleets()))

    async def close_all(self, grace_s: float) -> None:
        """Takes all traffic away and stops every fleet, drained or not."""
        everything = set(self._retiring)
        for (region, endpoint_name), serving in self._serving.items():
            everything.update(serving.fleets())
            self._routes.drop(region, endpoint_name)
        self._serving.clear()
        await asyncio.gather(*(one.stop(grace_s) for one in everything))
        self._retiring.clear()

    async def _resize(self, serving: Serving, running: RunningFleet, deployment: Deployment) -> None:
        fleet = running.fleet
        missing = growth(fleet, deployment)
        more = None if missing is None else await self._starter.start(fleet.region, fleet.endpoint_name, missing)
        leaving = running.resize(more, deployment)
        self._look_after(serving, running)
        self._put(serving)
        if leaving.chores:
            await self._retire(leaving)
        else:
            await self._followed()

    def _put(self, serving: Serving) -> None:
        self._routes.put(serving.route())

    def _look_after(self, serving: Serving, running: RunningFleet) -> None:
        """Every instance that nobody looks after yet gets its tasks."""
        for instance in running.fleet.instances():
            if instance.instance_id not in running.chores:
                running.chores[instance.instance_id] = self._chores(serving, running, instance)

    def _chores(
        self, serving: Serving, running: RunningFleet, instance: InstanceMembers
    ) -> tuple[asyncio.Task[None], ...]:
        region, name = running.fleet.region, running.fleet.endpoint_name
        return (
            asyncio.create_task(self._watch.keep(name, instance.chain, lambda: self._revived(region, name, serving))),
            asyncio.create_task(ship_logs(name, instance.chain, self._tempo.log_interval_s)),
        )

    def _revived(self, region: str, endpoint_name: str, serving: Serving) -> None:
        """A container answers on a new port. Another one of the fleet may be dead: then its old address stays."""
        if self._serving.get((region, endpoint_name)) is serving and serving.with_traffic():
            self._put(serving)

    async def _followed(self) -> None:
        """Waits until every gateway follows the routes that were put: what the API says next is true for clients."""
        await self._traffic.drained((), self._settings.invoke_timeout_s)

    async def _retire(self, old: RunningFleet) -> None:
        self._retiring.add(old)
        instances = [instance.instance_id for instance in old.fleet.instances()]
        if not await self._traffic.drained(instances, _longest_request_s(self._settings)):
            _log.warning("requests to %s were still under way when its fleet was stopped", old.fleet.endpoint_name)
        await old.stop(self._settings.stop_grace_s)
        self._retiring.discard(old)


def _longest_request_s(settings: Settings) -> float:
    """How long a request may be under way on a fleet that takes no more."""
    return max(settings.invoke_timeout_s, settings.stream_timeout_s)


def run_directory(settings: Settings) -> Path:
    """Where containers have their files while they run. Nothing in it is worth keeping."""
    return settings.data_dir / "run"
