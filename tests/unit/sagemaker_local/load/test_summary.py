from __future__ import annotations

import random

import pytest

from include.sagemaker_local.load.rules import StopReason, StopRules
from include.sagemaker_local.load.stage import Failure, StageResult
from include.sagemaker_local.load.summary import LoadFailure, LoadSummary, summarise
from tests.fakes.stages import DEFAULT, Endpoint, closed_loop, ramp, stage


def summary_of(endpoint: Endpoint, rules: StopRules | None = None) -> LoadSummary:
    stages, _ = ramp(endpoint, rules)
    summary = summarise(DEFAULT, stages, rules or StopRules())
    assert isinstance(summary, LoadSummary)
    return summary


@pytest.mark.parametrize(
    ("workers", "service_ms"), [(1, 1.5), (1, 400), (2, 10), (3, 20), (4, 12.5), (5, 9), (6, 8), (16, 30), (100, 50)]
)
def test_known_service_time_and_workers_give_the_known_capacity(workers: int, service_ms: float) -> None:
    summary = summary_of(closed_loop(workers, service_ms))

    assert summary.max_invocations == pytest.approx(60_000 / service_ms * workers, rel=0.002)


@pytest.mark.parametrize("workers", range(1, 121))
def test_every_number_of_workers_is_found(workers: int) -> None:
    summary = summary_of(closed_loop(workers, service_ms=200))

    assert summary.max_invocations == pytest.approx(300 * workers, rel=0.05)
    assert summary.model_latency_ms == pytest.approx(200, rel=0.05)


@pytest.mark.parametrize("seed", range(20))
def test_stages_that_scatter_by_five_per_cent_move_the_result_by_no_more(seed: int) -> None:
    generator = random.Random(seed)
    summary = summary_of(closed_loop(3, 20, noise=lambda: generator.uniform(0.95, 1.05)))

    assert summary.max_invocations == pytest.approx(9_000, rel=0.05)


def test_users_that_only_gain_a_larger_part_of_a_busy_host_do_not_hide_the_plateau() -> None:
    """Measured on two cores beside nine other busy processes: throughput creeps on, latency explodes."""
    per_second = {1: 66, 2: 93, 4: 105, 5: 114, 6: 122, 8: 135, 16: 138, 32: 161, 64: 199, 128: 190}
    summary = summary_of(lambda users: stage(users, per_second[users], model_ms=1000 * users / per_second[users]))

    assert summary.stage.users == 8
    assert summary.model_latency_ms == 59


def test_latency_is_read_where_the_plateau_begins_and_not_where_users_wait_in_line() -> None:
    summary = summary_of(closed_loop(workers=4, service_ms=50))

    assert (summary.stage.users, summary.model_latency_ms) == (4, 50)


def test_invocations_are_the_plateau_s_height_and_latency_is_read_where_it_begins() -> None:
    per_second = {1: 100, 2: 200, 4: 380, 8: 400, 16: 404}
    summary = summary_of(lambda users: stage(users, per_second[users], model_ms=10 * max(1, users / 4)))

    assert (summary.stage.users, summary.model_latency_ms) == (4, 10)
    assert summary.max_invocations == 402 * 60
    assert [each.users for each in summary.plateau] == [8, 16]
    assert int(summary.per_minute) == summary.max_invocations != int(summary.stage.per_second * 60)


def test_throughput_that_falls_off_does_not_hide_the_better_stage() -> None:
    per_second = {1: 100, 2: 190, 4: 150, 8: 90}
    summary = summary_of(lambda users: stage(users, per_second[users]))

    assert (summary.stage.users, summary.max_invocations) == (2, 190 * 60)


def test_failures_give_the_last_good_stage() -> None:
    summary = summary_of(lambda users: stage(users, users * 100, failures=100 if users == 8 else 0))

    assert summary.stopped_by is StopReason.FAILURES
    assert (summary.stage.users, summary.max_invocations) == (4, 400 * 60)


def test_failures_from_the_first_stage_are_a_failure_with_the_service_s_words() -> None:
    failure = summarise(DEFAULT, [stage(1, 0, failures=40)], StopRules())

    assert failure == LoadFailure(
        "ModelError when calling InvokeEndpoint: the model could not process the payload. "
        "40 of 40 requests of 1 user(s) failed (5xx: 40). The first one got: HTTP 424 it broke"
    )


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (Failure.TIMEOUT, "the invocation timed out waiting for the container"),
        (Failure.CONNECTION, "the endpoint could not be reached"),
        (Failure.CLIENT_ERROR, "the model could not process the payload"),
    ],
)
def test_each_kind_of_failure_has_its_own_words(kind: Failure, words: str) -> None:
    failure = summarise(DEFAULT, [stage(1, 0, failures=4, kind=kind)], StopRules())

    assert isinstance(failure, LoadFailure)
    assert words in failure.reason


def test_no_answer_at_all_reads_as_a_timeout() -> None:
    failure = summarise(DEFAULT, [StageResult(users=1, span_s=0, succeeded=0)], StopRules())

    assert isinstance(failure, LoadFailure)
    assert "timed out waiting for the container" in failure.reason


def test_the_latency_threshold_gives_the_last_stage_below_it() -> None:
    rules = StopRules(latency_percentile=95, latency_limit_ms=120)
    summary = summary_of(lambda users: stage(users, users * 10, model_ms=50 * users), rules)

    assert summary.stopped_by is StopReason.LATENCY
    assert (summary.stage.users, summary.model_latency_ms) == (2, 100)


def test_an_endpoint_too_slow_for_one_user_is_measured_all_the_same() -> None:
    rules = StopRules(latency_percentile=99, latency_limit_ms=200)
    summary = summary_of(closed_loop(workers=1, service_ms=250), rules)

    assert (summary.max_invocations, summary.model_latency_ms) == (240, 250)


def test_the_wanted_invocations_are_reported_from_the_stage_that_reached_them() -> None:
    per_second = {1: 9.8, 2: 10.1}
    summary = summary_of(lambda users: stage(users, per_second[users]), StopRules(max_invocations_per_minute=600))

    assert summary.max_invocations == 606


def test_latency_below_a_millisecond_is_not_reported_as_zero() -> None:
    assert summary_of(closed_loop(workers=1, service_ms=0.2)).model_latency_ms == 1


def test_answers_without_container_latency_are_no_measurement() -> None:
    silent = [StageResult(users=users, span_s=10, succeeded=1000) for users in (1, 2, 4)]

    failure = summarise(DEFAULT, silent, StopRules())

    assert isinstance(failure, LoadFailure)
    assert "did not say how long" in failure.reason


def test_an_unfinished_ramp_has_no_summary() -> None:
    with pytest.raises(ValueError, match="not finished"):
        summarise(DEFAULT, [stage(1, 100)], StopRules())
