"""A request against the service model: everything that is wrong with it, in the words AWS uses.

botocore checks required members, types and minimums before it sends; maximums, enums and patterns it leaves to the
service. All of it is checked here, since not every client is botocore.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from botocore.model import ListShape, MapShape, Shape, StructureShape

from include.sagemaker_local.errors import ApiError
from include.sagemaker_local.wire.patterns import matches

# AWS repeats the whole value. A value may be megabytes long and ends up in a terminal, so ours are cut here.
_SHOWN_CHARACTERS = 1024
_INTEGER_BITS = {"integer": 31, "long": 63}
_STRUCTURED = frozenset({"structure", "list", "map"})


def validated(shape: StructureShape, request: Mapping[str, Any]) -> dict[str, Any]:
    """The members of `request` that the model knows, without nulls.

    Raises ApiError: SerializationException for the first value of a wrong JSON type, otherwise ValidationException with
    all violations together. Unknown members are left out, as AWS ignores them.
    """
    violations: list[str] = []
    members = _structure(shape, request, "", violations)
    if violations:
        plural = "s" if len(violations) > 1 else ""
        raise ApiError(
            "ValidationException", f"{len(violations)} validation error{plural} detected: {'; '.join(violations)}"
        )
    return members


def _structure(shape: StructureShape, value: Any, path: str, violations: list[str]) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        _wrong_type("Expected structure or null", path)
    result: dict[str, Any] = {}
    for name, member in shape.members.items():
        given = value.get(name)
        where = _join(path, name[0].lower() + name[1:])
        if given is not None:
            result[name] = _member(member, given, where, violations)
        elif name in shape.required_members:
            violations.append(_violation(None, where, "Member must not be null"))
    return result


def _member(shape: Shape, value: Any, path: str, violations: list[str]) -> Any:
    if shape.type_name in _STRUCTURED:
        return _CONVERT_STRUCTURED[shape.type_name](shape, value, path, violations)
    converted = _scalar(shape, value, path)
    violations.extend(_violation(value, path, constraint) for constraint in _broken(shape, converted))
    return converted


def _list(shape: ListShape, value: Any, path: str, violations: list[str]) -> list[Any]:
    if not isinstance(value, list):
        _wrong_type("Expected list or null", path)
    violations.extend(_violation(value, path, constraint) for constraint in _broken(shape, value))
    if shape.member.type_name in _STRUCTURED:
        return [
            _element(shape.member, item, f"{path}.{number}.member", violations) for number, item in enumerate(value, 1)
        ]
    return _scalars(shape.member, value, value, path, "Member", violations)


def _map(shape: MapShape, value: Any, path: str, violations: list[str]) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        _wrong_type("Expected map or null", path)
    violations.extend(_violation(value, path, constraint) for constraint in _broken(shape, value))
    keys = _scalars(shape.key, list(value), value, path, "Map keys", violations)
    if shape.value.type_name in _STRUCTURED:
        items = [_element(shape.value, item, f"{path}.{key}.member", violations) for key, item in value.items()]
    else:
        items = _scalars(shape.value, list(value.values()), value, path, "Map value", violations)
    return dict(zip(keys, items, strict=True))


def _element(shape: Shape, value: Any, path: str, violations: list[str]) -> Any:
    if value is None:
        violations.append(_violation(None, path, "Member must not be null"))
        return None
    return _member(shape, value, path, violations)


def _scalars(
    shape: Shape, items: list[Any], container: Any, path: str, subject: str, violations: list[str]
) -> list[Any]:
    """Simple values of a list or map. AWS reports them together, naming all constraints of the one that breaks any."""
    converted = [None if item is None else _scalar(shape, item, path) for item in items]
    if any(item is None or _broken(shape, item) for item in converted):
        constraints = ", ".join(_constraints(shape)) or "Member must not be null"
        violations.append(_violation(container, path, f"{subject} must satisfy constraint: [{constraints}]"))
    return converted


_CONVERT_STRUCTURED: dict[str, Callable[[Any, Any, str, list[str]], Any]] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
}


def _scalar(shape: Shape, value: Any, path: str) -> Any:
    """The value as the shape's type. Raises ApiError SerializationException when JSON has another type there."""
    if isinstance(value, Mapping | list):
        kind = "list" if isinstance(value, list) else "structure or map"
        _wrong_type(f"Start of {kind} found where not expected", path)
    if shape.type_name == "string":
        return _text(value, path)
    if shape.type_name == "boolean":
        return (
            value
            if isinstance(value, bool)
            else _wrong_type(f"{_token(value)} can not be converted to a Boolean", path)
        )
    if isinstance(value, bool | str) or value is None:
        _wrong_type(f"{_token(value)} can not be converted to {_number_name(shape)}", path)
    return _number(shape, value, path)


