"""The pace of a stage's answers: the moments of every so many of them, few enough to keep and to send.

Equal numbers of answers, not equal times, because a slow model gives a few answers a stage: counted by the second they
would be off by a good part of themselves, while the time that the next three took is exact.
PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# Enough to be put together to the 8 to 32 batches that the statistics work on (precision.py).
MOST_INTERVALS = 64


@dataclass(frozen=True, slots=True)
class Marks:
    """`at_s` are the moments of the opening answer and of each `every`-th after it, in seconds from the opening."""

    every: int = 1
    at_s: tuple[float, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """A JSON object; `from_json` makes equal marks of it."""
        return {"every": self.every, "at_s": list(self.at_s)}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Marks:
        """The marks that `to_json` wrote. Raises KeyError when `document` is something else."""
        return cls(document["every"], tuple(document["at_s"]))


class Marker:
    """Makes marks. `due` is the number of answers after the opening one at which `mark` wants to be called next."""

    def __init__(self, opened_s: float) -> None:
        self._opened_s = opened_s
        self._every = 1
        self._at_s = [0.0]
        self.due = 1

    def mark(self, now_s: float) -> None:
        """Note that the answer with the number `due` came now."""
        self._at_s.append(now_s - self._opened_s)
        if len(self._at_s) > MOST_INTERVALS:
            self._at_s = self._at_s[::2]
            self._every *= 2
        self.due = (len(self._at_s)) * self._every

    def marks(self) -> Marks:
        """What was noted so far."""
        return Marks(self._every, tuple(self._at_s))
