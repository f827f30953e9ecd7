"""How busy a fleet was while a stage was measured.

CPU is 100 for each busy vCPU, so an instance with two of them can show 200; memory is a share of the instance's, 0 to
100: the units of CloudWatch's CPUUtilization and MemoryUtilization. Both are of an average instance.
PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

# A figure must be about the stage: looks that cover less of it than this say too little.
_LEAST_COVERAGE = 0.5


@dataclass(frozen=True, slots=True)
class Look:
    """What an average instance had used of its CPUs at a moment (seconds on any clock), and the memory it held."""

    at_s: float
    cpu_s: float
    memory_percent: float


@dataclass(frozen=True, slots=True)
class Utilisation:
    """In percent; NaN is the API's word for what is not available."""

    cpu_percent: float = math.nan
    memory_percent: float = math.nan


NOT_AVAILABLE = Utilisation()


def utilisation(looks: Sequence[Look], begins_s: float, ends_s: float) -> Utilisation:
    """The means between two moments of `looks`, which ascend. A look need not be at either of them."""
    used_s = covered_s = 0.0
    for before, after in pairwise(looks):
        overlap_s = min(ends_s, after.at_s) - max(begins_s, before.at_s)
        if overlap_s <= 0:
            continue
        # A container that was started again began at 0.
        cpu_s = after.cpu_s - before.cpu_s if after.cpu_s >= before.cpu_s else after.cpu_s
        used_s += cpu_s * overlap_s / (after.at_s - before.at_s)
        covered_s += overlap_s
    memory = [look.memory_percent for look in _near(looks, begins_s, ends_s)]
    return Utilisation(
        100 * used_s / covered_s if covered_s > 0 and covered_s >= _LEAST_COVERAGE * (ends_s - begins_s) else math.nan,
        math.fsum(memory) / len(memory) if memory else math.nan,
    )


def mean(parts: Iterable[Look]) -> Look | None:
    """One look at an average instance from looks at each of them; None without any."""
    known = list(parts)
    if not known:
        return None
    return Look(
        max(look.at_s for look in known),
        math.fsum(look.cpu_s for look in known) / len(known),
        math.fsum(look.memory_percent for look in known) / len(known),
    )


def _near(looks: Sequence[Look], begins_s: float, ends_s: float) -> Iterator[Look]:
    """The looks in between and the first one after, which is taken when a stage ends."""
    for look in looks:
        if look.at_s >= begins_s:
            yield look
            if look.at_s >= ends_s:
                return
