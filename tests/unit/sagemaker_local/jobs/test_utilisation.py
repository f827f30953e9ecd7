from __future__ import annotations

import math

import pytest

from include.sagemaker_local.jobs.utilisation import Look, Utilisation, mean, utilisation

# One CPU until 10 s, two from then on; memory grows by a per cent a second.
LOOKS = [Look(at_s, at_s if at_s <= 10 else 10 + 2 * (at_s - 10), at_s) for at_s in map(float, range(21))]


@pytest.mark.parametrize(
    ("begins_s", "ends_s", "cpu", "memory"),
    [
        (0, 10, 100, 5),
        (10, 20, 200, 15),
        (5, 15, 150, 10),
        (9.5, 10.5, 150, 10.5),  # both borders lie between two looks; the look after the end is the memory's
    ],
)
def test_means_over_a_stage(begins_s: float, ends_s: float, cpu: float, memory: float) -> None:
    used = utilisation(LOOKS, begins_s, ends_s)

    assert used.cpu_percent == pytest.approx(cpu)
    assert used.memory_percent == pytest.approx(memory)


def test_a_container_that_was_started_again_has_begun_at_zero() -> None:
    looks = [Look(0, 100, 1), Look(10, 5, 1)]

    assert utilisation(looks, 0, 10).cpu_percent == 50


@pytest.mark.parametrize("looks", [[], LOOKS[:1], LOOKS[:5]])
def test_looks_that_say_little_of_the_stage_say_nothing_of_its_cpus(looks: list[Look]) -> None:
    assert math.isnan(utilisation(looks, 2, 20).cpu_percent)


def test_without_looks_nothing_is_known() -> None:
    used = utilisation([], 0, 10)

    assert math.isnan(used.cpu_percent)
    assert math.isnan(used.memory_percent)
    assert math.isnan(Utilisation().cpu_percent)


def test_instances_are_averaged() -> None:
    assert mean([Look(1, 2, 10), Look(2, 4, 30)]) == Look(2, 3, 20)
    assert mean([]) is None
