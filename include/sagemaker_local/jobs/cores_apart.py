"""Keeps what makes the load, and what passes it on, away from the cores of what is loaded.

An instance has its vCPUs to itself on AWS, and the load comes from elsewhere. Here everything is on one machine: where
it has more cores than the instance needs, the load generator and the gateway processes get those, for as long as the
load lasts. Where it has not, all share what there is, and the result says so.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Protocol

from include.sagemaker_local.supervisor.fleet import Fleet


class Cores(Protocol):
    """Whoever divides the machine's cores during a load test."""

    def apart(self, region: str, endpoint_name: str) -> contextlib.AbstractContextManager[tuple[int, ...]]:
        """For as long as the endpoint is loaded: the cores for the load generator, none when it has to share them."""


class CoresApart:
    """Divides the cores that this process may use, by what the fleets that serve were given."""

    def __init__(self, serving: Callable[[], Iterable[Fleet]], gateway_pids: Callable[[], Sequence[int]]) -> None:
        self._serving = serving
        self._gateway_pids = gateway_pids
        self._tests = 0

    @contextlib.contextmanager
    def apart(self, region: str, endpoint_name: str) -> Iterator[tuple[int, ...]]:
        """See Cores."""
        if sys.platform != "linux":
            yield ()  # processes cannot be kept to cores there, neither these nor containers
            return
        usable = sorted(os.sched_getaffinity(0))
        loaded, busy = self._cores_of_fleets(usable, region, endpoint_name)
        cores = cores_beside(usable, loaded, busy)
        self._tests += 1
        try:
            if cores:
                self._keep_gateway_to(cores)
            yield cores
        finally:
            self._tests -= 1
            if not self._tests:
                self._keep_gateway_to(usable)

    def _cores_of_fleets(self, usable: Sequence[int], region: str, endpoint_name: str) -> tuple[set[int], set[int]]:
        """Those of the endpoint that is loaded, and those of all endpoints."""
        loaded: set[int] = set()
        busy: set[int] = set()
        for fleet in self._serving():
            placements = [instance.chain[0].placement for instance in fleet.instances()]
            cores = {usable[number] for placement in placements for number in placement.cores(len(usable))}
            busy |= cores
            if (fleet.region, fleet.endpoint_name) == (region, endpoint_name):
                loaded |= cores
        return loaded, busy

    def _keep_gateway_to(self, cores: Collection[int]) -> None:
        for pid in self._gateway_pids():
            with contextlib.suppress(OSError):  # it has ended; the next one begins with all cores
                os.sched_setaffinity(pid, cores)


def cores_beside(usable: Iterable[int], loaded: Collection[int], busy: Collection[int]) -> tuple[int, ...]:
    """The cores for the generator: those that no fleet has, else those that the loaded one has not; else none.

    `busy` are the cores of all fleets. Fleets beside the loaded one are idle, or under a test of their own.
    """
    apart = [core for core in usable if core not in loaded]
    return tuple(core for core in apart if core not in busy) or tuple(apart)


def in_words(cores: Sequence[int]) -> str:
    """What is to be known of a result about where its load came from."""
    if cores:
        return f"load generator and gateway run on core(s) {', '.join(map(str, cores))}, apart from the instance's"
    return (
        "this host has no core besides the instance's: load generator and gateway share them with it, "
        "so that it gets through less than it would by itself"
    )
