"""Container logs: from each container's file to a log stream named as on AWS.

What was shipped stays readable in CloudWatch Logs until the server ends; the files go when their fleet goes.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

# What one look at a file takes at most. A container that writes faster is cut, not the server's memory.
MAX_BYTES_AT_ONCE = 256 * 1024


class LogSink(Protocol):
    """Where log lines go."""

    def publish(self, region: str, group: str, stream: str, lines: Sequence[str]) -> None:
        """Appends `lines` to `stream` of `group`. May block for milliseconds; called from any thread."""


class ContainerLog:
    """One container's log file and the stream that it is shipped to. Safe from any thread."""

    def __init__(self, sink: LogSink, file: Path, *, region: str, group: str, stream: str) -> None:
        self._sink = sink
        self._file = file
        self._region, self._group, self._stream = region, group, stream
        self._offset = 0
        self._lock = threading.Lock()

    def has_news(self) -> bool:
        """Whether the file has grown since the last look."""
        try:
            return self._file.stat().st_size > self._offset
        except FileNotFoundError:
            return False

    def ship(self, *, final: bool = False) -> None:
        """Ships the lines that are new. The last one is held back while it has no line end, unless this is `final`."""
        with self._lock:
            lines = self._new_lines(final)
            if lines:
                self._sink.publish(self._region, self._group, self._stream, lines)

    def _new_lines(self, final: bool) -> list[str]:
        try:
            with self._file.open("rb") as file:
                end = file.seek(0, 2)
                skipped = max(0, end - self._offset - MAX_BYTES_AT_ONCE)
                file.seek(self._offset + skipped)
                new = file.read(MAX_BYTES_AT_ONCE)
        except FileNotFoundError:
            return []
        complete = new if final else new[: new.rfind(b"\n") + 1]
        if not complete and len(new) < MAX_BYTES_AT_ONCE:
            return []
        complete = complete or new  # a line longer than one look: ship it in pieces
        self._offset += skipped + len(complete)
        # Line feeds alone end a line: a form feed within one, or a progress bar's carriage returns, do not.
        lines = [
            line.rstrip("\r") for line in complete.decode("utf-8", errors="replace").removesuffix("\n").split("\n")
        ]
        return [f"... {skipped} bytes left out ...", *lines] if skipped else lines


def endpoint_group(endpoint_name: str) -> str:
    """The log group of an endpoint."""
    return f"/aws/sagemaker/Endpoints/{endpoint_name}"


def container_stream(variant: str, instance_id: str, container: str, *, alone: bool) -> str:
    """The stream of a container; the only container of a model has its instance's stream."""
    return f"{variant}/{instance_id}" if alone else f"{variant}/{instance_id}/{container}"
