"""Carries a deployment out: green beside blue, traffic over to it in steps, alarms watched in between."""

from __future__ import annotations

import asyncio
import logging
from typing import Protocol

from include.sagemaker_local.alarms import IN_ALARM, AlarmReader
from include.sagemaker_local.deployment import Deployment
from include.sagemaker_local.guardrails import Guardrails, Shift, VariantStatus, guardrails_of, shifts
from include.sagemaker_local.store.records import EndpointRecord
from include.sagemaker_local.supervisor.fleets import Fleets
from include.sagemaker_local.supervisor.pace import Pace
from include.sagemaker_local.supervisor.tempo import Tempo

_log = logging.getLogger(__name__)


class StageStore(Protocol):
    """Where the progress of a deployment is written down."""

    def reach_stage(self, region: str, name: str, status: VariantStatus, shift: Shift | None = None) -> None:
        """The deployment under way has come to another stage."""


class RolledBack(Exception):
    """A guardrail stops the deployment; the text is its FailureReason. Green may still have traffic."""


class Rollout:
    """Deploys by the guardrails of each endpoint. Waits by `pace`, so that nobody else has to."""

    def __init__(
        self, fleets: Fleets, store: StageStore, alarms: AlarmReader, pace: Pace, tempo: Tempo | None = None
    ) -> None:
        self._fleets = fleets
        self._store = store
        self._alarms = alarms
        self._pace = pace
        self._alarm_interval_s = (tempo or Tempo()).alarm_interval_s

    async def run(self, record: EndpointRecord, deployment: Deployment) -> None:
        """Returns when green has all the traffic and every bake is over; blue still runs, until `settle`.

        Raises RolledBack when a guardrail says so, and ArtifactError or ContainerError when green does not come up. In
        both cases the caller ends it with `abandon`.
        """
        guardrails = guardrails_of(record.deployment_config)
        left_s = await self._prepare(record, deployment, guardrails)
        deadline_s = None if left_s is None else self._pace.now_s() + left_s
        self._refuse_alarms(record, guardrails)
        instances = sum(variant.instance_count for variant in deployment.variants)
        for shift in shifts(guardrails, instances):
            self._store.reach_stage(record.region, record.name, VariantStatus.ACTIVATING_TRAFFIC, shift)
            self._fleets.shift(record.region, record.name, shift.share)
            _log.info("endpoint %s: %.3g of the traffic goes to %s", record.name, shift.share, deployment.config_name)
            if shift.wait_s > 0:
                self._store.reach_stage(record.region, record.name, VariantStatus.BAKING, shift)
                await self._bake(record, guardrails, shift.wait_s, deadline_s)

    async def _prepare(self, record: EndpointRecord, deployment: Deployment, guardrails: Guardrails) -> float | None:
        """Starts green. Returns what is left of the execution timeout, which the containers take in real seconds."""
        self._store.reach_stage(record.region, record.name, VariantStatus.CREATING)
        loop, limit_s = asyncio.get_running_loop(), guardrails.max_execution_s
        began_s = loop.time()
        try:
            async with asyncio.timeout(limit_s) as limit:
                await self._fleets.prepare(record.region, record.name, deployment)
        except TimeoutError:
            if not limit.expired():
                raise
            raise _too_late(guardrails) from None
        return None if limit_s is None else limit_s - (loop.time() - began_s)

    async def _bake(
        self, record: EndpointRecord, guardrails: Guardrails, wait_s: float, deadline_s: float | None
    ) -> None:
        """Waits, and looks at the alarms before, meanwhile and after."""
        end_s = self._pace.now_s() + wait_s
        while (left_s := end_s - self._pace.now_s()) > 0:
            if deadline_s is not None and (time_left_s := deadline_s - self._pace.now_s()) <= 0:
                raise _too_late(guardrails)
            self._refuse_alarms(record, guardrails)
            step_s = min(left_s, self._alarm_interval_s) if guardrails.alarms else left_s
            await self._pace.sleep(step_s if deadline_s is None else min(step_s, time_left_s))
        self._refuse_alarms(record, guardrails)

    def _refuse_alarms(self, record: EndpointRecord, guardrails: Guardrails) -> None:
        """Raises RolledBack, naming the first alarm that is in ALARM, or that is there no more."""
        if not guardrails.alarms:
            return
        states = self._alarms.states(record.region, guardrails.alarms)
        for name in guardrails.alarms:
            # AWS's text could not be found; these are ours, and name the alarm.
            if name not in states:
                raise RolledBack(f'Alarm "{name}" was deleted during the deployment, so nothing vouches for it.')
            if states[name] == IN_ALARM:
                raise RolledBack(f'Alarm "{name}" went into ALARM during the deployment; it was rolled back.')


def _too_late(guardrails: Guardrails) -> RolledBack:
    text = f"The deployment took longer than {guardrails.max_execution_s:g} seconds (MaximumExecutionTimeoutInSeconds)."
    return RolledBack(text)
