"""Conditions that fail a load test."""

from __future__ import annotations

import pytest

from include.sagemaker_local.load.stage import StageResult
from include.sagemaker_local.load.threshold import Judged, judge, threshold
from tests.fakes.load_tests import stage

# 99 of 100 requests succeed, nine of ten of those in 20 ms and the others in 60.
STAGE = stage(10, 495, 20, failed=10)


@pytest.mark.parametrize(
    ("text", "crossed", "observed"),
    [
        ("p50>19ms", True, 20),
        ("p50>21ms", False, 20),
        ("p95>0.05s", True, 60),
        ("p99.9<1m", True, 60),
        ("mean>23ms", True, 24),
        ("mean > 25 ms", False, 24),
        ("max>61ms", False, 60),
        ("errors>0.5%", True, 1),
        ("errors>1%", False, 1),
        ("rps<500", True, 495),
        ("rps<490", False, 495),
        ("rps>1000", False, 495),
    ],
)
def test_conditions(text: str, crossed: bool, observed: float) -> None:
    (judged,) = judge([threshold(text)], STAGE)

    assert (judged.fail_if, judged.crossed) == (text, crossed)
    assert judged.observed == pytest.approx(observed, rel=0.004)


@pytest.mark.parametrize(
    ("text", "unit"), [("p95>1ms", "ms"), ("max>1s", "ms"), ("errors>1%", "%"), ("rps<1", "requests/s")]
)
def test_what_was_not_observed_fails_the_test(text: str, unit: str) -> None:
    assert judge([threshold(text)], None) == (Judged(text, None, unit, True),)


def test_a_stage_without_successes_has_a_share_of_errors_and_no_latency() -> None:
    nothing = StageResult(1, 1.0, 0)
    assert judge([threshold("errors>99%"), threshold("p95>1h")], nothing) == (
        Judged("errors>99%", 100.0, "%", True),
        Judged("p95>1h", None, "ms", True),
    )


@pytest.mark.parametrize(
    "text",
    ["", "p95", "p95>200", "p95>fast", "p0>1ms", "p101>1ms", "p95=1ms", "p95>=1ms", "errors>1", "errors>1ms", "rps<5/s",
     "rps<5%", "p95>1%", "latency>1ms", "p95>0ms", "errors>1.2.3%"],
)  # fmt: skip
def test_what_is_no_condition_is_refused_with_examples(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a condition such as p95>200ms"):
        threshold(text)
