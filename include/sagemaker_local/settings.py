"""Every setting of the local SageMaker, with its unit and the source of its default."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

MEBIBYTE = 1024 * 1024


class RuntimeName(StrEnum):
    """What runs the containers."""

    PROCESS = "process"
    DOCKER = "docker"
    AUTO = "auto"  # processes for the images that they serve, Docker for the others where an engine answers


def user_environments_dir() -> Path:
    """Where environments are shared by all servers of a user: below the cache directory of the XDG specification."""
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "sluice" / "environments"


@dataclass(frozen=True, slots=True)
class Settings:
    """What `serve` was started with. Read once, by the command line, and handed down."""

    data_dir: Path
    host: str = "127.0.0.1"
    port: int = 4566
    # Processes that answer invocations, on the port. 0: the server's own does, beside everything else.
    gateway_processes: int = 0
    account_id: str = "123456789012"
    # SageMaker gives a container 8 minutes to pass /ping after start, 2 s an attempt.
    startup_timeout_s: float = 480.0
    ping_timeout_s: float = 2.0
    # InvokeEndpoint waits 60 s for the containers.
    invoke_timeout_s: float = 60.0
    # A response stream may take 8 minutes, from the request to its last byte.
    stream_timeout_s: float = 480.0
    # Real-time payload limit on AWS's current pages; the API model still says 6 MiB.
    max_invoke_body_bytes: int = 25 * MEBIBYTE
    # Between two containers of a pipeline AWS allows 5 MB.
    max_hop_body_bytes: int = 5_000_000
    # Secrets by access key: where there are any, every request's signature is verified.
    signing_keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    # SIGTERM, then SIGKILL this much later.
    stop_grace_s: float = 30.0
    # Of one type, of all endpoints in a region. AWS's default quotas are not published; this many of the smallest
    # containers, at about 80 MB each, leave most of an 8 GB machine to others, and a slip of the finger does not.
    max_instances: int = 20
    # Waits of the control plane (baking, intervals between traffic shifts) take this part of what was asked for.
    time_scale: float = 1.0
    # How long the recommender measures one number of users at most, unless it gets too few answers.
    load_stage_s: float = 3.0
    # What recommendation jobs do with instance types that this machine cannot hold: estimate them, or refuse them.
    estimate_instance_types: bool = False
    # SageMaker publishes endpoint metrics each minute.
    metrics_interval_s: float = 60.0
    runtime: RuntimeName = RuntimeName.PROCESS
    # Where Docker's own packages put it.
    docker_socket: Path = Path("/var/run/docker.sock")
    # Which commands stand in for images; None is images.yaml in the data directory, if there is one.
    images_file: Path | None = None
    # Python environments of the framework images, made once; any number of servers may share them.
    environments_dir: Path = field(default_factory=user_environments_dir)
