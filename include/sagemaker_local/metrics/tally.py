"""Invocations counted on the path of a request: additions to numbers in memory and nothing else.

The publisher takes everything every interval. Latencies are counted by whole microseconds and put into histograms
only then, so that a request pays for one dictionary entry each.
PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from include.sagemaker_local.routes import Route, VariantRoute


class Served(NamedTuple):
    """Which fleet answered: a production variant, as the endpoint configuration of that name describes it."""

    region: str
    endpoint_name: str
    config_name: str
    variant_name: str


class Counts:
    """What one fleet's variant has answered. Latencies are in microseconds, each with its number of occurrences."""

    __slots__ = (
        "by_instances",
        "client_errors",
        "container_us",
        "model_errors",
        "model_us",
        "overhead_us",
        "server_errors",
    )

    def __init__(self) -> None:
        self.by_instances: defaultdict[int, int] = defaultdict(int)
        """Invocations by the number of instances that the variant had."""
        self.client_errors = 0
        self.server_errors = 0
        self.model_errors = 0
        self.model_us: defaultdict[int, int] = defaultdict(int)
        self.overhead_us: defaultdict[int, int] = defaultdict(int)
        self.container_us: dict[str, defaultdict[int, int]] = {}


class InvocationTally:
    """An observer of the data plane. Belongs to the event loop of the data plane."""

    def __init__(self) -> None:
        self._counts: dict[Served, Counts] = {}

    def record(
        self,
        route: Route,
        variant: VariantRoute,
        failed_with: int | None,
        model_us: int,
        overhead_us: int,
        container_us: Sequence[tuple[str, int]],
    ) -> None:
        """Counts one invocation.

        `failed_with` is None when the containers answered; else the failing container's HTTP status, 0 without one.
        """
        served = Served(route.region, route.endpoint_name, route.config_name, variant.name)
        counts = self._counts.get(served)
        if counts is None:
            counts = self._counts[served] = Counts()
        counts.by_instances[len(variant.instances)] += 1
        counts.model_us[model_us] += 1
        counts.overhead_us[overhead_us] += 1
        # The only container of a model has no latency of its own in CloudWatch: ContainerLatency is for pipelines.
        if len(container_us) > 1:
            for name, latency_us in container_us:
                occurrences = counts.container_us.get(name)
                if occurrences is None:
                    occurrences = counts.container_us[name] = defaultdict(int)
                occurrences[latency_us] += 1
        if failed_with is not None:
            counts.model_errors += 1
            counts.client_errors += 400 <= failed_with < 500
            counts.server_errors += failed_with >= 500

    def take(self) -> dict[Served, Counts]:
        """Everything since the last take."""
        taken, self._counts = self._counts, {}
        return taken
