"""When the requests of an open loop are due.

PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

_NS_PER_S = 1_000_000_000


def due_times(begins_ns: int, rate_per_s: float, poisson_seed: int | None = None) -> Iterator[int]:
    """Moments from `begins_ns` on, without end, `rate_per_s` of them a second.

    Evenly spaced, or, with a seed, as callers come who know nothing of each other (a Poisson process); the same seed
    gives the same moments. Raises ValueError for a rate that is not above 0.
    """
    if not rate_per_s > 0:
        raise ValueError(f"requests cannot be due {rate_per_s} times a second")
    return _even(begins_ns, rate_per_s) if poisson_seed is None else _poisson(begins_ns, rate_per_s, poisson_seed)


def _even(begins_ns: int, rate_per_s: float) -> Iterator[int]:
    number = 0
    while True:
        yield begins_ns + round(number * _NS_PER_S / rate_per_s)  # not added up, or the errors would be, too
        number += 1


def _poisson(begins_ns: int, rate_per_s: float, seed: int) -> Iterator[int]:
    gaps = random.Random(seed)  # noqa: S311 - nothing is kept secret with it
    after_s = 0.0
    while True:
        after_s += gaps.expovariate(rate_per_s)
        yield begins_ns + round(after_s * _NS_PER_S)
