"""Which log streams of an endpoint tell why its newest containers did not come up. PURE."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class LogStream:
    """One stream of `/aws/sagemaker/Endpoints/<endpoint>`: `<variant>/<instance-id>/<container>`."""

    name: str
    created_ms: int

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> LogStream:
        """One item of DescribeLogStreams' `logStreams`."""
        return cls(str(answer["logStreamName"]), int(answer.get("creationTime", 0)))

    @property
    def container(self) -> str:
        """The container's hostname; a model of one container has streams without it, named by the instance."""
        return self.name.rsplit("/", 1)[-1]


def newest_per_container(streams: Iterable[LogStream]) -> tuple[LogStream, ...]:
    """For each container its newest stream, in the order in which the containers were started."""
    newest: dict[str, LogStream] = {}
    for stream in sorted(streams, key=lambda each: each.created_ms):
        newest[stream.container] = stream
    return tuple(sorted(newest.values(), key=lambda each: each.created_ms))


def lines_each(containers: Sequence[str], reason: str | None, lines: int) -> dict[str, int]:
    """How many of `lines` log lines to show of which container: of those that `reason` names, or of all alike."""
    named = [each for each in containers if re.search(rf"(?<![\w-]){re.escape(each)}(?![\w-])", reason or "")]
    shown = named or containers
    return {each: max(1, lines // len(shown)) for each in shown}
