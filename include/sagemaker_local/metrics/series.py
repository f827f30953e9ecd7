"""Published datapoints by region and metric, in memory: they end with the server. Safe from any thread."""

from __future__ import annotations

import bisect
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from include.sagemaker_local.metrics.distribution import Distribution, merge

# A day of minutes. CloudWatch keeps minutes for 15 days; this is memory, and nobody reads a local server that far back.
MAX_POINTS_PER_METRIC = 1440
# A metric of which nothing has come for a day is forgotten. Every instance that ever was has some of its own.
MAX_AGE_S = 86_400.0

Dimensions = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric's identity. `dimensions` are pairs of name and value, sorted."""

    namespace: str
    name: str
    dimensions: Dimensions


@dataclass(frozen=True, slots=True)
class Datum:
    """What an interval has brought for one metric."""

    metric: Metric
    unit: str
    distribution: Distribution


@dataclass(frozen=True, slots=True)
class Point:
    """A published interval: when it began, in seconds since the epoch."""

    time_s: float
    distribution: Distribution


@dataclass(slots=True)
class _Series:
    unit: str
    points: list[Point]


class MetricSeries:
    """All metrics that endpoints and transform jobs have published."""

    def __init__(self) -> None:
        self._series: dict[tuple[str, Metric], _Series] = {}
        self._lock = threading.Lock()

    def publish(self, region: str, time_s: float, data: Iterable[Datum]) -> None:
        """Adds a datapoint for each; one that is already there for that very time gets the new values added."""
        with self._lock:
            for datum in data:
                series = self._series.setdefault((region, datum.metric), _Series(datum.unit, []))
                _add(series.points, Point(time_s, datum.distribution))
                del series.points[:-MAX_POINTS_PER_METRIC]
            for key in [key for key, held in self._series.items() if held.points[-1].time_s < time_s - MAX_AGE_S]:
                del self._series[key]

    def read(self, region: str, metric: Metric, start_s: float, end_s: float, unit: str | None = None) -> list[Point]:
        """The points from `start_s` up to but not at `end_s`, oldest first; none when `unit` is another one."""
        with self._lock:
            series = self._series.get((region, metric))
            if series is None or unit not in (None, series.unit):
                return []
            first = bisect.bisect_left(series.points, start_s, key=_time_s)
            last = bisect.bisect_left(series.points, end_s, key=_time_s)
            return series.points[first:last]

    def unit(self, region: str, metric: Metric) -> str | None:
        """The metric's unit, or None when nothing was published for it."""
        with self._lock:
            series = self._series.get((region, metric))
            return None if series is None else series.unit

    def metrics(self, region: str) -> Sequence[Metric]:
        """Every metric of that region that has a datapoint."""
        with self._lock:
            return [metric for (its_region, metric) in self._series if its_region == region]

    def clear(self) -> None:
        """Forgets everything."""
        with self._lock:
            self._series.clear()


def _add(points: list[Point], new: Point) -> None:
    at = bisect.bisect_left(points, new.time_s, key=_time_s)
    if at < len(points) and points[at].time_s == new.time_s:
        points[at] = Point(new.time_s, merge((points[at].distribution, new.distribution)))
    else:
        points.insert(at, new)  # at the end, unless somebody has set the clock back


def _time_s(point: Point) -> float:
    return point.time_s
