"""Which stage the figures come from, and what is said against them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from include.sagemaker_local.load.course import ConstantRate, ConstantUsers, Course, Ramp, Stairs
from include.sagemaker_local.load.rules import StopReason
from include.sagemaker_local.load.stage import Failure, StageResult
from include.sagemaker_local.load.telling import reservations, telling
from tests.fakes.load_tests import ramp, stage

CONSTANT = ConstantUsers(10, 2.0)
FAILED = StageResult(1, 1.0, 0, {Failure.CONNECTION: 5})


@pytest.mark.parametrize(
    ("course", "stages", "stopped_by", "at"),
    [
        (Ramp(), ramp().stages[:4], StopReason.FLAT, 2),
        (Ramp(), ramp().stages, StopReason.FAILURES, 2),
        (Ramp(), (FAILED,), StopReason.FAILURES, None),
        (Stairs(4.0, 2, 1), (stage(1, 100, 10), stage(2, 200, 10)), StopReason.COURSE_OVER, 1),
        (CONSTANT, (stage(10, 500, 20, failed=100),), StopReason.FAILURES, 0),
        (CONSTANT, (FAILED,), StopReason.FAILURES, None),
        (Ramp(), ramp().stages[:2], None, 1),
        (Ramp(), (*ramp().stages[:2], FAILED), None, 1),
        (Ramp(), (), None, None),
    ],
)
def test_the_telling_stage(
    course: Course, stages: Sequence[StageResult], stopped_by: StopReason | None, at: int | None
) -> None:
    assert telling(course, stages, stopped_by) == at


def test_a_good_stage_has_nothing_against_it() -> None:
    assert list(reservations([], stage(10, 500, 20))) == []


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (None, "No request succeeded"),
        (replace(stage(10, 500, 20), generator_busy=True, generator_share=0.97), "load generator itself was the limit"),
        (replace(stage(10, 500, 20), rate_per_s=1000.0), "500 of the wanted 1,000 requests a second were sent"),
        (stage(1, 50, 20), "Only 100 requests succeeded"),
    ],
)
def test_reservations(told: StageResult | None, said: str) -> None:
    (reservation,) = reservations([told] if told else [], told)
    assert said in reservation


def test_a_rate_that_was_kept_is_none() -> None:
    assert list(reservations([], replace(stage(10, 500, 20), rate_per_s=ConstantRate(500, 2.0).rate_per_s))) == []
