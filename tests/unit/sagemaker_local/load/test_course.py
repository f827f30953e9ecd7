from __future__ import annotations

import json

import pytest

from include.sagemaker_local.load.course import (
    ConstantRate,
    ConstantUsers,
    Course,
    Phase,
    Phases,
    Ramp,
    Stairs,
    Step,
    course_from_json,
    course_to_json,
    next_step,
    steps_of,
)
from include.sagemaker_local.load.ramp import MAX_USERS, READING_PRECISION, SEARCH_PRECISION
from include.sagemaker_local.load.rules import StopReason, StopRules
from tests.fakes.stages import closed_loop, ramp, stage


def step(users: int) -> Step:
    """A stage of a ramp's search after the first one."""
    return Step(users, warm_up_s=0.5, stage_s=1.5, precision=SEARCH_PRECISION)


def lengths(course: Phases | Stairs) -> list[tuple[int, float]]:
    return [(each.users, round(each.warm_up_s + (each.duration_s or 0), 9)) for each in steps_of(course)]


def test_users_double_from_one_until_throughput_is_flat() -> None:
    stages, reason = ramp(closed_loop(workers=4, service_ms=10))

    assert [each.users for each in stages] == [1, 2, 4, 8, 16]
    assert reason is StopReason.FLAT


def test_one_flat_stage_is_not_yet_a_plateau() -> None:
    assert next_step(Ramp(), [stage(1, 100), stage(2, 200), stage(4, 200)], StopRules()) == step(8)


def test_less_than_a_fifth_more_for_twice_the_users_counts_as_flat() -> None:
    flat = [stage(1, 100), stage(2, 119), stage(4, 143)]
    growing = [stage(1, 100), stage(2, 119), stage(4, 145)]

    assert next_step(Ramp(), flat, StopRules()) is StopReason.FLAT
    assert next_step(Ramp(), growing, StopRules()) == step(8)


def test_the_first_stage_has_a_longer_warm_up_for_an_endpoint_that_nobody_has_asked_yet() -> None:
    assert next_step(Ramp(3.0), [], StopRules()) == Step(1, warm_up_s=1.0, stage_s=1.5, precision=SEARCH_PRECISION)


def test_the_warm_up_lasts_until_what_was_under_way_is_answered() -> None:
    following = next_step(Ramp(3.0), [stage(1, 0.8, model_ms=1250), stage(2, 0.8, model_ms=2500)], StopRules())

    assert isinstance(following, Step)
    assert following.warm_up_s == 3.75


def test_the_corner_is_looked_at_more_closely_than_the_search() -> None:
    stages = [stage(1, 100), stage(2, 200), stage(4, 300), stage(8, 300), stage(16, 300)]

    assert next_step(Ramp(3.0), stages, StopRules()) == Step(3, warm_up_s=0.5, stage_s=3.0, precision=READING_PRECISION)


def test_flat_invocations_continue_goes_on_to_the_largest_number_of_users() -> None:
    stages, reason = ramp(closed_loop(workers=1, service_ms=50), StopRules(stop_when_flat=False))

    assert reason is StopReason.MAX_USERS
    assert max(each.users for each in stages) == MAX_USERS


def test_an_endpoint_that_never_saturates_ends_too() -> None:
    stages, reason = ramp(closed_loop(workers=10_000, service_ms=500))

    assert (stages[-1].users, reason) == (MAX_USERS, StopReason.MAX_USERS)


def test_one_per_cent_of_failures_stops() -> None:
    just_below = stage(1, 99.1, failures=9)  # 9 of 1,000
    exactly = stage(1, 99, failures=10)  # 10 of 1,000

    assert next_step(Ramp(), [just_below], StopRules()) == step(2)
    assert next_step(Ramp(), [exactly], StopRules()) is StopReason.FAILURES


def test_a_stage_in_which_nothing_was_answered_has_failed() -> None:
    assert next_step(Ramp(), [stage(1, 0)], StopRules()) is StopReason.FAILURES


def test_the_latency_threshold_stops_only_when_exceeded() -> None:
    rules = StopRules(latency_percentile=95, latency_limit_ms=100)

    assert next_step(Ramp(), [stage(1, 10, model_ms=100)], rules) == step(2)
    assert next_step(Ramp(), [stage(1, 10, model_ms=101)], rules) is StopReason.LATENCY


