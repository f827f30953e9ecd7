"""Plain values (what YAML and JSON hold) <-> frozen dataclasses, driven by the dataclasses' own type hints.

`build` refuses unknown keys, missing keys and wrong types with a SpecError whose path leads to the value; checks that a
class makes in `__post_init__` get the same path in front. `plain` is its inverse.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from sluice.errors import SpecError
from sluice.limits import did_you_mean, limits_of

T = TypeVar("T")


def build(kind: type[T], value: object) -> T:
    """A value of `kind` from plain dicts, lists and scalars."""
    return cast(T, _build(kind, value))


def plain(value: object) -> Any:
    """Dicts, lists and scalars from a dataclass; `build` of the same type gives it back."""
    if dataclasses.is_dataclass(value):
        return {each.name: plain(getattr(value, each.name)) for each in dataclasses.fields(value)}
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    return value


def is_union(kind: Any) -> bool:
    """`X | Y`, which Python spells in two ways."""
    return get_origin(kind) in (Union, types.UnionType)


def _build(kind: Any, value: object) -> object:
    if is_union(kind):
        return _build(_member_for(get_args(kind), value), value)
    if dataclasses.is_dataclass(kind):
        return _build_dataclass(cast(type, kind), value)
    if get_origin(kind) is tuple:
        return _build_tuple(get_args(kind)[0], value)
    if get_origin(kind) is Mapping:
        return _build_mapping(get_args(kind)[1], value)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return _build_choice(kind, value)
    return _build_scalar(kind, value)


def _member_for(members: tuple[Any, ...], value: object) -> Any:
    """Which member of a union a value is meant for; the spec's unions have at most one of each kind of value."""
    if value is None and types.NoneType in members:
        return types.NoneType
    rest = [member for member in members if member is not types.NoneType]
    for member in rest:
        if isinstance(value, dict) == dataclasses.is_dataclass(member):
            return member
    return rest[0]


def _build_dataclass(kind: type, value: object) -> object:
    given = _expect(dict, value, "keys and values")
    known = {each.name: each for each in dataclasses.fields(kind)}
    for key in given:
        if key not in known:
            hint = did_you_mean(str(key), known) or f"; known here: {', '.join(known)}"
            raise SpecError(str(key), f"is not a key that Sluice knows{hint}")
    hints = _hints(kind)
    values = {key: _at(key, _build, hints[key], item) for key, item in given.items()}
    for name, each in known.items():
        if name not in values and _is_required(each):
            limit = limits_of(kind).get(name)
            raise SpecError(name, "is missing" + (f": {limit.doc}" if limit else ""))
    return kind(**values)


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _is_required(each: dataclasses.Field[Any]) -> bool:
    return each.default is dataclasses.MISSING and each.default_factory is dataclasses.MISSING


def _build_tuple(kind: Any, value: object) -> tuple[object, ...]:
    items = _expect(list, value, "a list")
    return tuple(_at(f"[{position}]", _build, kind, item) for position, item in enumerate(items))


def _build_mapping(kind: Any, value: object) -> dict[str, object]:
    given = _expect(dict, value, "keys and values")
    return {_expect(str, key, "text"): _at(str(key), _build, kind, item) for key, item in given.items()}


def _build_choice(kind: type[StrEnum], value: object) -> StrEnum:
    text = _expect(str, value, "text")
    choices = [member.value for member in kind]
    if text not in choices:
        raise SpecError("", f"must be one of {', '.join(choices)}, not {text!r}{did_you_mean(text, choices)}")
    return kind(text)


def _build_scalar(kind: type, value: object) -> object:
    if kind is types.NoneType:
        return None
    if kind is float:
        return _to_float(_expect((int, float), value, "a number"))
    names = {str: "text", int: "a whole number", bool: "true or false"}
    return _expect(kind, value, names[kind])


def _to_float(value: int | float) -> float:
    try:
        return float(value)
    except OverflowError:
        raise SpecError("", f"{str(value)[:20]}... is too large a number") from None


def _expect(kind: Any, value: object, name: str) -> Any:
    """`value` itself, if it is of that kind; a bool is no number here, though it is one to Python."""
    if isinstance(value, kind) and (kind is bool or not isinstance(value, bool)):
        return value
    advice = "; write it in quotes" if kind is str and not isinstance(value, list | dict | types.NoneType) else ""
    given = {dict: "keys and values", list: "a list", types.NoneType: "nothing"}.get(type(value), repr(value))
    raise SpecError("", f"must be {name}, not {given}{advice}")


def _at(path: str, make: Callable[[Any, object], object], kind: Any, value: object) -> object:
    try:
        return make(kind, value)
    except SpecError as error:
        raise error.under(path) from None
