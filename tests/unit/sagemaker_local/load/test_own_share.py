from __future__ import annotations

import pytest

from include.sagemaker_local.load.own_share import Spent, share, spent_now, was_the_limit

S = 1_000_000_000


@pytest.mark.parametrize(
    ("ran_s", "waited_s", "expected", "limit"),
    [
        (1, 0, 0.1, False),
        (8.9, 0, 0.89, False),
        (9, 0, 0.9, True),
        (2, 7.5, 0.95, True),  # another process had the core
        (11, 3, 1.0, True),  # clocks that do not agree to the last tick
    ],
)
def test_what_it_ran_and_what_it_waited_for_a_core_count(
    ran_s: float, waited_s: float, expected: float, limit: bool
) -> None:
    own = share(Spent(5 * S, 3 * S, S), Spent(15 * S, round((3 + ran_s) * S), round((1 + waited_s) * S)))

    assert own == pytest.approx(expected)
    assert was_the_limit(own) is limit


def test_no_time_is_no_share() -> None:
    assert share(Spent(1, 1, 1), Spent(1, 2, 2)) == 0


def test_what_was_spent_only_grows() -> None:
    before = spent_now()
    sum(range(100_000))
    after = spent_now()

    assert after.at_ns > before.at_ns
    assert after.ran_ns >= before.ran_ns > 0
    assert after.waited_ns >= before.waited_ns
