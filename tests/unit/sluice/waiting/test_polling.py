from __future__ import annotations

import itertools

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sluice.waiting.polling import LEAST_S, Pace

DEFAULT_JOB_S = 45 * 60.0


def looks(length_s: float, expected_s: float, least_s: float = LEAST_S) -> list[float]:
    """The seconds at which work of that length is looked at, to the look that notices its end."""
    pace = Pace(expected_s=expected_s, timeout_s=1e9, least_s=least_s)
    at = [0.0]
    while at[-1] < length_s:
        step_s = pace.until_next_look_s(at[-1])
        assert step_s is not None and step_s >= least_s
        at.append(at[-1] + step_s)
    return at[1:]


def may_be_late_s(length_s: float, share: float) -> float:
    return max(LEAST_S, share * length_s) + 1e-6


@pytest.mark.parametrize("length_s", [0.9 * DEFAULT_JOB_S, DEFAULT_JOB_S])
def test_a_45_minute_job_costs_at_most_60_looks_and_is_noticed_within_2_per_cent(length_s: float) -> None:
    at = looks(length_s, DEFAULT_JOB_S)
    # Operators look before they wait (the attempt, and what was found) and once more to conclude.
    assert len(at) + 4 <= 60
    assert at[-1] - length_s <= may_be_late_s(length_s, 0.02)


@given(st.floats(1, 86_400), st.floats(1, 86_400))
@example(5, 5)
@example(60, 60)
@example(10_800, 10_800)
@example(10_800, 2_700)
def test_what_ends_when_it_should_or_later_is_noticed_within_2_per_cent_or_5_seconds(a: float, b: float) -> None:
    expected_s, length_s = sorted((a, b))
    assert looks(length_s, expected_s)[-1] - length_s <= may_be_late_s(length_s, 0.02)


@given(st.floats(1, 86_400), st.floats(1, 86_400))
@example(30, 2_700)
def test_what_ends_far_too_early_is_noticed_within_a_ninth_of_its_length_or_5_seconds(a: float, b: float) -> None:
    length_s, expected_s = sorted((a, b))
    assert looks(length_s, expected_s)[-1] - length_s <= may_be_late_s(length_s, 0.11)


@pytest.mark.parametrize(
    ("length_s", "expected_s", "at_most"), [(30, 2_700, 6), (10_800, 10_800, 70), (10_800, 2_700, 125)]
)
def test_looks_stay_few_when_the_expectation_is_wrong(length_s: float, expected_s: float, at_most: int) -> None:
    assert len(looks(length_s, expected_s)) <= at_most


def test_whoever_takes_a_wait_up_again_goes_on_with_the_same_steps() -> None:
    pace = Pace(expected_s=2_700, timeout_s=7_200)
    for before, at in itertools.pairwise(looks(2_700, 2_700)):
        assert pace.until_next_look_s(before) == pytest.approx(at - before)


def test_the_last_look_is_at_the_end_of_the_time_and_none_comes_after_it() -> None:
    pace = Pace(expected_s=2_700, timeout_s=100)
    assert pace.until_next_look_s(99) == 1
    assert pace.until_next_look_s(100) is None
    assert pace.within(50).until_next_look_s(50) is None
    assert pace.within(500).timeout_s == 100


def test_a_clock_that_runs_behind_aws_is_no_reason_to_ask_without_end() -> None:
    assert Pace(expected_s=60, timeout_s=100).until_next_look_s(-30) == LEAST_S
