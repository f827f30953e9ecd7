"""Shows a load while it runs: one line that changes on a terminal, a line every few seconds elsewhere."""

from __future__ import annotations

from typing import TextIO

from include.sagemaker_local.clock import Clock
from include.sagemaker_local.load.progress import Progress
from include.sagemaker_local.load.report.live import live_line

# A log is read afterwards: often enough to see where something changed.
_LINE_EVERY_S = 5.0

_REWRITE = "\r\x1b[K"  # back to the line's beginning, and clear it


class Display:
    """Writes to `stream`, which may be a terminal."""

    def __init__(self, stream: TextIO, clock: Clock) -> None:
        self._stream = stream
        self._clock = clock
        self._on_terminal = stream.isatty()
        self._began_s = clock.monotonic_s()
        self._shown_s = self._began_s
        self._pending = False

    def show(self, progress: Progress, failed: int) -> None:
        """What the last second was like; `failed` counts from the beginning."""
        now_s = self._clock.monotonic_s()
        line = live_line(progress, now_s - self._began_s, failed)
        if self._on_terminal:
            self._stream.write(_REWRITE + line)
            self._pending = True
        elif now_s - self._shown_s >= _LINE_EVERY_S:
            self._stream.write(line + "\n")
            self._shown_s = now_s
        self._stream.flush()

    def end(self) -> None:
        """Leave the line as it is and begin another."""
        if self._pending:
            self._stream.write("\n")
            self._stream.flush()
