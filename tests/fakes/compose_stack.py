"""docker-compose.yaml brought up on an engine under a project name of its own, and asked as its users ask it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# The Docker engine on which the stack is tested; unset where none is. `make test-compose` sets it.
SOCKET_VARIABLE = "SLUICE_TEST_COMPOSE_SOCKET"
PROJECT = Path(__file__).resolve().parents[2]
_HEALTHY_BOUND_S = 420.0
_POLL_S = 2.0  # an engine tells of health in events that Compose 1.29 does not pass on


@dataclass(frozen=True, slots=True)
class Container:
    """What the engine says of a container."""

    name: str
    service: str
    host: str  # its host name: the beginning of its identifier
    user: str
    state: str
    health: str  # "" without a health check
    exit_code: int


@dataclass(frozen=True)
class Stack:
    """One project on the engine at `socket`, with the variables of `env_file`."""

    socket: Path
    env_file: Path
    settings: Mapping[str, str]  # environment variables that docker-compose.yaml reads, beside those of the file
    project: str = field(default_factory=lambda: f"sluice-test-{os.getpid()}")

    def compose(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Runs Compose to its end; what it says goes to the test's output."""
        command = [*compose_command(), "--env-file", str(self.env_file), "--project-name", self.project, *arguments]
        ended = subprocess.run(
            command, cwd=PROJECT, env=self._environment(), text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            check=False,
        )  # fmt: skip
        sys.stdout.write(ended.stdout)
        assert not check or ended.returncode == 0, f"{' '.join(command)} ended with status {ended.returncode}"
        return ended

    def docker(self, *arguments: str, check: bool = True) -> str:
        """Runs the engine's own command line and returns what it says."""
        command = ["docker", "--host", f"unix://{self.socket}", *arguments]
        ended = subprocess.run(command, env=self._environment(), text=True, capture_output=True, check=False)
        assert not check or ended.returncode == 0, f"{' '.join(command)}: {ended.stderr}"
        return ended.stdout

    def containers(self) -> list[Container]:
        """All containers of the project, also those that have ended."""
        listed = self.docker("ps", "--all", "--quiet", "--filter", f"label=com.docker.compose.project={self.project}")
        described = json.loads(self.docker("inspect", *listed.split())) if listed.split() else []
        return [_container(one) for one in described]

    def of(self, service: str) -> Container:
        """The one container of a service."""
        (found,) = [container for container in self.containers() if container.service == service]
        return found

    def wait_until_healthy(self) -> None:
        """Returns when everything that stays is healthy and everything else has ended well."""
        deadline = time.monotonic() + _HEALTHY_BOUND_S
        while waited_for := [one for one in self.containers() if not _as_it_should(one)]:
            failed = [one for one in waited_for if one.state == "exited"]
            if failed or time.monotonic() > deadline:
                self.compose("logs", "--tail=40", *{one.service for one in waited_for}, check=False)
                raise AssertionError(f"not healthy: {waited_for}")
            time.sleep(_POLL_S)

    def port(self, service: str, port: int) -> int:
        """Where on 127.0.0.1 a port of a service is published."""
        return int(self.compose("port", service, str(port)).stdout.rpartition(":")[2])

    def _environment(self) -> dict[str, str]:
        own = {name: os.environ[name] for name in ("PATH", "HOME")}
        return {**own, **self.settings, "DOCKER_HOST": f"unix://{self.socket}"}


def compose_command() -> list[str]:
    """Compose 1.29 as Debian has it, or the plugin of Docker's own packages. Raises FileNotFoundError."""
    if shutil.which("docker-compose"):
        return ["docker-compose"]
    if shutil.which("docker") and not subprocess.run(["docker", "compose", "version"], capture_output=True).returncode:  # noqa: S607
        return ["docker", "compose"]
    raise FileNotFoundError("Docker Compose is not installed here (Debian and Ubuntu: apt-get install docker-compose)")


def _container(described: Mapping[str, Any]) -> Container:
    state = described["State"]
    return Container(
        name=described["Name"].lstrip("/"),
        service=described["Config"]["Labels"]["com.docker.compose.service"],
        host=described["Config"]["Hostname"],
        user=described["Config"]["User"],
        state=state["Status"],
        health=state.get("Health", {}).get("Status", ""),
        exit_code=state["ExitCode"],
    )


def _as_it_should(container: Container) -> bool:
    if container.state == "exited":
        return container.health == "" and container.exit_code == 0
    return container.health == "healthy"
