"""When a job's tests run: how many at a time, and which not at all.

PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from include.sagemaker_local.instance_types import InstanceType
from include.sagemaker_local.jobs.host import Host

# What a test needs besides its instance's vCPUs: a core for its load generator. And one core for all tests together,
# for the processes that answer invocations.
_GENERATOR_CORES = 1
_GATEWAY_CORES = 1

# "Inference recommendation jobs complete within 45 minutes" (developer guide). What was not begun by then is left out.
DEFAULT_DURATION_S = 2_700
# JobDurationInSeconds: "The maximum value is 18,000 seconds" (API reference).
LONGEST_DURATION_S = 18_000


@dataclass(frozen=True, slots=True)
class Lanes:
    """How many tests run side by side, each on cores of its own: lane n has `vcpus` of them from n * `vcpus` on.

    `reason` is why it is fewer than MaxParallelOfTests allows; None when it is not.
    """

    count: int
    vcpus: int
    reason: str | None = None


def lanes(allowed: int | None, types: Iterable[InstanceType], host: Host) -> Lanes:
    """As many as the job allows (`allowed`; None: one) and the host holds without one test slowing down another.

    `types` are those of the tests that can be measured here.
    """
    known = list(types)
    vcpus = max((each.vcpus for each in known), default=1)
    memory_gib = max((each.memory_gib for each in known), default=0.0)
    wanted = min(allowed or 1, max(len(known), 1))
    fitting = (host.cores - _GATEWAY_CORES) // (vcpus + _GENERATOR_CORES)
    if memory_gib:
        fitting = min(fitting, int(host.memory_gib / memory_gib))
    count = max(1, min(wanted, fitting))
    if count == wanted:
        return Lanes(count, vcpus)
    reason = (
        f"MaxParallelOfTests is {allowed}, and {count} at a time is what this host can do: {wanted} tests side by side "
        f"need {_GATEWAY_CORES + wanted * (vcpus + _GENERATOR_CORES)} cores and {wanted * memory_gib:g} GiB of memory "
        f"for instances of {vcpus} vCPUs, their load generators and the gateway, and it has {host.cores} cores and "
        f"{host.memory_gib:.1f} GiB"
    )
    return Lanes(count, vcpus, reason)


def duration_s(asked: int | None, *, advanced: bool) -> int:
    """How long after its begin a job may still begin tests."""
    return asked or (LONGEST_DURATION_S if advanced else DEFAULT_DURATION_S)


def too_late(elapsed_s: float, allowed_s: int) -> str | None:
    """Why no test begins any more, None while one may.

    AWS: "New jobs are not scheduled after the defined duration. This helps ensure jobs that are in progress are not
    stopped and that you only view completed jobs." So what was begun comes to its end, and what was not has no step.
    """
    if elapsed_s < allowed_s:
        return None
    return f"the job has run for {elapsed_s:.0f} s, and after {allowed_s} s (JobDurationInSeconds) none begins any more"