def test_the_wanted_number_of_invocations_a_minute_stops() -> None:
    rules = StopRules(max_invocations_per_minute=600)

    assert next_step(Ramp(), [stage(1, 9.9)], rules) == step(2)
    assert next_step(Ramp(), [stage(1, 10)], rules) is StopReason.MAX_INVOCATIONS


def test_a_phase_gains_users_at_its_spawn_rate() -> None:
    phase = Phases((Phase(initial_users=1, spawn_per_minute=2, duration_s=120),))

    assert lengths(phase) == [(1, 30), (2, 30), (3, 30), (4, 30)]


def test_a_phase_ends_when_its_time_is_over_whether_or_not_a_user_is_due() -> None:
    phase = Phases((Phase(initial_users=3, spawn_per_minute=1, duration_s=150),))

    assert lengths(phase) == [(3, 60), (4, 60), (5, 30)]


def test_rounding_leaves_no_step_of_nothing() -> None:
    phase = Phases((Phase(initial_users=1, spawn_per_minute=0.7, duration_s=3 * 60 / 0.7),))

    assert [users for users, _ in lengths(phase)] == [1, 2, 3]


def test_a_phase_without_new_users_is_one_step() -> None:
    assert lengths(Phases((Phase(2, 0, 240), Phase(3, 3, 40)))) == [(2, 240), (3, 20), (4, 20)]


def test_stairs_share_their_duration_among_their_steps() -> None:
    assert lengths(Stairs(duration_s=600, steps=5, users_per_step=2)) == [
        (2, 120),
        (4, 120),
        (6, 120),
        (8, 120),
        (10, 120),
    ]


def test_the_warm_up_takes_a_third_of_a_short_step_and_five_seconds_of_a_long_one() -> None:
    short, long = steps_of(Phases((Phase(1, 0, 3), Phase(1, 0, 3600))))

    assert (short.warm_up_s, short.duration_s) == (1, 2)
    assert (long.warm_up_s, long.duration_s) == (5, 3595)


def test_a_course_that_is_laid_down_ends_with_its_last_step() -> None:
    stages, reason = ramp(closed_loop(workers=100, service_ms=10), course=Stairs(300, 3, 2))

    assert [each.users for each in stages] == [2, 4, 6]
    assert reason is StopReason.COURSE_OVER


def test_the_conditions_for_stopping_end_a_laid_down_course_too() -> None:
    pattern = Phases((Phase(1, 3, 600),))
    rules = StopRules(latency_percentile=95, latency_limit_ms=35, stop_when_flat=False)

    stages, reason = ramp(closed_loop(workers=1, service_ms=10), rules, pattern)

    assert (stages[-1].users, reason) == (4, StopReason.LATENCY)


def test_flat_invocations_end_a_laid_down_course_too() -> None:
    stages, reason = ramp(closed_loop(workers=2, service_ms=10), course=Stairs(3000, 25, 1))

    assert (stages[-1].users, reason) == (4, StopReason.FLAT)


def test_phases_of_the_same_users_say_nothing_about_the_plateau() -> None:
    pattern = Phases(tuple(Phase(2, 0, 120) for _ in range(5)))

    stages, reason = ramp(closed_loop(workers=4, service_ms=10), course=pattern)

    assert (len(stages), reason) == (5, StopReason.COURSE_OVER)


def test_constant_loads_are_one_step() -> None:
    assert list(steps_of(ConstantUsers(16, 30, 2))) == [Step(16, warm_up_s=2, duration_s=30)]
    assert list(steps_of(ConstantRate(50, 30, 64, 2))) == [Step(64, 50, warm_up_s=2, duration_s=30)]


@pytest.mark.parametrize(
    "course",
    [
        Ramp(1.5),
        Phases((Phase(1, 2, 120), Phase(5, 0, 240))),
        Stairs(600, 5, 1),
        ConstantUsers(16, 30, 2),
        ConstantRate(50, 30, 64, 2),
    ],
)
def test_a_course_survives_json(course: Course) -> None:
    assert course_from_json(json.loads(json.dumps(course_to_json(course)))) == course


def test_what_is_no_course_is_refused() -> None:
    with pytest.raises(KeyError):
        course_from_json({"kind": "spiral"})
