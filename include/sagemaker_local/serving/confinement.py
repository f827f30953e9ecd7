"""What keeps a container process within its instance, and keeps it from outliving the server."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import sys

from include.sagemaker_local.serving.launch import Confinement

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def confine(given: Confinement) -> None:
    """Take the instance's CPUs and memory limit; workers inherit both.

    macOS has no CPU affinity and does not enforce the memory limit: there an instance type bounds only the workers.
    """
    os.set_inheritable(given.lifeline_fd, False)  # not for programs that user code starts
    die_with_parent(given.server_pid, signal.SIGTERM)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, given.cpus)
    # RLIMIT_DATA counts what a process really has for itself (heap and private writable mappings). RLIMIT_AS would also
    # count address space that is only reserved, of which numerical libraries and thread stacks reserve gigabytes.
    # The limit holds for each process: it stops one that runs away, and does not add up a container's workers.
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    limit = given.memory_bytes if hard == resource.RLIM_INFINITY else min(given.memory_bytes, hard)
    with contextlib.suppress(ValueError, OSError):  # macOS refuses limits below what is in use
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def die_with_parent(parent_pid: int, number: signal.Signals) -> None:
    """Have the kernel send `number` to this process when its parent dies (Linux; elsewhere only a check)."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
    if os.getppid() != parent_pid:  # it died before the call
        os._exit(1)


def end_group() -> None:
    """Kill this process and all of its group at once: nobody is left who could stop them."""
    if os.getpgrp() == os.getpid():  # the runtime made the group for this container; never somebody else's
        os.killpg(0, signal.SIGKILL)
    os._exit(1)
