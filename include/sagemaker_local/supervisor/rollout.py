"""Carries a deployment out: green beside blue, traffic over to it in steps, alarms watched in between; and back."""

from __future__ import annotations

import logging
from typing import Protocol

from include.sagemaker_local.alarms import AlarmReader
from include.sagemaker_local.deployment import Deployment
from include.sagemaker_local.guardrails import (
    Guardrails,
    Retreat,
    Shift,
    VariantStatus,
    guardrails_of,
    remaining,
    retreats,
    shifts,
)
from include.sagemaker_local.store.records import EndpointRecord
from include.sagemaker_local.supervisor.fleets import Fleets
from include.sagemaker_local.supervisor.guard import Guard
from include.sagemaker_local.supervisor.pace import Pace
from include.sagemaker_local.supervisor.tempo import Tempo

_log = logging.getLogger(__name__)


class StageStore(Protocol):
    """Where the progress of a deployment is written down."""

    def reach_stage(
        self,
        region: str,
        name: str,
        status: VariantStatus,
        shift: Shift | None = None,
        *,
        blue: tuple[int, ...] | None = None,
        green: tuple[int, ...] | None = None,
    ) -> None:
        """The deployment under way has come to another stage, with these instances of each fleet's variants."""


class Rollout:
    """Deploys by the guardrails of each endpoint."""

    def __init__(
        self, fleets: Fleets, store: StageStore, alarms: AlarmReader, pace: Pace, tempo: Tempo | None = None
    ) -> None:
        self._fleets = fleets
        self._store = store
        self._alarms = alarms
        self._pace = pace
        self._alarm_interval_s = (tempo or Tempo()).alarm_interval_s

    async def run(self, record: EndpointRecord, deployment: Deployment) -> None:
        """Returns when green has all the traffic and every bake is over; what is left of blue runs until `settle`.

        Raises RolledBack when a guardrail says so, and ArtifactError or ContainerError when green does not come up. In
        both cases the caller ends it with `back`.
        """
        guardrails = guardrails_of(record.deployment_config)
        guard = self._guard(record, guardrails)
        before: Shift | None = None
        for shift in shifts(guardrails, deployment.counts):
            await self._start(record, deployment.with_counts(shift.green or deployment.counts), before, guard)
            guard.check()
            self._reach(record, VariantStatus.ACTIVATING_TRAFFIC, shift)
            self._fleets.shift(record.region, record.name, shift.share, canary_only=not shift.rolling)
            _log.info("endpoint %s: %.3g of the traffic goes to %s", record.name, shift.share, deployment.config_name)
            if shift.wait_s > 0:
                self._reach(record, VariantStatus.BAKING, shift)
                await guard.bake(shift.wait_s)
            if shift.rolling and shift.share < 1:
                await self._give_up(record, shift)
            before = shift

    async def back(self, record: EndpointRecord, live: Deployment) -> None:
        """Back to `live`, whose fleet normally still runs, in whole or in part.

        Raises ArtifactError or ContainerError when it does not come up again; what serves then serves on.
        """
        region, name = record.region, record.name
        blue, _ = self._fleets.counts(region, name)
        if blue is None:  # the server was restarted meanwhile: there is at most a green fleet
            await self._fleets.abandon(region, name)
            await self._fleets.open(region, name, live)
            return
        for retreat in retreats(guardrails_of(record.deployment_config), blue, live.counts):
            await self._retreat(record, live, retreat)
        await self._fleets.abandon(region, name)

    async def _start(self, record: EndpointRecord, deployment: Deployment, before: Shift | None, guard: Guard) -> None:
        """Green gets the instances that it does not have yet; `before` is the shift that it has come from."""
        _, green = self._fleets.counts(record.region, record.name)
        if green == deployment.counts:
            return
        self._reach(record, VariantStatus.CREATING, before)
        start = self._fleets.prepare if green is None else self._fleets.resize_prepared
        await guard.start(start(record.region, record.name, deployment))

    async def _give_up(self, record: EndpointRecord, shift: Shift) -> None:
        """Drains and stops the blue instances whose part green has taken over."""
        blue, _ = self._fleets.counts(record.region, record.name)
        if blue is None or record.live is None:
            return  # the old fleet did not come up again after a restart of the server
        self._reach(record, VariantStatus.DELETING, shift)
        left = record.live.with_counts(remaining(shift.share, record.live.counts))
        await self._fleets.resize(record.region, record.name, left)

    async def _retreat(self, record: EndpointRecord, live: Deployment, retreat: Retreat) -> None:
        region, name = record.region, record.name
        blue, green = self._fleets.counts(region, name)
        if blue != retreat.blue:
            await self._fleets.resize(region, name, live.with_counts(retreat.blue))
        if retreat.share > 0 and green is not None and record.wanted is not None:
            self._fleets.shift(region, name, retreat.share, canary_only=False)
            kept = remaining(1 - retreat.share, record.wanted.counts)
            fewer = tuple(min(have, max(1, keep)) for have, keep in zip(green, kept, strict=True))
            await self._fleets.resize_prepared(region, name, record.wanted.with_counts(fewer))
            self._reach(record, VariantStatus.UPDATING)

    def _guard(self, record: EndpointRecord, guardrails: Guardrails) -> Guard:
        return Guard(
            guardrails,
            lambda: self._alarms.states(record.region, guardrails.alarms),
            self._pace,
            self._alarm_interval_s,
        )

    def _reach(self, record: EndpointRecord, status: VariantStatus, shift: Shift | None = None) -> None:
        """Writes down how far the deployment has come, and with how many instances on either side."""
        blue, green = self._fleets.counts(record.region, record.name)
        self._store.reach_stage(record.region, record.name, status, shift, blue=blue, green=green or ())
