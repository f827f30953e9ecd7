"""What an endpoint serves with at this moment: a fleet, or two while a deployment shifts traffic."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field

from include.sagemaker_local.deployment import Deployment
from include.sagemaker_local.routes import Route
from include.sagemaker_local.supervisor.fleet import Fleet, InstanceMembers
from include.sagemaker_local.supervisor.mixture import canary, mixed, united
from include.sagemaker_local.supervisor.resize import resized

_log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class RunningFleet:
    """A fleet, and the tasks that look after each of its instances."""

    fleet: Fleet
    chores: dict[str, tuple[asyncio.Task[None], ...]] = field(default_factory=dict)

    def resize(self, more: Fleet | None, wanted: Deployment) -> RunningFleet:
        """Becomes what `wanted` says, with the instances of `more`. Returns those who leave as a fleet of their own."""
        self.fleet, leaving = resized(self.fleet, more, wanted)
        ids = [instance.instance_id for instance in leaving.instances()]
        return RunningFleet(leaving, {each: self.chores.pop(each) for each in ids})

    def unite(self, other: RunningFleet) -> None:
        """Takes the other fleet's instances over: both are one from now on."""
        self.fleet = united(self.fleet, other.fleet)
        self.chores |= other.chores

    async def stop(self, grace_s: float) -> None:
        """Stops every instance, and whoever looks after it. Does not raise."""
        await asyncio.gather(*(self.stop_instance(instance, grace_s) for instance in self.fleet.instances()))

    async def stop_instance(self, instance: InstanceMembers, grace_s: float) -> None:
        """Stops one instance, which no route names any more. Does not raise."""
        chores = self.chores.pop(instance.instance_id, ())
        for chore in chores:
            chore.cancel()
        for outcome in await asyncio.gather(*chores, return_exceptions=True):
            if isinstance(outcome, Exception):
                _log.error("looking after %s failed", self.fleet.endpoint_name, exc_info=outcome)
        await instance.stop(grace_s)


@dataclass(slots=True, eq=False)
class Serving:
    """The fleets of one endpoint: `blue` serves; `green` is to replace it and has `share` (0 to 1) of the traffic.

    With `canary_only` that share is carried by as many of green's instances as it calls for, and not by all of them.
    """

    blue: RunningFleet | None = None
    green: RunningFleet | None = None
    share: float = 0.0
    canary_only: bool = True

    def fleets(self) -> tuple[RunningFleet, ...]:
        """Both that are there."""
        return tuple(one for one in (self.blue, self.green) if one is not None)

    def with_traffic(self) -> tuple[RunningFleet, ...]:
        """Those that requests go to."""
        if self.green is None or self.share <= 0:
            return () if self.blue is None else (self.blue,)
        return (self.green,) if self.blue is None or self.share >= 1 else (self.blue, self.green)

    def route(self) -> Route:
        """Where requests go. At least one fleet has traffic."""
        having = self.with_traffic()
        first = having[0].fleet
        variants = first.variant_routes()
        if len(having) > 1:
            green = having[1].fleet.variant_routes()
            variants = mixed(variants, canary(green, self.share) if self.canary_only else green, self.share)
        asynchronous = first.deployment.asynchronous is not None
        return Route(first.region, first.endpoint_name, first.deployment.config_name, variants, asynchronous)
