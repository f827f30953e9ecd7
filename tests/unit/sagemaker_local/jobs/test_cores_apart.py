"""Which cores the load generator gets, and that the gateway goes back to its own when no load is left."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection
from pathlib import Path

import pytest

from include.sagemaker_local.deployment import Container, Deployment, VariantPlan
from include.sagemaker_local.jobs.cores_apart import CoresApart, cores_beside, in_words
from include.sagemaker_local.supervisor.fleet import Fleet, plan_fleet
from tests.fakes.log_sink import RememberedLogs

linux = pytest.mark.skipif(sys.platform != "linux", reason="processes are kept to cores on Linux only")


@pytest.mark.parametrize(
    ("loaded", "busy", "cores"),
    [
        ({0, 1}, {0, 1}, (2, 3)),
        ({0, 1}, {0, 1, 2}, (3,)),  # a fleet beside it has core 2
        ({0, 1}, {0, 1, 2, 3}, (2, 3)),  # another endpoint's fleet is idle, or so is this better than the loaded one's
        ({0, 1, 2, 3}, {0, 1, 2, 3}, ()),
        (set(), set(), (0, 1, 2, 3)),  # nothing is known of an endpoint elsewhere
    ],
)
def test_the_generator_gets_what_no_fleet_has_and_else_what_the_loaded_one_has_not(
    loaded: set[int], busy: set[int], cores: tuple[int, ...]
) -> None:
    assert cores_beside(range(4), loaded, busy) == cores


def test_the_result_says_whether_they_are_apart() -> None:
    assert in_words((2, 3)) == "load generator and gateway run on core(s) 2, 3, apart from the instance's"
    assert "share them" in in_words(())


class Machine:
    """Four cores (4 to 7), and who was kept to which."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.kept: list[tuple[int, tuple[int, ...]]] = []
        monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {4, 5, 6, 7})
        monkeypatch.setattr(os, "sched_setaffinity", self.keep)

    def keep(self, pid: int, cores: Collection[int]) -> None:
        if pid == 13:
            raise ProcessLookupError
        self.kept.append((pid, tuple(cores)))


def fleet(directory: Path, endpoint: str, instance_type: str, first_cpu: int) -> Fleet:
    plan = VariantPlan("v", "m", instance_type, 1, 1.0, (Container("c", "image", None),), first_cpu=first_cpu)
    return plan_fleet("r", endpoint, Deployment("config", (plan,)), directory, RememberedLogs())


@linux
def test_generator_and_gateway_keep_away_from_the_instances_cores_while_it_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine, fleets = Machine(monkeypatch), [fleet(tmp_path, "e", "ml.c5.large", 1)]
    cores = CoresApart(lambda: fleets, lambda: [12, 13])

    with cores.apart("r", "e") as first:
        assert first == (4, 7)
        assert machine.kept == [(12, (4, 7))]  # 13 has just ended
        fleets.append(fleet(tmp_path, "f", "ml.m5.large", 3))
        with cores.apart("r", "f") as second:
            assert second == (5, 6)  # those of e, for there are no others
        assert len(machine.kept) == 2  # e is still loaded
    assert machine.kept[-1] == (12, (4, 5, 6, 7))


@linux
def test_an_instance_that_has_the_whole_machine_leaves_all_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine, whole = Machine(monkeypatch), fleet(tmp_path, "e", "ml.c5.xlarge", 0)
    with CoresApart(lambda: [whole], lambda: [12]).apart("r", "e") as cores:
        assert cores == ()
        assert machine.kept == []
