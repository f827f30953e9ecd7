from __future__ import annotations

import pytest

from include.sagemaker_local.instance_types import InstanceType
from include.sagemaker_local.jobs.host import Host
from include.sagemaker_local.jobs.schedule import Lanes, duration_s, lanes, too_late

LARGE = InstanceType("ml.c5.large", 2, 4, 0.102)
XLARGE = InstanceType("ml.c5.xlarge", 4, 8, 0.204)
BIG = Host(cores=32, memory_gib=64)


@pytest.mark.parametrize("allowed", [None, 1])
def test_one_at_a_time_unless_the_job_allows_more(allowed: int | None) -> None:
    assert lanes(allowed, [LARGE] * 5, BIG) == Lanes(1, 2)


def test_as_many_as_the_job_allows_where_the_host_has_the_cores() -> None:
    assert lanes(4, [LARGE] * 5, BIG) == Lanes(4, 2)


def test_the_largest_type_decides_since_any_test_may_be_in_any_lane() -> None:
    assert lanes(3, [LARGE, XLARGE, LARGE], BIG) == Lanes(3, 4)


def test_more_lanes_than_tests_are_of_no_use() -> None:
    assert lanes(10, [LARGE] * 2, BIG) == Lanes(2, 2)
    assert lanes(10, [], BIG).count == 1


def test_cores_for_generators_and_gateway_are_left_free() -> None:
    """Two tests on 2 vCPUs each need 2 * (2 + 1) + 1 cores."""
    assert lanes(2, [LARGE] * 2, Host(7, 64)).count == 2
    assert lanes(2, [LARGE] * 2, Host(6, 64)).count == 1


def test_memory_counts_too() -> None:
    assert lanes(4, [LARGE] * 4, Host(32, 9.0)).count == 2


def test_a_host_that_cannot_says_why() -> None:
    held = lanes(2, [LARGE] * 5, Host(2, 7.7))

    assert held.count == 1
    assert held.reason == (
        "MaxParallelOfTests is 2, and 1 at a time is what this host can do: 2 tests side by side need 7 cores and "
        "8 GiB of memory for instances of 2 vCPUs, their load generators and the gateway, and it has 2 cores and "
        "7.7 GiB"
    )


def test_jobs_without_a_duration_have_that_of_their_kind() -> None:
    assert duration_s(None, advanced=False) == 45 * 60
    assert duration_s(None, advanced=True) == 18_000
    assert duration_s(600, advanced=True) == duration_s(600, advanced=False) == 600


def test_after_the_duration_no_test_begins() -> None:
    assert too_late(599.9, 600) is None
    assert too_late(612.4, 600) == (
        "the job has run for 612 s, and after 600 s (JobDurationInSeconds) none begins any more"
    )