def _text(value: Any, path: str) -> str:
    if not isinstance(value, str):
        _wrong_type(f"{_token(value)} can not be converted to a String", path)
    if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
        _wrong_type("The string holds half of a surrogate pair, which is not a character", path)
    return value


def _number(shape: Shape, value: int | float, path: str) -> int | float:
    try:
        if not math.isfinite(value):
            _wrong_type(f"{value} is not a number that JSON can hold", path)
        if shape.type_name not in _INTEGER_BITS:
            return float(value)
    except OverflowError:
        _wrong_type(f"{_token(value)} is out of range of {_number_name(shape)}", path)
    if value != int(value):
        _wrong_type(f"{_token(value)} can not be converted to {_number_name(shape)}", path)
    if not -(2 ** _INTEGER_BITS[shape.type_name]) <= value < 2 ** _INTEGER_BITS[shape.type_name]:
        _wrong_type(f"{_token(value)} is out of range of {_number_name(shape)}", path)
    return int(value)


def _broken(shape: Shape, value: Any) -> list[str]:
    """The constraints of `shape` that a value of the right type breaks."""
    metadata = shape.metadata
    size, noun = (len(value), "length") if isinstance(value, str | list | Mapping) else (value, "value")
    broken = []
    if "max" in metadata and size > metadata["max"]:
        broken.append(f"Member must have {noun} less than or equal to {metadata['max']}")
    if "min" in metadata and size < metadata["min"]:
        broken.append(f"Member must have {noun} greater than or equal to {metadata['min']}")
    if "enum" in metadata and value not in metadata["enum"]:
        broken.append(f"Member must satisfy enum value set: [{', '.join(metadata['enum'])}]")
    # Not tried on a string of a wrong length: the patterns repeat the limits, and some take quadratic time.
    if "pattern" in metadata and not broken and not matches(metadata["pattern"], value):
        broken.append(f"Member must satisfy regular expression pattern: {metadata['pattern']}")
    return broken


def _constraints(shape: Shape) -> list[str]:
    """All constraints of a simple shape."""
    metadata, noun = shape.metadata, "length" if shape.type_name == "string" else "value"
    texts = {
        "max": f"Member must have {noun} less than or equal to {metadata.get('max')}",
        "min": f"Member must have {noun} greater than or equal to {metadata.get('min')}",
        "pattern": f"Member must satisfy regular expression pattern: {metadata.get('pattern')}",
        "enum": f"Member must satisfy enum value set: [{', '.join(metadata.get('enum', ()))}]",
    }
    return [text for name, text in texts.items() if name in metadata]


def _violation(value: Any, path: str, constraint: str) -> str:
    shown = "null" if value is None else f"'{_shown(value)}'"
    return f"Value {shown} at '{path}' failed to satisfy constraint: {constraint}"


def _shown(value: Any) -> str:
    text = _as_java_prints(value)
    return text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "..."


def _as_java_prints(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}={_as_java_prints(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_as_java_prints, value)) + "]"
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    return str(value)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _token(value: Any) -> str:
    if isinstance(value, bool):
        return "TRUE_VALUE" if value else "FALSE_VALUE"
    return "STRING_VALUE" if isinstance(value, str) else "NUMBER_VALUE"


def _number_name(shape: Shape) -> str:
    return {"integer": "an Integer", "long": "a Long", "timestamp": "a Timestamp"}.get(shape.type_name, "a Float")


def _wrong_type(text: str, path: str) -> NoReturn:
    raise ApiError("SerializationException", f"{text} (at '{path}')" if path else text)
