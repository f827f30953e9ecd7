"""The clock that deployments wait by. `--time-scale` makes it go faster than the wall's."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol


class Pace(Protocol):
    """Seconds as a DeploymentConfig means them."""

    def now_s(self) -> float:
        """Seconds on a clock that never goes back; only differences have a meaning."""

    async def sleep(self, seconds: float) -> None:
        """Returns when that many of them have passed."""


class ScaledPace:
    """Real time, of which one second of a deployment takes `scale` (0.01: a 600 s bake is over after 6 s)."""

    def __init__(self, scale: float) -> None:
        self._scale = scale

    def now_s(self) -> float:
        """The machine's monotonic clock, stretched."""
        return time.monotonic() / self._scale

    async def sleep(self, seconds: float) -> None:
        """Sleeps for `seconds` of the deployment's own."""
        await asyncio.sleep(seconds * self._scale)
