"""Runs the tests of the runtimes with a Docker engine: this machine's, or one that is started for them.

    python -m tests.fakes.docker_daemon [pytest's arguments]

Where there is neither, they run without, and their report lists what was skipped.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from include.sagemaker_local.settings import Settings
from tests.contract.runtime.conftest import DIRECTORY_VARIABLE, SOCKET_VARIABLE, answers
from tests.fakes.process_containers import alive

_STARTED_BOUND_S = 60.0
_STOPPED_BOUND_S = 30.0
_TESTS = "tests/contract/runtime"


def main(arguments: Sequence[str]) -> int:
    """Pytest's exit status."""
    socket = Path(os.environ.get(SOCKET_VARIABLE) or Settings(data_dir=Path()).docker_socket)
    if answers(socket):
        return _say_and_test(f"the Docker engine at {socket} is used", socket, arguments)
    missing = _missing()
    if missing:
        return _say_and_test(
            f"the Docker tests are SKIPPED: no Docker engine answers at {socket}, and {missing}", None, arguments
        )
    with docker_daemon() as directory:
        os.environ[DIRECTORY_VARIABLE] = str(directory)
        return _say_and_test("a Docker engine was started for the tests", _socket(directory), arguments)


@contextlib.contextmanager
def docker_daemon() -> Iterator[Path]:
    """The directory of a dockerd that has everything of its own below it; stopped at the end, files removed."""
    directory = Path(tempfile.mkdtemp(prefix="sluice-docker-"))
    try:
        start_daemon(directory)
        yield directory
    finally:
        _end(directory, signal.SIGTERM)
        _unmount(directory)
        shutil.rmtree(directory, ignore_errors=True)


def start_daemon(directory: Path) -> None:
    """Returns when it answers. Where one was killed in the same directory, this one takes its containers over."""
    with (directory / "dockerd.log").open("ab") as log:
        process = subprocess.Popen(_command(directory), stdout=log, stderr=log, start_new_session=True)
    deadline = time.monotonic() + _STARTED_BOUND_S
    while not answers(_socket(directory)):
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            raise AssertionError(f"dockerd did not come up:\n{(directory / 'dockerd.log').read_text()[-2000:]}")
        time.sleep(0.1)


def kill_daemon(directory: Path) -> None:
    """SIGKILL, as a crash. Returns when it is gone."""
    _end(directory, signal.SIGKILL)
    # Its containerd ends with it. As long as nobody has collected that one, the next dockerd would wait for it.
    for stale in (_pid_file(directory), directory / "exec" / "containerd" / "containerd.pid"):
        stale.unlink(missing_ok=True)


def _end(directory: Path, number: int) -> None:
    try:
        pid = int(_pid_file(directory).read_text())
        os.kill(pid, number)
    except (FileNotFoundError, ProcessLookupError):
        return
    deadline = time.monotonic() + _STOPPED_BOUND_S
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.05)


def _unmount(directory: Path) -> None:
    """What a dockerd that was killed had mounted stays mounted."""
    mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    for mount in reversed([one for one in mounts if one.startswith(f"{directory}/")]):
        subprocess.run(["umount", "--lazy", mount], check=False)  # noqa: S607 - the system's own


def _socket(directory: Path) -> Path:
    return directory / "docker.sock"


def _pid_file(directory: Path) -> Path:
    return directory / "dockerd.pid"


def _command(directory: Path) -> list[str]:
    places = {"data-root": directory / "data", "exec-root": directory / "exec", "pidfile": _pid_file(directory)}
    # A bridge of its own: the tests' networks have their own anyway, and another engine may have the default one.
    options = [f"--{name}={place}" for name, place in places.items()]
    return ["dockerd", f"--host=unix://{_socket(directory)}", "--bridge=none", *options]


def _missing() -> str:
    if shutil.which("dockerd") is None:
        return "dockerd is not installed here"
    return "" if os.geteuid() == 0 else "starting one takes root"


def _say_and_test(text: str, socket: Path | None, arguments: Sequence[str]) -> int:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
    environment = {name: value for name, value in os.environ.items() if name != SOCKET_VARIABLE}
    if socket is not None:
        environment[SOCKET_VARIABLE] = str(socket)
    command = [sys.executable, "-m", "pytest", "-q", *(arguments or [_TESTS])]
    return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
