"""Publishes what a job's load generator sees while it runs: Inference Recommender's metrics in CloudWatch."""

from __future__ import annotations

from collections.abc import Callable

from include.sagemaker_local.load.progress import Progress
from include.sagemaker_local.metrics.names import client_data
from include.sagemaker_local.metrics.series import MetricSeries


class ClientMetrics:
    """Adds each second to the datapoint of its interval at once, so that a job can be watched while it runs."""

    def __init__(self, series: MetricSeries, *, interval_s: float) -> None:
        self._series = series
        self._interval_s = interval_s

    def of_test(self, region: str, job_name: str, endpoint_name: str) -> Callable[[Progress], None]:
        """What a load test's progress is to be told to."""

        def publish(progress: Progress) -> None:
            began_s = progress.at_s // self._interval_s * self._interval_s
            self._series.publish(region, began_s, client_data(job_name, endpoint_name, progress))

        return publish
