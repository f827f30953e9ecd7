"""Where the tests' Docker engine is. `make test-docker` says so; otherwise nobody's engine is touched."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from include.sagemaker_local.errors import HostError
from include.sagemaker_local.runtime.docker_engine import DockerEngine
from tests.fakes.docker_images import make_images

SOCKET_VARIABLE = "SLUICE_TEST_DOCKER_SOCKET"
# Where an engine that was started for the tests has its files; unset for an engine that is somebody's.
DIRECTORY_VARIABLE = "SLUICE_TEST_DOCKER_DIRECTORY"


def answers(socket: Path) -> bool:
    """Whether an engine answers there."""
    try:
        asyncio.run(DockerEngine(socket).call("GET", "/_ping"))
    except HostError:
        return False
    return True


@pytest.fixture(scope="session")
def docker_socket() -> Path:
    """The socket of an engine that has the test images."""
    given = os.environ.get(SOCKET_VARIABLE)
    if not given:
        pytest.skip("no Docker engine is given to the tests: `make test-docker` uses this machine's or starts one")
    if not answers(Path(given)):
        pytest.skip(f"no Docker engine answers at {given}")
    asyncio.run(make_images(DockerEngine(Path(given))))
    return Path(given)
