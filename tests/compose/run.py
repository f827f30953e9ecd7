"""Runs the tests of docker-compose.yaml with a Docker engine: this machine's, or one that is started for them as root.

    python -m tests.compose.run [pytest's arguments]

On an engine of their own there is no registry, so the base images are made by debootstrap. Where something is missing
nothing is tested, and the reason is printed.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from include.sagemaker_local.settings import Settings
from tests.contract.runtime.conftest import answers
from tests.fakes.compose_stack import SOCKET_VARIABLE, compose_command
from tests.fakes.debian_images import NoImagesError, base_images
from tests.fakes.docker_daemon import NoEngineError, docker_daemon

_TESTS = ("tests/compose",)
# Of all tests, builds included: on two quiet cores they take about half of it.
_BOUND_S = 20 * 60
_CLEANING_UP_BOUND_S = 120


def main(arguments: Sequence[str]) -> int:
    """Pytest's exit status; 0 when there is nothing to test on."""
    socket = Path(os.environ.get(SOCKET_VARIABLE) or Settings(data_dir=Path()).docker_socket)
    try:
        compose_command()
        if answers(socket):
            return _test(f"on the Docker engine at {socket}", {SOCKET_VARIABLE: str(socket)}, arguments)
        with docker_daemon() as directory:
            own = directory / "docker.sock"
            _say("Making the base images (from the user's cache, or by debootstrap) ...")
            # Its default bridge is left out, so that it takes no network of this machine's while it builds.
            images = {**base_images(own), "BUILD_NETWORK": "host", SOCKET_VARIABLE: str(own)}
            return _test("on a Docker engine that was started for them", images, arguments)
    except (FileNotFoundError, NoEngineError, NoImagesError) as error:
        _say(f"The tests of docker-compose.yaml are SKIPPED: {error}")
        return 0


def _test(where: str, variables: Mapping[str, str], arguments: Sequence[str]) -> int:
    _say(f"The tests of docker-compose.yaml run {where}.")
    command = [sys.executable, "-m", "pytest", "-q", *(arguments or _TESTS)]
    process = subprocess.Popen(command, env={**os.environ, **variables})
    try:
        return process.wait(_BOUND_S)
    except subprocess.TimeoutExpired:
        _say(f"They took longer than {_BOUND_S // 60} minutes and are ended.")
        process.send_signal(signal.SIGINT)  # pytest takes the stack down
        process.wait(_CLEANING_UP_BOUND_S)
        return 1
    finally:
        process.kill()
        process.wait()


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
