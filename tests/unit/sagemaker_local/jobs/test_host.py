from __future__ import annotations

import pytest

from include.sagemaker_local.instance_types import InstanceType
from include.sagemaker_local.jobs.host import Host, misfit, this_host

HOST = Host(cores=4, memory_gib=15.4)  # what a 16 GiB machine reports


@pytest.mark.parametrize(("vcpus", "memory_gib"), [(1, 2), (4, 16), (4, 8)])
def test_types_up_to_the_host_s_size_fit(vcpus: int, memory_gib: float) -> None:
    assert misfit(InstanceType("ml.x.large", vcpus, memory_gib, 1.0), HOST) is None


@pytest.mark.parametrize(("vcpus", "memory_gib"), [(8, 8), (2, 32), (16, 64)])
def test_larger_types_are_refused_with_both_sizes(vcpus: int, memory_gib: float) -> None:
    reason = misfit(InstanceType("ml.x.large", vcpus, memory_gib, 1.0), HOST)

    assert reason is not None
    assert f"ml.x.large has {vcpus} vCPUs and {memory_gib} GiB of memory" in reason
    assert "this host has 4 cores and 15.4 GiB" in reason


def test_accelerators_are_refused_whatever_the_size() -> None:
    reason = misfit(InstanceType("ml.g.xlarge", 2, 4, 1.0, accelerators=1), HOST)

    assert reason == "ml.g.xlarge has 1 accelerator(s) and this host offers none to containers"


def test_this_host_has_cores_and_memory() -> None:
    host = this_host()

    assert host.cores >= 1
    assert host.memory_gib > 0
