"""CloudWatch's alarms as a dict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from include.sagemaker_local.alarms import AlarmReader


class DictAlarms:
    """An AlarmReader on a dict of states by name, the same in every region. Change the dict to trip an alarm."""

    def __init__(self) -> None:
        self.held: dict[str, str] = {}

    def states(self, region: str, names: Sequence[str]) -> Mapping[str, str]:
        return {name: self.held[name] for name in names if name in self.held}


_reader: type[AlarmReader] = DictAlarms
