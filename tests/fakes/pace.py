"""A clock for deployments that goes only when it is told to."""

from __future__ import annotations

import asyncio

from include.sagemaker_local.supervisor.pace import Pace


class ManualPace:
    """Sleepers wake when `advance` has passed their moment."""

    def __init__(self) -> None:
        self._now_s = 0.0
        self._sleepers: list[tuple[float, asyncio.Event]] = []

    def now_s(self) -> float:
        return self._now_s

    async def sleep(self, seconds: float) -> None:
        moment = (self._now_s + seconds, asyncio.Event())
        self._sleepers.append(moment)
        try:
            await moment[1].wait()
        finally:
            self._sleepers.remove(moment)

    @property
    def sleeping(self) -> bool:
        """Whether somebody sleeps who will not wake without another `advance`."""
        return any(not woken.is_set() for _, woken in self._sleepers)

    def advance(self, seconds: float) -> None:
        self._now_s += seconds
        for until_s, woken in self._sleepers:
            if until_s <= self._now_s:
                woken.set()


_pace: type[Pace] = ManualPace
