"""What a server needs of this machine, and whether it is there."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from include.sagemaker_local.data_dir import hold_data_dir
from include.sagemaker_local.errors import HostError
from include.sagemaker_local.listening import bind, is_loopback
from include.sagemaker_local.runtime.environments import Environments
from include.sagemaker_local.runtime.image_environments import image_environment
from include.sagemaker_local.runtime.images import KNOWN_IMAGES, framework_image
from include.sagemaker_local.runtime.kept_environments import KeptEnvironment, kept_environments

# What the project's requirements resolve for.
_PYTHONS = ((3, 11), (3, 12), (3, 13))
_GIBIBYTE = 1024**3
_DAY_S = 24 * 3600
# A pipeline of three framework containers takes about half a gigabyte, and an update runs two of them.
_MIN_MEMORY_GIB = 2.0
# The sample's artifacts and a few fleets' unpacked models fit many times.
_MIN_DISK_GIB = 1.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor: what was found, and whether it will do."""

    good: bool
    text: str


def examine(host: str, port: int, data_dir: Path, *, verifies: bool) -> list[Finding]:
    """All findings. Makes the data directory if it is not there; leaves nothing else behind.

    `verifies` says whether access keys are configured.
    """
    place = [_writable(data_dir), _disk(data_dir), _port(host, port), _door(host, verifies)]
    return [_python(), _cores(), _memory(), *place]


def examine_environments(directory: Path, now_s: float) -> list[Finding]:
    """Which environments of framework images are there, which will be made, and what lies there besides."""
    environments = Environments(directory)
    kept = {one.directory: one for one in kept_environments(directory)}
    findings = []
    for image in KNOWN_IMAGES:
        environment = image_environment(environments, framework_image(image, container=image))
        found = None if environment is None else kept.pop(environment.directory, None)
        state = (
            "is made when it is first asked for, or by `prepare`" if found is None else f"is ready, {_megabytes(found)}"
        )
        findings.append(Finding(True, f"environment of {image} {state}"))
    return findings + [Finding(True, f"environment {one.directory.name}: {_use(one, now_s)}") for one in kept.values()]


def _use(one: KeptEnvironment, now_s: float) -> str:
    if one.last_used_s is None:
        return f"{_megabytes(one)}, is being made or was never finished"
    return f"{_megabytes(one)}, last used {max(0.0, now_s - one.last_used_s) / _DAY_S:.0f} days ago"


def _megabytes(one: KeptEnvironment) -> str:
    return f"{one.size_bytes / 1e6:.0f} MB"


def _python() -> Finding:
    good = sys.version_info[:2] in _PYTHONS
    wanted = "" if good else ": use 3.11, 3.12 or 3.13"
    return Finding(good, f"Python {platform.python_version()}{wanted}")


def _cores() -> Finding:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Finding(
        cores >= 1, f"{cores} cores; larger instance types are not load-tested, and the step of the job says so"
    )


def _memory() -> Finding:
    total_gib = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / _GIBIBYTE
    good = total_gib >= _MIN_MEMORY_GIB
    return Finding(good, f"{total_gib:.1f} GiB of memory" + ("" if good else f": {_MIN_MEMORY_GIB:g} are needed"))


def _disk(data_dir: Path) -> Finding:
    existing = next(path for path in (data_dir.absolute(), *data_dir.absolute().parents) if path.exists())
    free_gib = shutil.disk_usage(existing).free / _GIBIBYTE
    good = free_gib >= _MIN_DISK_GIB
    text = f"{free_gib:.1f} GiB free on the disk of {data_dir}"
    return Finding(good, text + ("" if good else f": {_MIN_DISK_GIB:g} are needed"))


def _writable(data_dir: Path) -> Finding:
    try:
        with hold_data_dir(data_dir):
            return Finding(True, f"data directory {data_dir} can be written and is free")
    except HostError as error:
        return Finding(False, str(error))


def _port(host: str, port: int) -> Finding:
    try:
        with bind(host, port):
            return Finding(True, f"port {port} on {host} is free" if port else f"a port on {host} is free")
    except HostError as error:
        return Finding(False, str(error))


def _door(host: str, verifies: bool) -> Finding:
    if verifies:
        return Finding(True, "signatures are verified")
    if is_loopback(host):
        return Finding(True, "signatures are not verified: only this machine can send requests")
    return Finding(False, f"{host} can be reached from other machines: configure access keys with --credentials FILE")
