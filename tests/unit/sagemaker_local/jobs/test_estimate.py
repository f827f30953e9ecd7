"""The estimator on curves that are known, with and without noise."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from include.sagemaker_local.jobs.estimate import estimate, held_out_error, latency_ms, sizes_to_measure
from include.sagemaker_local.jobs.scaling_curve import Curve, Point, fit

LINEAR = Curve(1000, 0, 0)
AMDAHL = Curve(1000, 0.05, 0)
RETROGRADE = Curve(1000, 0.03, 0.002)


def measured(curve: Curve, sizes: Sequence[int], noise: float = 0, seed: int = 0) -> list[Point]:
    """What a host would measure on such a curve, with a noise of so much (95 %)."""
    chance = random.Random(seed)
    return [Point(size, curve.at(size) * (1 + chance.gauss(0, noise / 1.96)), max(noise, 0.01)) for size in sizes]


@pytest.mark.parametrize("curve", [LINEAR, AMDAHL])
@pytest.mark.parametrize("sizes", [(1, 2), (1, 2, 4), (1, 2, 4, 8)])
def test_a_curve_without_noise_is_found_again(curve: Curve, sizes: tuple[int, ...]) -> None:
    found = fit(measured(curve, sizes))

    assert found.per_vcpu == pytest.approx(curve.per_vcpu)
    assert found.contention == pytest.approx(curve.contention, abs=1e-9)
    assert found.coherency == pytest.approx(0, abs=1e-9)


def test_coherency_needs_six_sizes() -> None:
    found = fit(measured(RETROGRADE, (1, 2, 4, 8, 16, 31)))

    assert found.contention == pytest.approx(0.03)
    assert found.coherency == pytest.approx(0.002)
    assert fit(measured(RETROGRADE, (1, 2, 4, 8, 15))).coherency == 0


def test_more_than_proportional_growth_is_noise_and_no_negative_loss() -> None:
    found = fit([Point(1, 1000, 0.05), Point(2, 2100, 0.05)])

    assert (found.contention, found.coherency) == (0, 0)
    assert 1000 < found.per_vcpu < 1050


def test_what_is_uncertain_counts_less() -> None:
    sure = fit([Point(1, 1000, 0.01), Point(2, 2000, 0.01), Point(4, 2000, 0.5)])

    assert sure.at(2) == pytest.approx(2000, rel=0.01)


@pytest.mark.parametrize("points", [[], [Point(2, 1, 0.1)], [Point(2, 1, 0.1)] * 2, [Point(1, 0, 0.1), Point(2, 1, 1)]])
def test_too_little_is_refused(points: list[Point]) -> None:
    with pytest.raises(ValueError, match="two sizes or more"):
        fit(points)


@pytest.mark.parametrize("curve", [LINEAR, AMDAHL, RETROGRADE])
@pytest.mark.parametrize(("sizes", "vcpus"), [((1, 2, 4), 8), ((1, 2, 4), 16), ((1, 2, 4, 8), 32)])
def test_bounds_hold_the_truth_one_and_two_doublings_further(curve: Curve, sizes: tuple[int, ...], vcpus: int) -> None:
    """95 % are promised where the curve is the right one; nine of ten are kept where so few sizes cannot know it."""
    found = [estimate(measured(curve, sizes, noise=0.1, seed=seed), vcpus) for seed in range(10)]

    assert sum(each.low <= curve.at(vcpus) <= each.high for each in found) >= 9


def test_the_estimate_lies_within_its_bounds_and_they_widen_with_the_distance() -> None:
    points = measured(AMDAHL, (1, 2, 4), noise=0.05, seed=3)
    near, far = estimate(points, 8), estimate(points, 32)

    for found in (near, far):
        assert found.low <= found.per_minute <= found.high
    assert (far.high / far.low) > (near.high / near.low)


def test_two_sizes_promise_nothing_between_no_growth_and_proportional_growth() -> None:
    found = estimate([Point(1, 1000, 0.05), Point(2, 1900, 0.05)], 16)

    assert found.held_out is None
    assert found.low <= 1900
    assert found.high >= 1900 * 8
    assert "two sizes are too few to try the method" in found.in_words()


def test_the_method_is_tried_on_the_largest_measured_size() -> None:
    exact = measured(AMDAHL, (1, 2, 4))
    knee = [Point(1, 1000, 0.05), Point(2, 2000, 0.05), Point(4, 2500, 0.05)]

    assert held_out_error(exact) == pytest.approx(0)
    assert held_out_error(knee) == pytest.approx(4000 / 2500 - 1)
    found = estimate(knee, 8)
    assert "predicted from the others with an error of +60.0%" in found.in_words()
    assert found.high / found.low > estimate(exact, 8).high / estimate(exact, 8).low


# Predictions a minute of a container with 1, 2, 4, 8 and 16 workers, as two runs of `python -m benchmarks.estimate`
# have measured them on two cores that had other work. In the second, 16 workers met a limit that fewer had not met.
RECORDED = ((2527, 4987, 10670, 23102, 45054), (2154, 4590, 11497, 20865, 23588))


@pytest.mark.parametrize(
    ("run", "known", "error", "holds"),
    [
        (0, 2, -0.09, False),  # by 2 predictions a minute
        (0, 3, -0.11, True),
        (0, 4, -0.06, True),
        (1, 2, -0.23, False),  # four times the workers did more than four times as much
        (1, 3, -0.05, True),
        (1, 4, 0.71, False),  # nothing below tells of a limit that nobody has met
    ],
)
def test_held_out_sizes_that_were_measured(run: int, known: int, error: float, holds: bool) -> None:
    points = [Point(2**power, per_minute, 0.05) for power, per_minute in enumerate(RECORDED[run])]
    held_out = points[known]
    found = estimate(points[:known], held_out.vcpus)

    assert found.per_minute / held_out.per_minute - 1 == pytest.approx(error, abs=0.006)
    assert (found.low <= held_out.per_minute <= found.high) is holds


def test_a_size_that_was_measured_is_not_extrapolated() -> None:
    """A type with too much memory for the host, but no more vCPUs."""
    found = estimate(measured(AMDAHL, (1, 2, 4)), 4)

    assert found.per_minute == pytest.approx(AMDAHL.at(4))
    assert found.high / found.low < 1.1


def test_the_words_have_all_that_a_reader_needs() -> None:
    words = estimate([Point(1, 1000, 0.05), Point(2, 1900, 0.05), Point(4, 3500, 0.05)], 16).in_words()

    assert words.startswith("Estimated, not measured: ")
    assert "on 16 vCPUs, between " in words
    assert "(1000 on 1, 1900 on 2, 3500 on 4 vCPUs)" in words
    assert len(words) < 1024


def test_the_same_measurements_have_the_same_bounds() -> None:
    points = measured(AMDAHL, (1, 2, 4), noise=0.1)

    assert estimate(points, 16) == estimate(list(reversed(points)), 16)


@pytest.mark.parametrize(
    ("cores", "sizes"), [(1, (1,)), (2, (1, 2)), (3, (1, 2)), (4, (1, 2, 3)), (8, (1, 2, 4, 7)), (16, (1, 2, 4, 8, 15))]
)
def test_sizes_double_and_leave_a_core_to_the_generator(cores: int, sizes: tuple[int, ...]) -> None:
    assert sizes_to_measure(cores) == sizes


def test_latency_grows_as_throughput_falls_behind_the_users() -> None:
    points = measured(LINEAR, (1, 2))
    assert latency_ms(10, points[-1], estimate(points, 8)) == pytest.approx(10)
    slow = measured(Curve(1000, 1, 0), (1, 2))  # no growth at all
    assert latency_ms(10, slow[-1], estimate(slow, 8)) == pytest.approx(40)
