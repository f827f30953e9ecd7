"""The metrics of asynchronous endpoints that are looked at and not counted. They exist while such an endpoint does.

Source: "Alarms and logs for tracking metrics from asynchronous endpoints".
"""

from __future__ import annotations

from collections.abc import Sequence

from include.sagemaker_local.metrics.distribution import exact
from include.sagemaker_local.metrics.names import INVOCATIONS
from include.sagemaker_local.metrics.publisher import Sampler
from include.sagemaker_local.metrics.series import Datum, Metric
from include.sagemaker_local.store.store import Store


class BacklogSampler:
    """Its own metrics with those of another sampler."""

    def __init__(self, store: Store, others: Sampler) -> None:
        self._store = store
        self._others = others

    async def sample(self) -> Sequence[tuple[str, Datum]]:
        """The metrics of this moment, each with its region."""
        found = list(await self._others.sample())
        for endpoint in self._store.endpoints():
            if endpoint.live is None or endpoint.live.asynchronous is None:
                continue
            waiting = self._store.count_async_requests(endpoint.region, endpoint.name)
            instances = sum(variant.instance_count for variant in endpoint.live.variants)
            values = {
                "ApproximateBacklogSize": float(waiting),
                "HasBacklogWithoutCapacity": float(waiting > 0 and not instances),
            }
            if instances:
                values["ApproximateBacklogSizePerInstance"] = waiting / instances
            for name, value in values.items():
                metric = Metric(INVOCATIONS, name, (("EndpointName", endpoint.name),))
                found.append((endpoint.region, Datum(metric, "None", exact({value: 1}))))
        return found
