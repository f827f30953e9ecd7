"""LogSink on moto's CloudWatch Logs, written in this process."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence

from moto.logs.models import logs_backends

# CloudWatch Logs refuses longer events (256 KiB with 26 bytes of overhead).
MAX_EVENT_BYTES = 262_118
# CloudWatch keeps everything; this is memory and one's own disk, and nobody reads ten thousand lines of one container.
MAX_EVENTS_PER_STREAM = 10_000
_log = logging.getLogger(__name__)


class MotoLogs:
    """Appends lines to log streams; makes groups and streams that are not there. Safe from any thread."""

    def __init__(self, account_id: str, keep: Callable[[], None] | None = None) -> None:
        """`keep` writes them to disk and may raise sqlite3.Error; without it they end with the process."""
        self._account_id = account_id
        self._keep = keep
        self._lock = threading.Lock()

    def publish(self, region: str, group: str, stream: str, lines: Sequence[str]) -> None:
        """Adds one event a line, all with the present time, to `stream` of `group` in `region`."""
        now_ms = int(time.time() * 1000)
        # Empty events are refused by the service; a blank line says nothing.
        events = [{"timestamp": now_ms, "message": line[:MAX_EVENT_BYTES]} for line in lines if line]
        with self._lock:
            logs = logs_backends[self._account_id][region]
            logs.ensure_log_group(group)
            logs.ensure_log_stream(group, stream)
            if not events:
                return
            logs.put_log_events(group, stream, events)
            held = logs.groups[group].streams[stream].events
            del held[:-MAX_EVENTS_PER_STREAM]
        self._write_down()

    def _write_down(self) -> None:
        try:
            if self._keep is not None:
                self._keep()
        except (
            sqlite3.Error
        ) as error:  # a container that nobody can listen to must serve on; its lines are written later
            _log.error("lines of containers could not be written to disk: %s", error)
