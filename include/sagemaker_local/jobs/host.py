"""What this machine can hold."""

from __future__ import annotations

import os
from dataclasses import dataclass

from include.sagemaker_local.instance_types import InstanceType

_GIBIBYTE = 1024**3

# The kernel and the firmware keep some of a machine's memory to themselves, on a cloud instance as well: one sold with
# 8 GiB reports some 7.6. So a type fits when the host reports at least this share of its size.
_REPORTED_MEMORY_SHARE = 0.9


@dataclass(frozen=True, slots=True)
class Host:
    """Cores and memory that processes here may use."""

    cores: int
    memory_gib: float


def this_host() -> Host:
    """The machine that this process runs on, with the cores that it may use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Host(cores, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / _GIBIBYTE)


def misfit(instance_type: InstanceType, host: Host) -> str | None:
    """Why `host` cannot stand in for an instance of that type, None when it can."""
    name = instance_type.name
    if instance_type.accelerators:
        return f"{name} has {instance_type.accelerators} accelerator(s) and this host offers none to containers"
    if instance_type.vcpus <= host.cores and instance_type.memory_gib * _REPORTED_MEMORY_SHARE <= host.memory_gib:
        return None
    return (
        f"{name} has {instance_type.vcpus} vCPUs and {instance_type.memory_gib:g} GiB of memory, this host has "
        f"{host.cores} cores and {host.memory_gib:.1f} GiB, so it cannot be measured here. "
        "Choose a smaller instance type, run on a larger host, or let it be estimated (serve --estimate-instance-types)"
    )
