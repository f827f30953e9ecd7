"""Time as a value that is handed in, so that tests decide what time it is."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Two clocks: one for timestamps that people read, one for durations."""

    def now_s(self) -> float:
        """Seconds since the epoch, rounded to the millisecond as AWS writes them."""

    def monotonic_s(self) -> float:
        """Seconds on a clock that never goes back; only differences have a meaning."""


class SystemClock:
    """The machine's clocks."""

    def now_s(self) -> float:
        """Seconds since the epoch, to the millisecond."""
        return round(time.time(), 3)

    def monotonic_s(self) -> float:
        """Seconds on a clock that never goes back."""
        return time.monotonic()
