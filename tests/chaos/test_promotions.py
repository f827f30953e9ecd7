"""Whoever is killed at whatever moment: the run ends right, with one of everything."""

from __future__ import annotations

import pytest

from tests.chaos.conftest import Chaos, chosen_seeds
from tests.chaos.remains import differences, expected

pytestmark = pytest.mark.chaos


@pytest.mark.parametrize("seed", chosen_seeds())
def test_a_run_that_was_struck_ends_right_with_one_of_everything(chaos: Chaos, seed: int) -> None:
    run, found = chaos.of(seed)
    assert sorted(map(str, run.struck)) == sorted(map(str, run.course.strikes)), f"not all came; tasks: {run.states}"
    assert bool(run.throttle and run.throttle.refused.total()) == run.course.throttled
    assert run.state == ("success" if run.course.survives else "failed"), f"{run.states}"
    assert differences(found, expected(run.course, found.live)) == ""
