from __future__ import annotations

from dataclasses import replace

import pytest

from include.sagemaker_local.load.confidence import Bounds, mean_latency_bounds_us, throughput_bounds
from include.sagemaker_local.load.marks import Marks
from include.sagemaker_local.load.precision import relative_half_width
from include.sagemaker_local.load.rules import StopRules
from include.sagemaker_local.load.stage import StageResult
from include.sagemaker_local.load.summary import LoadSummary, summarise
from tests.fakes.stages import DEFAULT, Endpoint, ramp, stage

STEADY = Marks(1, tuple(float(moment) for moment in range(33)))
UNSTEADY = Marks(1, tuple(float(moment) for four in range(10) for moment in (4 * four, 4 * four + 0.1)))


def summary_of(endpoint: Endpoint) -> LoadSummary:
    stages, _ = ramp(endpoint)
    summary = summarise(DEFAULT, stages, StopRules())
    assert isinstance(summary, LoadSummary)
    return summary


def test_a_stage_whose_answers_keep_time_is_known_exactly() -> None:
    steady = replace(stage(4, 100, model_ms=40), marks=STEADY)

    assert throughput_bounds(steady) == Bounds(100, 100)
    assert mean_latency_bounds_us(steady, steady.model_latency) == Bounds(40_000, 40_000)


def test_the_mean_of_two_stages_is_known_better_than_each() -> None:
    unsteady = replace(stage(4, 100), marks=UNSTEADY)
    one, two = throughput_bounds(unsteady), throughput_bounds(unsteady, unsteady)

    assert one is not None
    assert two is not None
    assert (two.high - 100) * 2**0.5 == pytest.approx(one.high - 100)


def test_in_a_closed_loop_latency_is_known_as_well_as_throughput() -> None:
    unsteady = replace(stage(4, 100, model_ms=40), marks=UNSTEADY)
    share = relative_half_width(UNSTEADY)
    assert share
    latency = mean_latency_bounds_us(unsteady, unsteady.model_latency)

    assert latency is not None
    assert latency.low == pytest.approx(40_000 * max(0, 1 - share))
    assert latency.high == pytest.approx(40_000 * (1 + share))


def test_the_latency_of_an_open_loop_has_no_bounds() -> None:
    at_a_rate = replace(stage(4, 100), marks=STEADY, rate_per_s=100)

    assert mean_latency_bounds_us(at_a_rate, at_a_rate.latency) is None


def test_too_few_answers_have_no_bounds() -> None:
    assert throughput_bounds(stage(1, 100)) is None


def test_a_summary_tells_bounds_in_the_units_of_its_figures() -> None:
    summary = summary_of(lambda users: replace(stage(users, 100, model_ms=10 * users), marks=STEADY))

    assert summary.max_invocations_bounds == Bounds(6000, 6000)
    assert summary.model_latency_bounds_ms == Bounds(10, 10)
    assert summary.model_latency_percentile_ms(95) == 10
    assert summary.warnings == ()


def test_a_generator_that_was_the_limit_on_the_plateau_is_told() -> None:
    def endpoint(users: int) -> StageResult:
        busy = users >= 4
        return replace(stage(users, 100 * min(users, 2)), generator_busy=busy, generator_share=0.95 if busy else 0.2)

    (warning,) = summary_of(endpoint).warnings

    assert warning.startswith("The load generator itself was the limit with 4 users, of a core of which it took 95%")


def test_a_throughput_that_is_hardly_known_is_told() -> None:
    (warning,) = summary_of(lambda users: replace(stage(users, 100), marks=UNSTEADY)).warnings

    assert "% only" in warning


def test_throughput_that_grew_to_the_end_is_told() -> None:
    (warning,) = summary_of(lambda users: stage(users, 10 * users)).warnings

    assert "still grew with 256 users" in warning
