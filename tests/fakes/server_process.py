"""The real server as a process of its own, as a user starts it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
PYTHON = Path(sys.executable)
READY = "sagemaker-local ready "
STOP_BOUND_S = 30.0


@dataclass
class ServerProcess:
    """A server that is ready."""

    process: subprocess.Popen[str]
    url: str

    def descendants(self) -> set[tuple[int, str]]:
        """Every process below it, as (pid, start time): a number that was given to another process is not the same."""
        return _descendants(self.process.pid)

    def end(self, *, kill: bool = False) -> int:
        """SIGTERM (or SIGKILL), and its exit status."""
        (self.process.kill if kill else self.process.terminate)()
        return self.process.wait(STOP_BOUND_S)


def cli(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs the command line to its end."""
    return subprocess.run(_command(*arguments), cwd=PROJECT, capture_output=True, text=True, timeout=60, check=False)


@contextmanager
def server_process(data_dir: Path, *arguments: str, python: Path = PYTHON) -> Iterator[ServerProcess]:
    """Starts `serve` on a free port and yields it once it said that it is ready; it is gone afterwards."""
    log = data_dir.with_name(f"{data_dir.name}.log")
    with log.open("ab") as errors:
        process = subprocess.Popen(
            _command("serve", "--port", "0", "--data-dir", str(data_dir), *arguments, python=python),
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line.startswith(READY), f"{line!r}\n{log.read_text()}"
        yield ServerProcess(process, line.removeprefix(READY).strip())
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(STOP_BOUND_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        process.stdout.close()


def alive(processes: set[tuple[int, str]]) -> set[tuple[int, str]]:
    """Those that still run; a zombie does not."""
    return {(pid, started) for pid, started in processes if _stat(pid).get("started") == started}


def _command(*arguments: str, python: Path = PYTHON) -> list[str]:
    return [str(python), "-m", "include.sagemaker_local", *arguments]


def _descendants(pid: int) -> set[tuple[int, str]]:
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (parent := _stat(int(entry.name)).get("parent")):
            children.setdefault(int(parent), []).append(int(entry.name))
    found, queue = set(), [pid]
    while queue:
        for child in children.get(queue.pop(), []):
            found.add((child, _stat(child).get("started", "")))
            queue.append(child)
    return found


def _stat(pid: int) -> dict[str, str]:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return {}
    return {} if fields[0] == "Z" else {"parent": fields[1], "started": fields[19]}
