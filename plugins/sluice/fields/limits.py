"""What a field may hold, written beside the field: one description drives validation and the JSON Schema.

    endpoint: Annotated[str, Limit("Name of the staging endpoint.", pattern=NAME, max_length=63)]

Checking happens in `__post_init__` through `check`, so a spec that exists is a spec that is valid, however it was made.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, get_type_hints

from sluice.errors import SpecError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


@dataclass(frozen=True)
class Limit:
    """The bounds of one field. For a tuple of strings, the string bounds hold for each item."""

    doc: str
    pattern: str | None = None
    max_length: int | None = None
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    min_items: int | None = None
    max_items: int | None = None


@cache  # a class's limits never change, and a spec is checked at every parse of the DAG file
def limits_of(kind: type) -> dict[str, Limit]:
    """The limit of each field of a dataclass that has one, by the field's name."""
    hints = get_type_hints(kind, include_extras=True)
    noted = ((name, note) for name, hint in hints.items() for note in getattr(hint, "__metadata__", ()))
    return {name: note for name, note in noted if isinstance(note, Limit)}


def check(value: DataclassInstance) -> None:
    """Hold every field of a dataclass against its limit; SpecError names the field."""
    for name, limit in limits_of(type(value)).items():
        held = getattr(value, name)
        if isinstance(held, tuple):
            _check_items(name, held, limit)
        elif held is not None:
            _check_one(name, held, limit)


def _check_items(path: str, items: tuple[Any, ...], limit: Limit) -> None:
    if limit.min_items is not None and len(items) < limit.min_items:
        raise SpecError(path, f"needs at least {limit.min_items} entries, and has {len(items)}")
    if limit.max_items is not None and len(items) > limit.max_items:
        raise SpecError(path, f"may have at most {limit.max_items} entries, and has {len(items)}")
    for position, item in enumerate(items):
        _check_one(f"{path}[{position}]", item, limit)


def _check_one(path: str, held: Any, limit: Limit) -> None:
    if isinstance(held, str):
        _check_text(path, held, limit)
    elif isinstance(held, int | float):
        _check_number(path, held, limit)


def _check_text(path: str, held: str, limit: Limit) -> None:
    if limit.choices and held not in limit.choices:
        raise SpecError(
            path, f"must be one of {', '.join(limit.choices)}, not {held!r}{did_you_mean(held, limit.choices)}"
        )
    if limit.max_length is not None and len(held) > limit.max_length:
        raise SpecError(path, f"may have at most {limit.max_length} characters, and {held!r} has {len(held)}")
    if limit.pattern is not None and not re.fullmatch(limit.pattern, held):
        raise SpecError(path, f"{held!r} does not match {limit.pattern} ({limit.doc})")


def _check_number(path: str, held: float, limit: Limit) -> None:
    if not math.isfinite(held):
        raise SpecError(path, f"must be a finite number, not {held!r}")
    if limit.minimum is not None and held < limit.minimum:
        raise SpecError(path, f"must be at least {limit.minimum}, not {held!r}")
    if limit.maximum is not None and held > limit.maximum:
        raise SpecError(path, f"may be at most {limit.maximum}, not {held!r}")


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?` where one of the known words is close, else nothing."""
    close = difflib.get_close_matches(given, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
