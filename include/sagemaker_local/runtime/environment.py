"""The environment of a container process: what SageMaker sets and nothing of the server's own. PURE.

A variable of the container's `Environment` wins over a default of the framework container, as it does on AWS, and loses
against what the platform itself decides (ports, base directory).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

# The search path of a Debian based image, which AWS's framework images are.
IMAGE_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class Site:
    """Where one container runs: its directories, ports, CPUs and programs."""

    name: str
    region: str
    directory: Path
    search_path: str  # where the programs of its image are
    port: int
    safe_ports: tuple[int, int]  # first and last of the range for second ports, inclusive
    vcpus: int


def container_environment(user: Mapping[str, str], site: Site, project_root: Path | None = None) -> dict[str, str]:
    """All variables of the process. `user` is the container's own `Environment` map, `project_root` serves it."""
    workers = user.get("SAGEMAKER_MODEL_SERVER_WORKERS", str(site.vcpus))
    defaults = {
        "PATH": site.search_path,
        "HOME": str(site.directory),
        "HOSTNAME": site.name,
        "LANG": "C.UTF-8",
        "AWS_REGION": site.region,
        "SAGEMAKER_REGION": site.region,
        "SAGEMAKER_MODEL_SERVER_WORKERS": workers,
        # There is a worker for every vCPU, so numerical libraries that start a thread for every core of the host in
        # each of them would fight for the same CPUs; they share what the workers leave.
        "OMP_NUM_THREADS": str(_threads_per_worker(site.vcpus, workers)),
        "PYTHONUNBUFFERED": "1",  # a line that user code prints is in the log at once, even when the process is killed
    }
    platform = {
        "SAGEMAKER_BASE_DIR": str(site.directory / "ml"),
        "SAGEMAKER_BIND_TO_PORT": str(site.port),
        "SAGEMAKER_SAFE_PORT_RANGE": f"{site.safe_ports[0]}-{site.safe_ports[1]}",
    }
    if project_root is not None:
        platform["PYTHONPATH"] = ":".join(filter(None, [user.get("PYTHONPATH"), str(project_root)]))
    return {**defaults, **user, **platform}


def _threads_per_worker(vcpus: int, workers: str) -> int:
    # What is not a number is refused by the container itself, where the user sees it in the log.
    return max(1, vcpus // int(workers)) if workers.isdecimal() and int(workers) > 0 else 1
