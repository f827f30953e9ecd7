"""Latencies in a histogram of bounded size that can be merged without losing anything.

The buckets are log-linear, as in HdrHistogram: exact below 256 µs, above that 128 buckets for every doubling. A bucket
is reported by its middle, so a percentile is off by at most 1/256 (0.4 %) of its value. Count, sum, minimum, maximum
and therefore the mean are exact.
PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

# 7 bits: 0.4 % is far below the noise of a load test, and a minute-long latency still needs only about 2,600 buckets.
_PRECISION_BITS = 7
_BUCKETS_PER_DOUBLING = 1 << _PRECISION_BITS
_EXACT_BELOW = 2 * _BUCKETS_PER_DOUBLING

RELATIVE_ERROR = 1 / _EXACT_BELOW
"""How far a percentile can be from the recorded value that it stands for, as a share of that value."""


class Histogram:
    """Latencies in whole microseconds."""

    __slots__ = ("_buckets", "count", "highest_us", "lowest_us", "sum_us")

    def __init__(self) -> None:
        self._buckets: dict[int, int] = {}
        self.count = 0
        self.sum_us = 0
        self.lowest_us = 0
        self.highest_us = 0

    def record(self, latency_us: int, times: int = 1) -> None:
        """Count one latency, `times` over. A negative one, which only a broken clock gives, counts as 0."""
        latency_us = max(latency_us, 0)
        bucket = _bucket_of(latency_us)
        self._buckets[bucket] = self._buckets.get(bucket, 0) + times
        self.lowest_us = min(self.lowest_us, latency_us) if self.count else latency_us
        self.highest_us = max(self.highest_us, latency_us)
        self.count += times
        self.sum_us += latency_us * times

    def merge(self, other: Histogram) -> Histogram:
        """A new histogram of what both have recorded. The order and grouping of merges make no difference."""
        if not other.count or not self.count:
            return _copy(self if self.count else other)
        merged = _copy(self)
        for bucket, count in other._buckets.items():
            merged._buckets[bucket] = merged._buckets.get(bucket, 0) + count
        merged.count += other.count
        merged.sum_us += other.sum_us
        merged.lowest_us = min(self.lowest_us, other.lowest_us)
        merged.highest_us = max(self.highest_us, other.highest_us)
        return merged

    def mean_us(self) -> float:
        """The exact mean. Raises ValueError when nothing was recorded."""
        if not self.count:
            raise ValueError("an empty histogram has no mean")
        return self.sum_us / self.count

    def percentile_us(self, percent: float) -> float:
        """The latency that `percent` of all did not exceed (nearest rank), within RELATIVE_ERROR.

        Raises ValueError when nothing was recorded or `percent` is not above 0 and at most 100.
        """
        if not self.count:
            raise ValueError("an empty histogram has no percentiles")
        if not 0 < percent <= 100:
            raise ValueError(f"a percentile lies above 0 and at or below 100, not at {percent}")
        rank = math.ceil(self.count * percent / 100)
        seen = 0
        for bucket in sorted(self._buckets):
            seen += self._buckets[bucket]
            if seen >= rank:
                return min(max(_middle_of(bucket), float(self.lowest_us)), float(self.highest_us))
        return float(self.highest_us)

    def spread_us(self) -> list[tuple[float, int]]:
        """Each bucket's middle and how many latencies are in it, ascending."""
        return [(_middle_of(bucket), count) for bucket, count in sorted(self._buckets.items())]

    def to_json(self) -> dict[str, object]:
        """A JSON object; `from_json` makes an equal histogram of it."""
        return {
            "buckets": {str(bucket): count for bucket, count in sorted(self._buckets.items())},
            "sum_us": self.sum_us,
            "lowest_us": self.lowest_us,
            "highest_us": self.highest_us,
        }

    @classmethod
    def from_json(cls, document: Mapping[str, object]) -> Histogram:
        """The histogram that `to_json` wrote. Raises ValueError when `document` is something else."""
        histogram = cls()
        buckets = document.get("buckets")
        if not isinstance(buckets, Mapping):
            raise ValueError("not a histogram: it has no buckets")
        histogram._buckets = {int(bucket): int(count) for bucket, count in buckets.items()}
        histogram.count = sum(histogram._buckets.values())
        histogram.sum_us = _whole(document, "sum_us")
        histogram.lowest_us = _whole(document, "lowest_us")
        histogram.highest_us = _whole(document, "highest_us")
        return histogram

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Histogram) and self.to_json() == other.to_json()

    __hash__ = None  # type: ignore[assignment]  # it changes with every record()


def _bucket_of(latency_us: int) -> int:
    if latency_us < _EXACT_BELOW:
        return latency_us
    shift = latency_us.bit_length() - _PRECISION_BITS - 1
    return shift * _BUCKETS_PER_DOUBLING + (latency_us >> shift)


def _middle_of(bucket: int) -> float:
    if bucket < _EXACT_BELOW:
        return float(bucket)
    shift = bucket // _BUCKETS_PER_DOUBLING - 1
    lowest = (bucket - shift * _BUCKETS_PER_DOUBLING) << shift
    return lowest + ((1 << shift) - 1) / 2


def _copy(histogram: Histogram) -> Histogram:
    return Histogram.from_json(histogram.to_json())


def _whole(document: Mapping[str, object], name: str) -> int:
    value = document.get(name)
    if not isinstance(value, int):
        raise ValueError(f"not a histogram: {name} is {value!r}")
    return value
