from __future__ import annotations

from dataclasses import replace

from include.sagemaker_local.load.marks import Marks
from include.sagemaker_local.load.ramp import READING_PRECISION, SEARCH_PRECISION, Look, next_look
from include.sagemaker_local.load.rules import StopReason
from include.sagemaker_local.load.stage import StageResult
from tests.fakes.stages import stage

# Answers in pairs that come 1 s and 3 s after one another: known to 20 % or so.
UNSTEADY = Marks(1, tuple(float(moment) for pair in range(20) for moment in (4 * pair, 4 * pair + 1)))


def rising_to(workers: int, *users: int) -> list[StageResult]:
    return [stage(each, 100 * min(each, workers)) for each in users]


def test_it_begins_with_one_user() -> None:
    assert next_look([], stop_when_flat=True) == Look(1, SEARCH_PRECISION)


def test_a_corner_between_two_stages_is_guessed_from_both_sides() -> None:
    """100 a second for each user, 300 for any number of them: the lines meet at 3."""
    assert next_look(rising_to(3, 1, 2, 4, 8, 16), stop_when_flat=True) == Look(3, READING_PRECISION)
    assert next_look(rising_to(9, 1, 2, 4, 8, 16, 32), stop_when_flat=True) == Look(9, READING_PRECISION)


def test_a_guess_that_was_too_low_is_followed_by_one_more() -> None:
    stages = [*rising_to(7, 1, 2), stage(4, 460), *rising_to(7, 8, 16, 32)]  # the fourth came out too well

    assert next_look(stages, stop_when_flat=True) == Look(6, READING_PRECISION)
    assert next_look([*stages, stage(6, 600)], stop_when_flat=True) == Look(7, READING_PRECISION)
    assert next_look([*stages, stage(6, 600), stage(7, 640)], stop_when_flat=True) is StopReason.FLAT


def test_the_stage_that_the_figures_come_from_is_read_again_when_it_is_not_known_well() -> None:
    stages = rising_to(2, 1, 2, 4, 8)
    stages[1] = replace(stages[1], marks=UNSTEADY)

    assert next_look(stages, stop_when_flat=True) == Look(2, READING_PRECISION)
    assert next_look([*stages, stages[1]], stop_when_flat=True) is StopReason.FLAT  # once


def test_with_continue_it_looks_for_the_corner_after_the_largest_number_of_users() -> None:
    stages = rising_to(3, 1, 2, 4, 8, 16, 32, 64, 128)

    assert next_look(stages, stop_when_flat=False) == Look(256, SEARCH_PRECISION)
    assert next_look([*stages, stage(256, 300)], stop_when_flat=False) == Look(3, READING_PRECISION)
