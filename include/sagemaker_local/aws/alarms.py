"""AlarmReader on moto's CloudWatch, read in this process: no request is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from moto.cloudwatch.models import cloudwatch_backends


class MotoAlarms:
    """Reads metric and composite alarms by name. Safe from any thread: each look is one look into a dict."""

    def __init__(self, account_id: str) -> None:
        self._account_id = account_id

    def states(self, region: str, names: Sequence[str]) -> Mapping[str, str]:
        """The StateValue of each alarm of `region` that is there."""
        alarms = cloudwatch_backends[self._account_id][region].alarms
        found = {name: alarms.get(name) for name in names}
        return {name: alarm.state_value for name, alarm in found.items() if alarm is not None}
