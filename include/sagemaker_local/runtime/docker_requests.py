"""What the Docker engine is asked for: names, labels, limits, the body of a container. PURE: no I/O.

Sources: the hosting contract of AWS's developer guide (`docker run IMAGE serve`, /opt/ml/model, port 8080 or the one
that SAGEMAKER_BIND_TO_PORT names, SIGTERM, the label of images for multi-container models).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from include.sagemaker_local.deployment import Container
from include.sagemaker_local.errors import ContainerError
from include.sagemaker_local.runtime.contract import Placement

DATA_DIR_LABEL = "sluice.data-dir"
RUN_LABEL = "sluice.run"
BIND_TO_PORT_LABEL = "com.amazonaws.sagemaker.capabilities.accept-bind-to-port"
MODEL_DIRECTORY = "/opt/ml/model"
PUBLISHED_ON = "127.0.0.1"  # containers are reached through the server only, whatever address that one listens on

_PORT = 8080
# Any port but 8080: an image that carries the label and ignores the variable fails here as it does on AWS. Every
# container has an address of its own, so one number serves all.
_BIND_TO_PORT = 8081
_SAFE_PORT_RANGE = "20000-20009"
_GIBIBYTE = 1024**3
_NANO = 10**9
_IDENTITY_CHARS = 12  # as many as Docker shows of its own ids
# The lines are copied to the log file as they come; the engine keeps some only because it must.
_ENGINE_LOG = {"Type": "json-file", "Config": {"max-size": "16m", "max-file": "2"}}


@dataclass(frozen=True, slots=True)
class Ownership:
    """Whose containers and networks they are: a data directory's, and of one run of the server on it."""

    data_dir: str
    run: str

    def labels(self) -> dict[str, str]:
        """What every container and network carries."""
        return {DATA_DIR_LABEL: self.data_dir, RUN_LABEL: self.run}

    def network(self, instance_id: str) -> str:
        """The name of an instance's network."""
        return f"sluice-{self.data_dir}-{instance_id}"

    def container(self, instance_id: str, name: str) -> str:
        """The name of a container on an instance."""
        return f"sluice-{self.data_dir}-{instance_id}-{name}"


def data_dir_identity(data_dir: Path, host_name: str) -> str:
    """What stands for a data directory in labels and names: the same at each start, another for each directory.

    The host's name is part of it because machines in containers may share an engine and be laid out alike.
    """
    return hashlib.sha256(f"{host_name}:{data_dir.resolve()}".encode()).hexdigest()[:_IDENTITY_CHARS]


def check_image(container: Container, placement: Placement, image: Mapping[str, Any]) -> None:
    """Refuse an image that AWS would not run in a multi-container model. `image` is the engine's description of it.

    Raises ContainerError with AWS's text.
    """
    labels = (image.get("Config") or {}).get("Labels") or {}
    if not placement.alone and labels.get(BIND_TO_PORT_LABEL) != "true":
        raise ContainerError(
            container.name,
            f"cannot be started: Your Ecr Image {container.image} does not contain required "
            f"{BIND_TO_PORT_LABEL}=true Docker label(s).",
        )


def listening_port(placement: Placement) -> int:
    """The port within the container."""
    return _PORT if placement.alone else _BIND_TO_PORT


def environment(container: Container, placement: Placement) -> dict[str, str]:
    """What the platform adds to the image's own variables. `Environment` wins over the region, not over the ports."""
    region = {"AWS_REGION": placement.region, "SAGEMAKER_REGION": placement.region}
    ports = {"SAGEMAKER_SAFE_PORT_RANGE": _SAFE_PORT_RANGE}
    if not placement.alone:
        ports["SAGEMAKER_BIND_TO_PORT"] = str(_BIND_TO_PORT)
    return {**region, **container.environment, **ports}


def container_body(
    container: Container, placement: Placement, model: Path | None, owner: Ownership, engine_cpus: int
) -> dict[str, Any]:
    """The body of POST /containers/create. `model` is the unpacked model's directory, None when there is no model."""
    port = f"{listening_port(placement)}/tcp"
    network = owner.network(placement.instance_id)
    return {
        "Image": container.image,
        "Cmd": ["serve"],
        "Hostname": container.name,
        "Env": [f"{name}={value}" for name, value in environment(container, placement).items()],
        "Labels": owner.labels(),
        "StopSignal": "SIGTERM",
        "ExposedPorts": {port: {}},
        "HostConfig": {
            **_limits(placement, engine_cpus),
            "Mounts": [] if model is None else [_read_only(model)],
            "PortBindings": {port: [{"HostIp": PUBLISHED_ON, "HostPort": ""}]},
            "SecurityOpt": ["no-new-privileges"],
            "LogConfig": _ENGINE_LOG,
            "NetworkMode": network,
        },
        "NetworkingConfig": {"EndpointsConfig": {network: {"Aliases": [container.name]}}},
    }


def published_port(description: Mapping[str, Any], placement: Placement) -> int | None:
    """The port of this machine that leads to the container; None when it has none because it has ended."""
    bindings = description["NetworkSettings"]["Ports"].get(f"{listening_port(placement)}/tcp") or []
    return int(bindings[0]["HostPort"]) if bindings else None


def _limits(placement: Placement, engine_cpus: int) -> dict[str, Any]:
    """CPUs and memory of the instance, the CPUs no more than the engine has.

    All containers of an instance are put on the same CPUs, since they share them; of its memory each may take all.
    """
    cores = placement.cores(engine_cpus)
    memory = int(placement.limits.memory_gib * _GIBIBYTE)
    limits: dict[str, Any] = {"NanoCpus": len(cores) * _NANO, "Memory": memory, "MemorySwap": memory}
    if len(cores) < engine_cpus:
        limits["CpusetCpus"] = ",".join(map(str, cores))
    return limits


def _read_only(model: Path) -> dict[str, Any]:
    return {"Type": "bind", "Source": str(model), "Target": MODEL_DIRECTORY, "ReadOnly": True}
