"""CPU time and memory from the engine's statistics, with either version of control groups."""

from __future__ import annotations

from typing import Any

import pytest

from include.sagemaker_local.runtime.docker_stats import usage_of
from include.sagemaker_local.runtime.usage import Usage

CPU = {"cpu_usage": {"total_usage": 2_500_000_000}, "system_cpu_usage": 9}
MIB = 1024**2


@pytest.mark.parametrize(
    ("statistics", "usage"),
    [
        ({"cpu_stats": CPU, "memory_stats": {"usage": 50 * MIB, "stats": {"inactive_file": 8 * MIB}}}, 42),
        (
            {
                "cpu_stats": CPU,
                "memory_stats": {"usage": 50 * MIB, "stats": {"total_inactive_file": 9 * MIB, "inactive_file": MIB}},
            },
            41,
        ),
        ({"cpu_stats": CPU, "memory_stats": {"usage": MIB, "stats": {"inactive_file": 2 * MIB}}}, 0),
        ({"cpu_stats": CPU, "memory_stats": {"usage": MIB}}, 1),
    ],
)
def test_memory_without_what_the_kernel_would_give_back(statistics: dict[str, Any], usage: int) -> None:
    assert usage_of(statistics) == Usage(2.5, usage * MIB)


@pytest.mark.parametrize("statistics", [{}, {"cpu_stats": CPU, "memory_stats": {}}, {"memory_stats": {"usage": 1}}])
def test_a_container_that_does_not_run_uses_nothing(statistics: dict[str, Any]) -> None:
    assert usage_of(statistics) is None
