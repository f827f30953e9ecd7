"""LogSink on moto's CloudWatch Logs, written in this process."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol

from moto.logs.models import LogEvent, LogsBackend, LogStream, logs_backends

# CloudWatch Logs refuses longer events (256 KiB with 26 bytes of overhead).
MAX_EVENT_BYTES = 262_118
# CloudWatch keeps everything; this is memory and one's own disk, and nobody reads ten thousand lines of one container.
MAX_EVENTS_PER_STREAM = 10_000
_TRACKED: Sequence[Any] = (LogEvent, LogStream)  # moto's metaclass gives them an attribute that mypy does not know
_log = logging.getLogger(__name__)


class LineArchive(Protocol):
    """Keeps lines on disk; see service_archive."""

    def lines(self, region: str, group: str, stream: str) -> AbstractContextManager[None]:
        """What is put into the stream inside is on disk by the end. Raises sqlite3.Error."""


class MotoLogs:
    """Appends lines to log streams; makes groups and streams that are not there. Safe from any thread."""

    def __init__(self, account_id: str, archive: LineArchive | None = None) -> None:
        """Without an `archive` lines end with the process."""
        self._account_id = account_id
        self._archive = archive
        self._lock = threading.Lock()

    def publish(self, region: str, group: str, stream: str, lines: Sequence[str]) -> None:
        """Adds one event a line, all with the present time, to `stream` of `group` in `region`."""
        now_ms = int(time.time() * 1000)
        # Empty events are refused by the service; a blank line says nothing.
        events = [{"timestamp": now_ms, "message": line[:MAX_EVENT_BYTES]} for line in lines if line]
        try:
            with self._lock, self._archive.lines(region, group, stream) if self._archive else nullcontext():
                self._put(logs_backends[self._account_id][region], group, stream, events)
        except sqlite3.Error as error:  # a container that is not heard must serve on
            _log.error("lines of %s could not be written to disk: %s", group, error)

    @staticmethod
    def _put(logs: LogsBackend, group: str, stream: str, events: list[dict[str, Any]]) -> None:
        logs.ensure_log_group(group)
        logs.ensure_log_stream(group, stream)
        if events:
            logs.put_log_events(group, stream, events)
            del logs.groups[group].streams[stream].events[:-MAX_EVENTS_PER_STREAM]
            # moto shows there all that there ever was, which would keep every line and every deleted stream in memory.
            for kind in _TRACKED:
                kind.instances_tracked.clear()
