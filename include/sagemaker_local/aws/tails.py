"""What lists in moto's memory have gained at their ends since they were last on disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Generic, TypeVar

_Item = TypeVar("_Item")


class Tails(Generic[_Item]):
    """Lists by name. Each knows its newest item that is on disk, so that looking costs as much as there is new."""

    def __init__(self) -> None:
        self._kept: dict[str, _Item] = {}
        self._held: dict[str, _Item] = {}

    def new(self, lists: Mapping[str, Sequence[_Item]], *, all_of_them: bool = True) -> dict[str, Sequence[_Item]]:
        """The new items of the lists that have any. Unless these are `all_of_them`, there are others as they were."""
        ends = {name: items[-1] for name, items in lists.items() if items}
        new = {
            name: _after(self._kept.get(name), lists[name]) for name in ends if self._kept.get(name) is not ends[name]
        }
        self._held = ends if all_of_them else {**self._kept, **ends}
        return new

    def gone(self) -> set[str]:
        """The lists on disk that had nothing in them when `new` was called."""
        return self._kept.keys() - self._held.keys()

    def keep(self) -> None:
        """What there was when `new` was called is on disk."""
        self._kept = self._held


def _after(kept: _Item | None, items: Sequence[_Item]) -> Sequence[_Item]:
    """From the end, for little is new. A list that has lost the item has been made anew, or all of it is newer."""
    for number in range(len(items), 0, -1):
        if items[number - 1] is kept:
            return items[number:]
    return items
