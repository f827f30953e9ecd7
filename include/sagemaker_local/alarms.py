"""The states of CloudWatch alarms, as a seam: the server gives it moto's CloudWatch, tests give it a dict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

IN_ALARM = "ALARM"
"""The StateValue that rolls a deployment back; OK and INSUFFICIENT_DATA do not."""


class AlarmReader(Protocol):
    """Reads alarms by name."""

    def states(self, region: str, names: Sequence[str]) -> Mapping[str, str]:
        """The StateValue of each alarm that is there: OK, ALARM or INSUFFICIENT_DATA. The others are left out."""
