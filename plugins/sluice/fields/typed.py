"""Plain values (what YAML and JSON hold) <-> frozen dataclasses, driven by the dataclasses' own type hints.

`build` refuses unknown keys, missing keys and wrong types with a SpecError whose path leads to the value; checks that a
class makes in `__post_init__` get the same path in front. `plain` is its inverse.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import cache, partial
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from sluice.errors import SpecError
from sluice.fields.limits import did_you_mean, limits_of

T = TypeVar("T")
Make = Callable[[object], object]


def build(kind: type[T], value: object) -> T:
    """A value of `kind` from plain dicts, lists and scalars."""
    return cast(T, _maker(cast(Any, kind))(value))


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


@cache  # a spec is made at every parse of a DAG file, and what its types ask for never changes
def _maker(kind: Any) -> Make:
    """What makes a value of this kind from a plain one."""
    if is_union(kind):
        return partial(_build_member, get_args(kind))
    if dataclasses.is_dataclass(kind):
        return partial(_build_dataclass, cast(type, kind))
    if get_origin(kind) is tuple:
        return partial(_build_tuple, _maker(get_args(kind)[0]))
    if get_origin(kind) is Mapping:
        return partial(_build_mapping, _maker(get_args(kind)[1]))
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return partial(_build_choice, kind)
    return partial(_build_scalar, kind)


def _build_member(members: tuple[Any, ...], value: object) -> object:
    """Whichever member of a union a value is meant for; the spec's unions have at most one of each kind of value."""
    if value is None and types.NoneType in members:
        return None
    rest = [member for member in members if member is not types.NoneType]
    meant = next((each for each in rest if isinstance(value, dict) == dataclasses.is_dataclass(each)), rest[0])
    return _maker(meant)(value)


def _build_dataclass(kind: type, value: object) -> object:
    given, (makers, required) = _expect(dict, value, "keys and values"), _fields(kind)
    for key in given:
        if key not in makers:
            hint = did_you_mean(str(key), makers) or f"; known here: {', '.join(makers)}"
            raise SpecError(str(key), f"is not a key that Sluice knows{hint}")
    values = {key: _at(key, makers[key], item) for key, item in given.items()}
    for name in required:
        if name not in values:
            limit = limits_of(kind).get(name)
            raise SpecError(name, "is missing" + (f": {limit.doc}" if limit else ""))
    return kind(**values)


@cache
def _fields(kind: Any) -> tuple[dict[str, Make], tuple[str, ...]]:
    """What makes each field of a dataclass, and the fields that have no default."""
    hints, fields = get_type_hints(kind), dataclasses.fields(kind)
    unset = dataclasses.MISSING
    required = tuple(each.name for each in fields if each.default is unset and each.default_factory is unset)
    return {each.name: _maker(hints[each.name]) for each in fields}, required


def _build_tuple(make: Make, value: object) -> tuple[object, ...]:
    items = _expect(list, value, "a list")
    return tuple(_at(f"[{position}]", make, item) for position, item in enumerate(items))


def _build_mapping(make: Make, value: object) -> dict[str, object]:
    given = _expect(dict, value, "keys and values")
    return {_expect(str, key, "text"): _at(str(key), make, item) for key, item in given.items()}


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


def _at(path: str, make: Make, value: object) -> object:
    try:
        return make(value)
    except SpecError as error:
        raise error.under(path) from None
