from __future__ import annotations

from include.sagemaker_local.load.arrivals import MAX_USERS, StopReason, StopRules, next_step
from tests.fakes.stages import closed_loop, ramp, stage


def test_users_double_from_one_until_throughput_is_flat() -> None:
    stages, reason = ramp(closed_loop(workers=4, service_ms=10))

    assert [each.users for each in stages] == [1, 2, 4, 8, 16]
    assert reason is StopReason.FLAT


def test_one_flat_stage_is_not_yet_a_plateau() -> None:
    assert next_step([stage(1, 100), stage(2, 200), stage(4, 200)], StopRules()) == 8


def test_less_than_a_fifth_more_for_twice_the_users_counts_as_flat() -> None:
    flat = [stage(1, 100), stage(2, 119), stage(4, 143)]
    growing = [stage(1, 100), stage(2, 119), stage(4, 145)]

    assert next_step(flat, StopRules()) is StopReason.FLAT
    assert next_step(growing, StopRules()) == 8


def test_flat_invocations_continue_goes_on_to_the_largest_number_of_users() -> None:
    stages, reason = ramp(closed_loop(workers=1, service_ms=50), StopRules(stop_when_flat=False))

    assert reason is StopReason.MAX_USERS
    assert stages[-1].users == MAX_USERS


def test_an_endpoint_that_never_saturates_ends_too() -> None:
    stages, reason = ramp(closed_loop(workers=10_000, service_ms=500))

    assert (stages[-1].users, reason) == (MAX_USERS, StopReason.MAX_USERS)


def test_one_per_cent_of_failures_stops() -> None:
    just_below = stage(1, 99.1, failures=9)  # 9 of 1,000
    exactly = stage(1, 99, failures=10)  # 10 of 1,000

    assert next_step([just_below], StopRules()) == 2
    assert next_step([exactly], StopRules()) is StopReason.FAILURES


def test_a_stage_in_which_nothing_was_answered_has_failed() -> None:
    assert next_step([stage(1, 0)], StopRules()) is StopReason.FAILURES


def test_the_latency_threshold_stops_only_when_exceeded() -> None:
    rules = StopRules(latency_percentile=95, latency_limit_ms=100)

    assert next_step([stage(1, 10, model_ms=100)], rules) == 2
    assert next_step([stage(1, 10, model_ms=101)], rules) is StopReason.LATENCY


def test_the_wanted_number_of_invocations_a_minute_stops() -> None:
    rules = StopRules(max_invocations_per_minute=600)

    assert next_step([stage(1, 9.9)], rules) == 2
    assert next_step([stage(1, 10)], rules) is StopReason.MAX_INVOCATIONS
