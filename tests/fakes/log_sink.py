"""A log sink that remembers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from include.sagemaker_local.supervisor.logs import LogSink


class RememberedLogs:
    """`lines[group, stream]` is what was published there."""

    def __init__(self) -> None:
        self.lines: defaultdict[tuple[str, str], list[str]] = defaultdict(list)

    def publish(self, region: str, group: str, stream: str, lines: Sequence[str]) -> None:
        self.lines[group, stream].extend(lines)


_sink: type[LogSink] = RememberedLogs
