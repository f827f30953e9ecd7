"""What the processes of a container use, from /proc. Where there is none (not Linux), nothing is known."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
# Fields of /proc/<pid>/stat after the command's name, counted from 0; see proc(5).
_GROUP, _USER, _SYSTEM, _CHILDREN_USER, _CHILDREN_SYSTEM = 2, 11, 12, 13, 14


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU seconds since the container was started, and the bytes of memory that it holds now."""

    cpu_s: float
    memory_bytes: int


def group_usage(leader: int, proc: Path = _PROC) -> Usage | None:
    """The usage of the process group of `leader`; None when nothing of it is left or the system has no /proc."""
    ticks, memory_bytes, found = 0, 0, False
    for directory, stat in _processes(proc):
        if int(stat[_GROUP]) != leader:
            continue
        found = True
        ticks += int(stat[_USER]) + int(stat[_SYSTEM])
        if directory.name == str(leader):  # what workers that have ended have used
            ticks += int(stat[_CHILDREN_USER]) + int(stat[_CHILDREN_SYSTEM])
        memory_bytes += _memory_bytes(directory)
    return Usage(ticks / os.sysconf("SC_CLK_TCK"), memory_bytes) if found else None


def _processes(proc: Path) -> Iterator[tuple[Path, list[str]]]:
    try:
        directories = [entry for entry in proc.iterdir() if entry.name.isdigit()]
    except OSError:
        return
    for directory in directories:
        try:
            # The name in parentheses may hold anything, also spaces and parentheses.
            yield directory, (directory / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it ended meanwhile
            continue


def _memory_bytes(directory: Path) -> int:
    """Proportional set size: forked workers share the pages of their libraries, which count once in all."""
    try:
        for line in (directory / "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0
