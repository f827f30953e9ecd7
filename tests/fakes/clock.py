"""A clock that goes only when it is told to."""

from __future__ import annotations

START_S = 1_700_000_000.125  # a moment with milliseconds, which must survive every trip over the wire


class ManualClock:
    """Both clocks stand still until `advance`."""

    def __init__(self, now_s: float = START_S) -> None:
        self._now_s = now_s
        self._elapsed_s = 0.0

    def now_s(self) -> float:
        return round(self._now_s + self._elapsed_s, 3)

    def monotonic_s(self) -> float:
        return self._elapsed_s

    def advance(self, seconds: float) -> None:
        self._elapsed_s += seconds
