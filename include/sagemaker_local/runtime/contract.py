"""The seam between the supervisor and whatever runs a container."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from include.sagemaker_local.deployment import Container
from include.sagemaker_local.runtime.usage import Usage


@dataclass(frozen=True, slots=True)
class InstanceLimits:
    """What one instance of an ML instance type offers to all the containers on it together."""

    instance_type: str
    vcpus: int
    memory_gib: float


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a container runs: whose it is, what it may use, and where its files and log lines go."""

    region: str
    endpoint_name: str
    variant_name: str
    instance_id: str
    limits: InstanceLimits
    directory: Path  # this container's own; the model is unpacked below it
    log_file: Path  # stdout and stderr are appended here
    alone: bool = True  # the only container of its model, which AWS neither gives a port nor asks for a label
    first_cpu: int | None = None  # where the instance's cores begin among those of the machine; None: anywhere

    def cores(self, available: int) -> tuple[int, ...]:
        """The instance's cores, counted from 0 to below `available`: its vCPUs, or all when there are no more.

        Every container of an instance gets the same ones, since they share the instance; other instances begin
        elsewhere.
        """
        count = min(self.limits.vcpus, available)
        first = zlib.crc32(self.instance_id.encode()) if self.first_cpu is None else self.first_cpu
        return tuple(sorted((first + number) % available for number in range(count)))


class RunningContainer(Protocol):
    """A started container. Starting does not mean ready: the supervisor asks /ping."""

    name: str
    host: str
    port: int

    def exit_code(self) -> int | None:
        """None while it runs."""

    def log_tail(self, lines: int) -> tuple[str, ...]:
        """Its last log lines, oldest first."""

    async def usage(self) -> Usage | None:
        """What it uses now; None when it has ended, or nothing can be known. Does not raise."""

    async def stop(self, grace_s: float) -> None:
        """SIGTERM, after `grace_s` SIGKILL, to the whole process group; returns when nothing of it is left."""


class ContainerRuntime(Protocol):
    """Starts containers."""

    async def prepare(self, container: Container, placement: Placement) -> None:
        """Do what takes long and leaves nothing to stop, as pulling an image does; `start` comes after it.

        May be cancelled at any time, unlike `start`. Raises as that does.
        """

    async def start(self, container: Container, placement: Placement) -> RunningContainer:
        """Start the container, with its model unpacked, on a port of its own.

        Raises ArtifactError for a bad artifact and ContainerError when the image is unknown or cannot be started.
        """
