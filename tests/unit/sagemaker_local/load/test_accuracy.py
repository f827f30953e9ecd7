"""Load tests in virtual time on endpoints whose truth is known: `workers` that take 20 ms a request, in one line.

Truth is workers / service time predictions a second, and, as everywhere where the plateau begins, a latency of the
service time: every worker has a request and no request waits.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from include.sagemaker_local.load.course import Ramp
from include.sagemaker_local.load.rules import StopReason, StopRules
from include.sagemaker_local.load.summary import LoadSummary, summarise
from tests.fakes.virtual_endpoint import VirtualEndpoint, run

SERVICE_S = 0.02


def measured(workers: int, service_s: Callable[[], float], seed: int, overhead_s: float = 0.0003) -> LoadSummary:
    """What a Default job finds."""
    jitter = random.Random(seed)
    endpoint = VirtualEndpoint(workers, service_s, lambda: overhead_s * jitter.uniform(0.5, 1.5))
    stages, reason = run(Ramp(), endpoint)
    assert reason is StopReason.FLAT
    summary = summarise(Ramp(), stages, StopRules())
    assert isinstance(summary, LoadSummary)
    return summary


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("workers", [1, 3, 6])
def test_service_of_known_time_is_found_within_five_per_cent(workers: int, seed: int) -> None:
    noise = random.Random(1000 + seed)
    summary = measured(workers, lambda: SERVICE_S * noise.uniform(0.95, 1.05), seed)

    assert summary.max_invocations == pytest.approx(60 * workers / SERVICE_S, rel=0.05)
    assert summary.stage.model_latency.mean_us() == pytest.approx(SERVICE_S * 1e6, rel=0.05)


def test_a_steady_endpoint_is_measured_within_ten_seconds() -> None:
    endpoint = VirtualEndpoint(4, lambda: SERVICE_S)
    run(Ramp(), endpoint)

    assert endpoint.now_s < 10


def test_an_endpoint_that_scatters_is_measured_within_half_a_minute() -> None:
    noise = random.Random(0)
    endpoint = VirtualEndpoint(5, lambda: noise.expovariate(1 / SERVICE_S))
    run(Ramp(), endpoint)

    assert endpoint.now_s < 30


@pytest.mark.parametrize("seed", range(10))
def test_service_times_that_scatter_by_a_third_are_found_within_ten_per_cent(seed: int) -> None:
    noise = random.Random(seed)
    summary = measured(4, lambda: noise.gammavariate(9, SERVICE_S / 9), seed)

    assert summary.max_invocations == pytest.approx(60 * 4 / SERVICE_S, rel=0.1)
    assert summary.stage.model_latency.mean_us() == pytest.approx(SERVICE_S * 1e6, rel=0.1)


@pytest.mark.parametrize("seed", range(5))
def test_time_lost_on_the_way_to_the_containers_is_not_taken_from_the_capacity(seed: int) -> None:
    """As on a busy machine: an eighth of the service time, of which no worker knows."""
    summary = measured(3, lambda: SERVICE_S, seed, overhead_s=SERVICE_S / 8)

    assert summary.stage.users == 3
    assert summary.max_invocations == pytest.approx(60 * 3 / SERVICE_S, rel=0.02)
    assert summary.stage.model_latency.mean_us() == pytest.approx(SERVICE_S * 1e6, rel=0.05)


def test_a_slow_model_is_measured_as_well_as_a_fast_one() -> None:
    summary = measured(3, lambda: 1.5, seed=0)

    assert summary.max_invocations == pytest.approx(120, rel=0.05)
    assert summary.model_latency_ms == 1500
