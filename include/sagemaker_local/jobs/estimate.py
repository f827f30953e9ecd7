"""What an instance that this host cannot hold would do, estimated from what smaller sizes of it have done here.

An estimate has bounds, and says how far off the same method was where that could be seen: in predicting the largest
size that was measured from the others.
PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from include.sagemaker_local.jobs.scaling_curve import POINTS_FOR_BOUNDS, Curve, Point, fit

# 95 % of a normal distribution lie within so many standard deviations of its mean.
_NORMAL_95 = 1.96

# Enough for the 2.5th and the 97.5th percentile to be known to a fraction of the bounds' width, in some 50 ms.
_DRAWS = 200
# With so many sizes none can be held out to try the method.
_TWO = 2

# The same measurements have the same bounds.
_SEED = 1


@dataclass(frozen=True, slots=True)
class Estimate:
    """Predictions a minute on `vcpus`, which a measurement would find between `low` and `high` with 95 %.

    `held_out` is by how much the method was off, as a share, for the largest measured size when that was predicted from
    the smaller ones: above 0 it promised too much. None when there were too few sizes to try.
    """

    vcpus: int
    per_minute: float
    low: float
    high: float
    curve: Curve
    points: tuple[Point, ...]
    held_out: float | None

    def in_words(self) -> str:
        """What has to stand beside its figures wherever they are shown."""
        sizes = ", ".join(f"{point.per_minute:.0f} on {point.vcpus}" for point in self.points)
        tried = (
            "two sizes are too few to try the method on one, so the bounds are no growth and proportional growth"
            if self.held_out is None
            else f"the largest of them was predicted from the others with an error of {self.held_out:+.1%}"
        )
        return (
            f"Estimated, not measured: {self.per_minute:.0f} invocations a minute on {self.vcpus} vCPUs, between "
            f"{self.low:.0f} and {self.high:.0f} (95 %), by a scaling curve through what was measured here ({sizes} "
            f"vCPUs); {tried}."
        )


def sizes_to_measure(cores: int) -> tuple[int, ...]:
    """The numbers of vCPUs that a host of so many cores measures: doubling, up to what leaves one to the generator.

    A host of two cores has no other second size than both.
    """
    largest = cores - 1 if cores > 2 else cores
    doubling = [2**power for power in range(largest.bit_length()) if 2**power < largest]
    return (*doubling, largest)


def estimate(points: Sequence[Point], vcpus: int) -> Estimate:
    """The throughput of an instance of `vcpus`. Raises ValueError as `fit` does."""
    ordered = tuple(sorted(points, key=lambda point: point.vcpus))
    curve = fit(ordered)
    value, off = curve.at(vcpus), held_out_error(ordered)
    low, high = _by_chance(ordered, vcpus)
    largest = ordered[-1]
    doublings = max(0.0, math.log2(vcpus / largest.vcpus))
    if doublings and off is not None:
        # The method was off by so much over as many doublings as lie between the last two sizes, as far as the last one
        # is known itself; an error of the curve grows with the distance, in either direction.
        each = (abs(off) + largest.relative_error) / math.log2(largest.vcpus / ordered[-2].vcpus)
        low, high = low / (1 + each) ** doublings, high * (1 + each) ** doublings
    return Estimate(vcpus, value, min(low, value), max(high, value), curve, ordered, off)


def held_out_error(points: Sequence[Point]) -> float | None:
    """The error of predicting the largest size from the others, as a share of it; None without two others."""
    *others, largest = sorted(points, key=lambda point: point.vcpus)
    if len(others) < 2:
        return None
    return fit(others).at(largest.vcpus) / largest.per_minute - 1


def latency_ms(measured_ms: float, largest: Point, estimated: Estimate) -> float:
    """The model latency at the plateau, from that of the largest measured size.

    The plateau begins with as many users for each vCPU, and users = throughput x latency (Little's law).
    """
    growth = estimated.per_minute / largest.per_minute
    return measured_ms * (estimated.vcpus / largest.vcpus) / growth if growth > 0 else measured_ms


def _by_chance(points: Sequence[Point], vcpus: int) -> tuple[float, float]:
    """The bounds that the measurements' own uncertainty gives: curves through points that are drawn anew.

    They are those of a measurement, so each drawn curve is met with the uncertainty of one more.
    """
    chance = random.Random(_SEED)  # noqa: S311 - statistics, no secret
    lower, upper = [], []
    for _ in range(_DRAWS):
        low, high = _range(tuple(_drawn(point, chance) for point in points), vcpus)
        again = max(0.0, chance.gauss(1, points[-1].relative_error / _NORMAL_95))
        lower.append(low * again)
        upper.append(high * again)
    cut = round(_DRAWS * 0.025)
    return sorted(lower)[cut], sorted(upper)[-1 - cut]


def _range(points: Sequence[Point], vcpus: int) -> tuple[float, float]:
    """What the points leave open: losses by coherency, which few of them cannot exclude; two of them, everything
    between no growth and proportional growth."""
    low, high = fit(points, coherency_from=POINTS_FOR_BOUNDS).at(vcpus), fit(points).at(vcpus)
    largest = points[-1]
    if len(points) == _TWO and vcpus > largest.vcpus:
        low, high = min(low, largest.per_minute), max(high, largest.per_minute * vcpus / largest.vcpus)
    return low, high


def _drawn(point: Point, chance: random.Random) -> Point:
    drawn = chance.gauss(point.per_minute, point.per_minute * point.relative_error / _NORMAL_95)
    return replace(point, per_minute=max(drawn, point.per_minute * 1e-3))  # never none at all, however uncertain
