from __future__ import annotations

import json

from include.sagemaker_local.load.histogram import Histogram
from include.sagemaker_local.load.progress import Progress
from include.sagemaker_local.load.stage import Failure


def test_it_survives_json() -> None:
    latency = Histogram()
    latency.record(1_234, 3)
    progress = Progress(12.5, 0.5, 4, 3, {Failure.TIMEOUT: 1}, latency, latency, rate_per_s=8.0, waiting=2)

    assert Progress.from_json(json.loads(json.dumps(progress.to_json()))) == progress


def test_throughput_is_of_predictions_and_requests_are_all_that_ended() -> None:
    progress = Progress(0, 0.5, 4, 3, {Failure.TIMEOUT: 1, Failure.SERVER_ERROR: 1})

    assert (progress.requests, progress.failed, progress.per_second) == (5, 2, 6.0)
    assert Progress(0, 0, 1).per_second == 0
