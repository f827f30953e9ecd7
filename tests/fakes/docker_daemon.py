"""Runs the tests of the runtimes with a Docker engine: this machine's, or one that is started for them.

    python -m tests.fakes.docker_daemon [pytest's arguments]

Where there is neither, they run without, and their report lists what was skipped.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from include.sagemaker_local.settings import Settings
from tests.contract.runtime.conftest import SOCKET_VARIABLE, answers

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
        return _say_and_test(f"the Docker tests are SKIPPED: none answers at {socket}, and {missing}", None, arguments)
    with docker_daemon() as started:
        return _say_and_test("a Docker engine was started for the tests", started, arguments)


@contextmanager
def docker_daemon(directory: Path | None = None) -> Iterator[Path]:
    """The socket of a dockerd with everything of its own below `directory`; stopped at the end, files removed."""
    directory = directory or Path(tempfile.mkdtemp(prefix="sluice-docker-"))
    process, socket = start_daemon(directory)
    try:
        yield socket
    finally:
        process.terminate()
        process.wait(_STOPPED_BOUND_S)
        shutil.rmtree(directory, ignore_errors=True)


def start_daemon(directory: Path) -> tuple[subprocess.Popen[bytes], Path]:
    """A dockerd that answers; one that was killed in the same directory before is taken over from."""
    socket = directory / "docker.sock"
    with (directory / "dockerd.log").open("ab") as log:
        process = subprocess.Popen(_command(directory, socket), stdout=log, stderr=log)
    deadline = time.monotonic() + _STARTED_BOUND_S
    while not answers(socket):
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            raise AssertionError(f"dockerd did not come up:\n{(directory / 'dockerd.log').read_text()[-2000:]}")
        time.sleep(0.1)
    return process, socket


def _command(directory: Path, socket: Path) -> list[str]:
    places = {"data-root": "data", "exec-root": "exec", "pidfile": "dockerd.pid"}
    # A bridge of its own: the tests' networks have their own anyway, and another engine may have the default one.
    options = [f"--{name}={directory / place}" for name, place in places.items()]
    return ["dockerd", f"--host=unix://{socket}", "--bridge=none", *options]


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
