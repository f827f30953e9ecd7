"""What a container uses, from the Docker engine's statistics. PURE: no I/O.

As `docker stats` has it: memory without the page cache that the kernel would give back first, which control groups
call inactive_file (version 2) or total_inactive_file (version 1).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from include.sagemaker_local.runtime.usage import Usage

_NANO = 10**9


def usage_of(statistics: Mapping[str, Any]) -> Usage | None:
    """The usage in an answer of /containers/{id}/stats; None when it is that of a container that does not run."""
    cpu_ns = (statistics.get("cpu_stats") or {}).get("cpu_usage", {}).get("total_usage")
    memory = statistics.get("memory_stats") or {}
    held = memory.get("usage")
    if cpu_ns is None or held is None:
        return None
    details = memory.get("stats") or {}
    cache = details.get("total_inactive_file", details.get("inactive_file", 0))
    return Usage(cpu_ns / _NANO, max(0, held - cache))
