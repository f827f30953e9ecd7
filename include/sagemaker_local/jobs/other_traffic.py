"""Whether an existing endpoint answers others while a job tests it: then the job's figures are not the endpoint's.

AWS warns against it ("do not run on production endpoints with live traffic") and does not look; here the job looks.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from include.sagemaker_local.metrics.names import CLIENT_INVOCATIONS, INVOCATIONS, RECOMMENDATIONS
from include.sagemaker_local.metrics.series import Metric, MetricSeries

# "The last minutes": long enough for traffic that comes in bursts, short enough for yesterday's tests to be forgotten.
LOOK_BACK_S = 300.0

_ALWAYS = float("inf")


class Traffic(Protocol):
    """Whoever knows how many requests an endpoint has answered."""

    async def others(self, region: str, endpoint_name: str, since_s: float) -> int:
        """How many that no recommendation job has sent, since that time (seconds since the epoch)."""


class PublishedTraffic:
    """Reads it off the published metrics: the endpoint's invocations, less those that jobs have sent."""

    def __init__(self, series: MetricSeries, count: Callable[[], Awaitable[None]]) -> None:
        """`count` brings the metrics up to this moment: they are published once a minute otherwise."""
        self._series = series
        self._count = count

    async def others(self, region: str, endpoint_name: str, since_s: float) -> int:
        """See Traffic. A datapoint that began before that time is not counted."""
        await self._count()
        total = 0.0
        for metric in self._series.metrics(region):
            sign = _sign(metric, endpoint_name)
            if sign:
                points = self._series.read(region, metric, since_s, _ALWAYS)
                total += sign * sum(point.distribution.total for point in points)
        return max(0, round(total))


def _sign(metric: Metric, endpoint_name: str) -> int:
    """1 for the metric that counts the endpoint's requests, -1 for one that counts a job's, 0 for all others."""
    dimensions = dict(metric.dimensions)
    if dimensions.get("EndpointName") != endpoint_name:
        return 0
    if (metric.namespace, metric.name) == (RECOMMENDATIONS, CLIENT_INVOCATIONS):
        return -1
    # The same requests are there with further dimensions besides.
    of_a_variant = (metric.namespace, metric.name) == (INVOCATIONS, "Invocations")
    return 1 if of_a_variant and dimensions.keys() == {"EndpointName", "VariantName"} else 0


@dataclass(frozen=True, slots=True)
class OtherTraffic:
    """Requests that an endpoint has answered to others, before and during a job's test of it."""

    before: int
    during: int

    def warning(self) -> str | None:
        """What to tell whoever reads the results; None when there was none."""
        if not self.before and not self.during:
            return None
        return (
            f"Warning: besides this job's load the endpoint answered {self.during} requests during the test and "
            f"{self.before} in the {LOOK_BACK_S / 60:.0f} minutes before. A test of an endpoint that has other traffic "
            "is not to be trusted, and slows that traffic down; test one that has none."
        )
