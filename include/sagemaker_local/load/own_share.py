"""How busy the generator itself was: a load test whose generator had no time to spare has measured the generator.

It has one thread, so a core is all that it can use. What counts is not only what it used of one but also how long it
was ready to run while another process had the core: on a shared machine it is then no faster, however little it used.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

LIMITED_FROM = 0.9
"""From this share of a core on the generator counts as the limit: what is left is less than such shares vary by."""

_SCHEDSTAT = Path("/proc/self/schedstat")


@dataclass(frozen=True, slots=True)
class Spent:
    """Up to a moment (`at_ns`): how long the generator ran, and how long it waited for a core."""

    at_ns: int
    ran_ns: int
    waited_ns: int


def share(begin: Spent, end: Spent) -> float:
    """What the generator used or waited for between the two, as a share of one core: 0 to 1."""
    length_ns = end.at_ns - begin.at_ns
    if length_ns <= 0:
        return 0.0
    wanted_ns = end.ran_ns - begin.ran_ns + end.waited_ns - begin.waited_ns
    return min(max(wanted_ns / length_ns, 0.0), 1.0)


def was_the_limit(generator_share: float) -> bool:
    """Whether a faster generator might have measured more."""
    return generator_share >= LIMITED_FROM


def spent_now() -> Spent:
    """What this process's main thread has spent so far. Linux tells of the waiting; elsewhere it counts as none."""
    try:
        ran, waited, _ = _SCHEDSTAT.read_text("ascii").split()
    except (OSError, ValueError):
        return Spent(time.perf_counter_ns(), time.process_time_ns(), 0)
    return Spent(time.perf_counter_ns(), int(ran), int(waited))
