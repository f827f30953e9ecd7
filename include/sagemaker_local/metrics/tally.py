"""Invocations counted on the path of a request: additions to numbers in memory and nothing else.

The publisher takes everything every interval. Latencies are counted by whole microseconds and put into histograms
only then, so that a request pays for one dictionary entry each.
PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import partial

from include.sagemaker_local.routes import Route, VariantRoute


class Counts:
    """What one variant of one route has answered. Latencies are in microseconds, each with its occurrences."""

    __slots__ = (
        "client_errors",
        "container_us",
        "containers",
        "invocations",
        "is_pipeline",
        "model_errors",
        "model_us",
        "overhead_us",
        "route",
        "server_errors",
        "variant",
    )

    def __init__(self, route: Route, variant: VariantRoute) -> None:
        self.route = route
        self.variant = variant
        self.is_pipeline = any(len(instance.hops) > 1 for instance in variant.instances)
        self.invocations = 0
        self.client_errors = 0
        self.server_errors = 0
        self.model_errors = 0
        self.model_us: defaultdict[int, int] = defaultdict(int)
        self.overhead_us: defaultdict[int, int] = defaultdict(int)
        self.container_us: defaultdict[str, defaultdict[int, int]] = defaultdict(partial(defaultdict, int))
        # Of a variant that is invoked directly: each container's own counts, by its name.
        self.containers: dict[str, Counts] = {}

    def add(
        self, failed_with: int | None, model_us: int, overhead_us: int, container_us: Sequence[tuple[str, int]]
    ) -> None:
        """One invocation more; see `InvocationTally.record`."""
        self.invocations += 1
        self.model_us[model_us] += 1
        self.overhead_us[overhead_us] += 1
        # The only container of a model has no latency of its own in CloudWatch: ContainerLatency is for pipelines.
        if self.is_pipeline:
            for name, latency_us in container_us:
                self.container_us[name][latency_us] += 1
        if failed_with is not None:
            self.model_errors += 1
            self.client_errors += 400 <= failed_with < 500
            self.server_errors += failed_with >= 500


class InvocationTally:
    """An observer of the data plane. Belongs to the event loop of the data plane."""

    def __init__(self) -> None:
        # By the variant's identity, which is cheaper to look up than four names; Counts keeps the object alive, so that
        # its number is not given to another one meanwhile.
        self._counts: dict[int, Counts] = {}
        self._replaced: list[Counts] = []

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
        counts = self._counts.get(id(variant))
        if counts is None or counts.route is not route:
            counts = self._begin(route, variant)
        counts.add(failed_with, model_us, overhead_us, container_us)
        if variant.direct:
            ((name, _),) = container_us
            if name not in counts.containers:
                counts.containers[name] = Counts(route, variant)
            counts.containers[name].add(failed_with, model_us, overhead_us, ())

    def take(self) -> list[Counts]:
        """Everything since the last take. Several may be for one variant, when its route has changed."""
        taken = [*self._replaced, *self._counts.values()]
        self._counts, self._replaced = {}, []
        return taken

    async def gather(self) -> list[Counts]:
        """As `take`, for those who would ask other processes too."""
        return self.take()

    def _begin(self, route: Route, variant: VariantRoute) -> Counts:
        before = self._counts.get(id(variant))
        if before is not None:
            self._replaced.append(before)
        counts = self._counts[id(variant)] = Counts(route, variant)
        return counts
