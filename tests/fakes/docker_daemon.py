"""Runs the tests of the runtimes with a Docker engine: this machine's, or one that is started for them.

    python -m tests.fakes.docker_daemon [pytest's arguments]

Where there is neither, nothing is tested, and the reason is printed: the other runtimes' tests are in `make test`.
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
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from include.sagemaker_local.settings import Settings
from tests.contract.runtime.conftest import DIRECTORY_VARIABLE, SOCKET_VARIABLE, answers
from tests.fakes.process_containers import alive

_STARTED_BOUND_S = 60.0
_STOPPED_BOUND_S = 30.0
_TESTS = ("tests/contract/runtime", "-k", "docker")  # `make test` has run those of the other runtimes


class NoEngineError(Exception):
    """There is no engine and none can be started; the text says what is missing."""


def main(arguments: Sequence[str]) -> int:
    """Pytest's exit status; 0 when there is no engine to test on."""
    socket = Path(os.environ.get(SOCKET_VARIABLE) or Settings(data_dir=Path()).docker_socket)
    if answers(socket):
        return _test(f"on the Docker engine at {socket}", {SOCKET_VARIABLE: str(socket)}, arguments)
    try:
        with docker_daemon() as directory:
            own = {SOCKET_VARIABLE: str(_socket(directory)), DIRECTORY_VARIABLE: str(directory)}
            return _test("on a Docker engine that was started for them", own, arguments)
    except NoEngineError as error:
        _say(f"The tests on Docker are SKIPPED: no engine answers at {socket}, and {error}")
        return 0


@contextlib.contextmanager
def docker_daemon() -> Iterator[Path]:
    """The directory of a dockerd that has everything of its own below it; stopped at the end, files removed.

    Raises NoEngineError.
    """
    if shutil.which("dockerd") is None:
        raise NoEngineError("dockerd is not installed here (Debian and Ubuntu: apt-get install docker.io)")
    if os.geteuid() != 0:
        raise NoEngineError("starting one takes root")
    directory = Path(tempfile.mkdtemp(prefix="sluice-docker-"))
    try:
        start_daemon(directory)
        yield directory
    finally:
        _end(directory, signal.SIGTERM)
        _unmount(directory)
        shutil.rmtree(directory, ignore_errors=True)


def start_daemon(directory: Path) -> None:
    """Returns when it answers. Where one was killed in the same directory, this one takes its containers over.

    Raises NoEngineError.
    """
    with (directory / "dockerd.log").open("ab") as output:
        process = subprocess.Popen(_command(directory), stdout=output, stderr=output, start_new_session=True)
    deadline = time.monotonic() + _STARTED_BOUND_S
    while not answers(_socket(directory)):
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            process.wait()
            last_words = "\n".join((directory / "dockerd.log").read_text().splitlines()[-3:])
            raise NoEngineError(f"dockerd does not come up here. Its last words:\n{last_words}\n")
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


def _test(where: str, variables: Mapping[str, str], arguments: Sequence[str]) -> int:
    _say(f"The tests of the container runtime run {where}.")
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *(arguments or _TESTS)], env={**os.environ, **variables}, check=False
    ).returncode


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
