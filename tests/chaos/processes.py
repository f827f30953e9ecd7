"""Which process is which, from proc(5): whose connection it is, what a process is called, and to whom it belongs."""

from __future__ import annotations

from pathlib import Path

PROC = Path("/proc")
READS = 10
"""The kernel writes net/tcp page by page while connections come and go, and a reader may miss one that is there."""


def owner_of_port(port: int) -> int | None:
    """The process with a TCP connection from that local port of 127.0.0.1; None when it has ended."""
    inode = next((found for found in (_inode_of(port) for _ in range(READS)) if found), None)
    if inode is None or inode == "0":
        return None
    link = f"socket:[{inode}]"
    return next((pid for pid in all_pids() if link in _descriptors(pid)), None)


def title(pid: int) -> str:
    """What the process calls itself; empty when it has ended."""
    try:
        return (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""


def parent(pid: int) -> int | None:
    """The process that it is a child of; None when it has ended."""
    fields = _fields(pid)
    return int(fields[1]) if fields else None


def session(pid: int) -> int | None:
    """The session that it is in; None when it has ended, also when nobody has waited for it."""
    fields = _fields(pid)
    return int(fields[3]) if fields and fields[0] != "Z" else None


def all_pids() -> list[int]:
    """Every process, the youngest first."""
    return sorted((int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit()), reverse=True)


def _fields(pid: int) -> list[str]:
    """Its stat from the third field on: state, parent, process group, session ..."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _inode_of(port: int) -> str | None:
    return next((fields[9] for fields in _connections() if _port(fields[1]) == port), None)


def _connections() -> list[list[str]]:
    return [line.split() for line in (PROC / "net/tcp").read_text().splitlines()[1:]]


def _port(address: str) -> int:
    return int(address.partition(":")[2], 16)


def _descriptors(pid: int) -> set[str]:
    try:
        return {path.readlink().name for path in (PROC / str(pid) / "fd").iterdir()}
    except OSError:
        return set()
