"""The stack of docker-compose.yaml, built and brought up once for all tests, and taken down with its volumes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from include.compose.environment_file import variables, write
from tests.chaos.rest import Rest
from tests.fakes.compose_stack import SOCKET_VARIABLE, Stack

# What an engine without a registry is told, see run.py.
_PASSED_ON = ("PYTHON_IMAGE", "POSTGRES_IMAGE", "REDIS_IMAGE", "BUILD_NETWORK", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL")
# Ports that are free: those of the defaults may be taken.
_ANY_PORT = {"AIRFLOW_ADDRESS": "127.0.0.1:", "SAGEMAKER_ADDRESS": "127.0.0.1:"}


@pytest.fixture(scope="session")
def engine() -> Path:
    """The engine's socket."""
    given = os.environ.get(SOCKET_VARIABLE)
    if not given:
        pytest.skip("no Docker engine is given to the tests: `make test-compose` uses this machine's or starts one")
    return Path(given)


@pytest.fixture(scope="session")
def stack(engine: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Up and healthy."""
    env_file = tmp_path_factory.mktemp("compose") / "env"
    write(env_file)
    passed_on = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    stack = Stack(engine, env_file, {**passed_on, **_ANY_PORT})
    try:
        stack.compose("build", "airflow-migrate", "sagemaker-local")  # the two images; the others' are the same
        stack.compose("up", "--detach", "--no-build")
        stack.wait_until_healthy()
        yield stack
    finally:
        stack.compose("down", "--volumes", "--timeout", "20", check=False)
        assert stack.containers() == []


@pytest.fixture(scope="session")
def secrets(stack: Stack) -> dict[str, str]:
    """What `make compose-env` has made up."""
    return variables(stack.env_file.read_text())


@pytest.fixture(scope="session")
def airflow(stack: Stack, secrets: dict[str, str]) -> Rest:
    """Logged in as the administrator."""
    rest = Rest(stack.port("airflow-api-server", 8080), "admin", secrets["AIRFLOW_ADMIN_PASSWORD"])
    rest.sign_in()
    return rest
