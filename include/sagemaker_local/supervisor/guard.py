"""Watches over one deployment: its alarms and its time limit."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from include.sagemaker_local.alarms import IN_ALARM
from include.sagemaker_local.guardrails import Guardrails
from include.sagemaker_local.supervisor.pace import Pace


class RolledBack(Exception):
    """A guardrail stops the deployment; the text is its FailureReason. Green may still have traffic."""


class Guard:
    """Raises RolledBack as soon as a guardrail says so. Waits by `pace`, so that nobody else has to."""

    def __init__(
        self, guardrails: Guardrails, states: Callable[[], Mapping[str, str]], pace: Pace, alarm_interval_s: float
    ) -> None:
        """`states` gives the StateValue of each of the deployment's alarms that is there."""
        self._guardrails = guardrails
        self._states = states
        self._pace = pace
        self._alarm_interval_s = alarm_interval_s
        self._left_s = guardrails.max_execution_s

    async def start(self, starting: Awaitable[None]) -> None:
        """Waits for containers to start. They take their time in real seconds, also of the execution timeout."""
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        try:
            async with asyncio.timeout(self._left_s) as limit:
                await starting
        except TimeoutError:
            if not limit.expired():
                raise
            raise self._too_late() from None
        self._spend(loop.time() - began_s)

    async def bake(self, wait_s: float) -> None:
        """Waits, and looks at the alarms before, meanwhile and after."""
        began_s = self._pace.now_s()
        end_s = began_s + wait_s
        limit_s = None if self._left_s is None else began_s + self._left_s
        while (left_s := end_s - self._pace.now_s()) > 0:
            if limit_s is not None and (time_left_s := limit_s - self._pace.now_s()) <= 0:
                raise self._too_late()
            self.check()
            step_s = min(left_s, self._alarm_interval_s) if self._guardrails.alarms else left_s
            await self._pace.sleep(step_s if limit_s is None else min(step_s, time_left_s))
        self.check()
        self._spend(self._pace.now_s() - began_s)

    def check(self) -> None:
        """Looks at the alarms once. The RolledBack names the first that is in ALARM, or that is there no more."""
        if not self._guardrails.alarms:
            return
        states = self._states()
        for name in self._guardrails.alarms:
            # AWS's text could not be found; these are ours, and name the alarm.
            if name not in states:
                raise RolledBack(f'Alarm "{name}" was deleted during the deployment, so nothing vouches for it.')
            if states[name] == IN_ALARM:
                raise RolledBack(f'Alarm "{name}" went into ALARM during the deployment; it was rolled back.')

    def _spend(self, seconds: float) -> None:
        if self._left_s is not None:
            self._left_s -= seconds

    def _too_late(self) -> RolledBack:
        limit_s = self._guardrails.max_execution_s
        return RolledBack(f"The deployment took longer than {limit_s:g} seconds (MaximumExecutionTimeoutInSeconds).")
