"""The end of a container's log file."""

from __future__ import annotations

import os
from pathlib import Path

_TAIL_BYTES = 64 * 1024  # far more than the lines that anybody asks for


def log_tail(log_file: Path, lines: int) -> tuple[str, ...]:
    """The last lines, oldest first; empty when nothing was logged."""
    try:
        with log_file.open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - _TAIL_BYTES))
            return tuple(log.read().decode(errors="replace").splitlines()[-lines:]) if lines > 0 else ()
    except FileNotFoundError:
        return ()
