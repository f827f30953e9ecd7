"""All injected faults, and whether one strikes. In memory: they end with the server.

PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from include.sagemaker_local.faults.fault import Fault, Kind, Occasion


@dataclass(slots=True)
class _Injected:
    fault: Fault
    chance: Callable[[], float]
    fired: int = 0


class FaultTable:
    """Belongs to one event loop. With no fault in it, asking costs one look at an empty list."""

    def __init__(
        self,
        new_chance: Callable[[int | None], Callable[[], float]] = lambda seed: random.Random(seed).random,  # noqa: S311 - no secret
    ) -> None:
        """`new_chance` makes a fault's own source of numbers from 0 up to 1 from its seed."""
        self._new_chance = new_chance
        self._injected: list[_Injected] = []
        self._last_id = 0

    def add(self, fault: Fault) -> Fault:
        """Injects the fault under an id of its own; returns it with that id."""
        self._last_id += 1
        known = replace(fault, id=f"fault-{self._last_id}")
        self._injected.append(_Injected(known, self._new_chance(fault.seed)))
        return known

    def all(self) -> list[tuple[Fault, int]]:
        """Every fault with how often it has struck, oldest first; one that is used up stays until it is removed."""
        return [(one.fault, one.fired) for one in self._injected]

    def remove(self, fault_id: str) -> bool:
        """Takes a fault away; False when there is none of that id."""
        before = len(self._injected)
        self._injected = [one for one in self._injected if one.fault.id != fault_id]
        return len(self._injected) < before

    def clear(self) -> None:
        """Takes all faults away."""
        self._injected = []

    def has(self, kinds: Collection[Kind]) -> bool:
        """Whether there is any fault of these kinds."""
        return bool(self._injected) and any(one.fault.kind in kinds for one in self._injected)

    def strikes_invocations(self) -> bool:
        """Whether requests to endpoints have to pass by a fault."""
        return any(one.fault.strikes_invocations for one in self._injected)

    def strike(self, kind: Kind, occasion: Occasion) -> Fault | None:
        """The fault that strikes now, counted; None for none. The oldest one that fits and whose chance says so."""
        for one in self._injected:
            fault = one.fault
            left = fault.count is None or one.fired < fault.count
            if left and fault.meets(kind, occasion) and one.chance() < fault.probability:
                one.fired += 1
                return fault
        return None
