"""The subset of JSONPath that batch transform has for its filters, read and applied.

`$` is all of it; then any of `.name`, `.*`, `[*]`, `['a','b']`, `[0,2,-1]` and `[from:to]`, one after the other
(developer guide, "Associate prediction results with input records"). What selects one thing gives that thing; what
selects several from an array gives an array, and from an object an object. What is asked for by name or position and
not there is an error; a range takes what there is.
PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from include.sagemaker_local.errors import LocalSageMakerError

Step: TypeAlias = Callable[[Any], Any]

_STEP = re.compile(
    r"""\.(?P<name>[A-Za-z_][A-Za-z0-9_-]*) | (?P<all>\.\*|\[\*\])
      | \[\s*(?P<keys>'[^']*'(?:\s*,\s*'[^']*')*)\s*\]
      | \[\s*(?P<positions>-?\d+(?:\s*,\s*-?\d+)*)\s*\]
      | \[\s*(?P<start>-?\d*)\s*:\s*(?P<end>-?\d*)\s*\]""",
    re.VERBOSE | re.ASCII,
)


class JsonPathError(LocalSageMakerError):
    """A path that is none, or that asks a value for something it does not have."""


@dataclass(frozen=True, slots=True)
class JsonPath:
    """A path that was read. `text` is how it was written; `by_position`: it names no key, so it fits arrays."""

    text: str
    steps: tuple[Step, ...]
    by_position: bool

    @property
    def whole(self) -> bool:
        """Whether it is `$`, which changes nothing."""
        return not self.steps

    def select(self, value: Any) -> Any:
        """What the path selects from `value`. Raises JsonPathError when it is not there."""
        try:
            for step in self.steps:
                value = step(value)
        except JsonPathError as error:
            raise JsonPathError(f"{self.text} selects nothing: {error}") from None
        return value


def parse_json_path(text: str) -> JsonPath:
    """The path in `text`; an empty one is `$`. Raises JsonPathError, with the place where it stops being a path."""
    if text in ("", "$"):
        return JsonPath("$", (), by_position=True)
    if not text.startswith("$"):
        raise JsonPathError(f"{text!r} is no JSONPath: it has to begin with $")
    steps: list[Step] = []
    position, named = 1, False
    while position < len(text):
        found = _STEP.match(text, position)
        if found is None:
            raise JsonPathError(
                f"{text!r} is no JSONPath that is supported, from {text[position:]!r} on; "
                "use .name, .*, ['a','b'], [0,2,-1] or [1:3]"
            )
        named = named or found["name"] is not None or found["keys"] is not None
        steps.append(_step(found))
        position = found.end()
    return JsonPath(text, tuple(steps), by_position=not named)


def _step(found: re.Match[str]) -> Step:
    if found["all"] is not None:
        return _all
    if found["name"] is not None:
        return _one_key(found["name"])
    if found["keys"] is not None:
        keys = re.findall(r"'([^']*)'", found["keys"])
        return _one_key(keys[0]) if len(keys) == 1 else _keys(keys)
    if found["positions"] is not None:
        positions = [int(each) for each in found["positions"].split(",")]
        return _one_position(positions[0]) if len(positions) == 1 else _positions(positions)
    start, end = (int(found[name]) if found[name] else None for name in ("start", "end"))
    return lambda value: _array(value)[start:end]


def _one_key(key: str) -> Step:
    return lambda value: _member(value, key)


def _keys(keys: list[str]) -> Step:
    return lambda value: {key: _member(value, key) for key in keys}


def _one_position(position: int) -> Step:
    return lambda value: _element(value, position)


def _positions(positions: list[int]) -> Step:
    return lambda value: [_element(value, position) for position in positions]


def _all(value: Any) -> Any:
    return list(value.values()) if isinstance(value, Mapping) else _array(value)


def _member(value: Any, key: str) -> Any:
    if not isinstance(value, Mapping):
        raise JsonPathError(f"there is no key {key!r} in a value that is no object")
    if key not in value:
        raise JsonPathError(f"there is no key {key!r}")
    return value[key]


def _element(value: Any, position: int) -> Any:
    array = _array(value)
    if not -len(array) <= position < len(array):
        raise JsonPathError(f"there is no position {position} among {len(array)}")
    return array[position]


def _array(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise JsonPathError("a position was asked of a value that is no array")
    return value
