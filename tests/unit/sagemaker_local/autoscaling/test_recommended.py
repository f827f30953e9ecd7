from __future__ import annotations

import pytest

from include.sagemaker_local.autoscaling.recommended import (
    Benchmarked,
    RecommendedScaling,
    Traffic,
    recommend_scaling,
)


def test_the_numbers_of_aws_s_notebook() -> None:
    """500 requests a second at most and 70 at least, on instances that carry 55 % of 20,000 a minute."""
    found = Benchmarked(20_000, 12, 1, vcpus=4)

    scaling = recommend_scaling(found, Traffic(70 * 60, 500 * 60), 55)

    # upper_limit 11,000; tps 183.3; ceil(70 / tps) and ceil(500 / tps * 1.2), as its cells compute them
    assert scaling == RecommendedScaling(1, 4, 11_000, 220)


@pytest.mark.parametrize(
    ("found", "expected", "percent", "scaling"),
    [
        (Benchmarked(1000, 5, 1, 2), Traffic(1000, 5000), 50, RecommendedScaling(2, 12, 500, 100)),
        # exactly full, and one more than that
        (Benchmarked(1000, 5, 1, 2), Traffic(500, 2500), 50, RecommendedScaling(1, 6, 500, 100)),
        (Benchmarked(1000, 5, 1, 2), Traffic(501, 2501), 50, RecommendedScaling(2, 7, 500, 100)),
        # of three instances, each carries a third
        (Benchmarked(1113, 5, 3, 4), Traffic(0, 1000), 100, RecommendedScaling(1, 4, 371, 400)),
        # without an expectation: one instance at least, the load test's own traffic at most
        (Benchmarked(1000, 5, 1, 2), Traffic(), 50, RecommendedScaling(1, 3, 500, 100)),
        (Benchmarked(1000, 5, 1, 2), Traffic(least=5000), 50, RecommendedScaling(10, 10, 500, 100)),
        (Benchmarked(1000, 5, 1, 2), Traffic(most=100), 100, RecommendedScaling(1, 1, 1000, 200)),
        # too slow for a share of it, or not even one a minute: a target must be above 0
        (Benchmarked(1, 59_000, 1, 2), Traffic(1, 2), 1, RecommendedScaling(1, 3, 1, 2)),
        (Benchmarked(0, 59_000, 1, 2), Traffic(1, 2), 50, RecommendedScaling(1, 3, 1, 100)),
        # an instance type that is not in the table
        (Benchmarked(1000, 5, 1), Traffic(), 50, RecommendedScaling(1, 3, 500, None)),
    ],
)
def test_scaling(found: Benchmarked, expected: Traffic, percent: int, scaling: RecommendedScaling) -> None:
    assert recommend_scaling(found, expected, percent) == scaling
