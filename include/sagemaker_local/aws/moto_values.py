"""moto's objects as JSON and back: whatever a service consists of is kept as it is, and reading it can run nothing.

A value is written as JSON has it where JSON has it; everything else is an object whose first key begins with `$`. An
object of one of moto's classes is the class's name and the object's attributes, and is made again without its
`__init__`. Names are looked up in moto's modules only, so no file can name anything else to be made or called.
"""

from __future__ import annotations

import base64
import copy
import importlib
import json
import re
import threading
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, Set
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from types import MethodType
from typing import Any, TypeAlias
from uuid import UUID
from weakref import WeakValueDictionary

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from moto.core.base_backend import BackendDict, BaseBackend
from requests.structures import CaseInsensitiveDict

Json: TypeAlias = Any
"""What json.loads gives: mypy knows no recursive type that would help here."""

_PLAIN = frozenset((bool, int, float, str, type(None)))
# Locks hold nothing: new ones take their place.
_LOCKS = {"Lock": threading.Lock, "RLock": threading.RLock, "Condition": threading.Condition}
_LOCK_NAMES = {type(make()): name for name, make in _LOCKS.items()}
# What `str` writes and their own constructors read.
_TEXTS: Mapping[type, str] = {
    kind: kind.__name__ for kind in (Decimal, UUID, IPv4Address, IPv4Network, IPv6Address, IPv6Network)
}


class NotData(TypeError):
    """moto holds something that is no data: a thread, a function, an open file."""


def to_json(attributes: Mapping[str, object], left_out: Set[str] = frozenset()) -> Json:
    """An object's attributes for json.dumps, with every object below them once.

    An attribute in `left_out`, of whichever object, is written as if it were empty. Raises NotData.
    """
    return _Writer(left_out).attributes(attributes)


def from_json(written: Json) -> dict[str, Any]:
    """The attributes that `to_json` wrote. Of anything else it may raise whatever moto's classes make of it."""
    attributes: dict[str, Any] = _Reader().pairs(written)
    return attributes


class _Writer:
    def __init__(self, left_out: Set[str]) -> None:
        self._left_out = left_out
        self._numbers: dict[int, int] = {}
        self._alive: list[object] = []  # so that no address is given twice

    def write(self, value: Any) -> Json:
        kind = type(value)
        if kind in _PLAIN:
            return value
        if kind is list:
            return self.members(value)
        if kind is dict and all(type(key) is str and key[:1] != "$" for key in value):
            return {key: self.write(one) for key, one in list(value.items())}
        if kind in _KINDS:
            tag, write, _ = _KINDS[kind]
            return {tag: write(self, value)}
        if kind in _TEXTS:
            return {"$text": [_TEXTS[kind], str(value)]}
        if kind in _LOCK_NAMES:
            return {"$lock": _LOCK_NAMES[kind]}
        if isinstance(value, Enum):
            return {"$enum": [_name(kind), value.name]}
        if isinstance(value, RSAPrivateKey | EllipticCurvePrivateKey):
            return {"$key": value.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()}
        if isinstance(value, BaseBackend):
            return {"$backend": [_name(kind), value.account_id, value.region_name]}
        if kind.__module__.startswith("moto."):
            return self._object(value)
        raise NotData(f"moto holds a {_name(kind)}, which cannot be written down")

    def members(self, values: Iterable[object]) -> Json:
        return [self.write(one) for one in list(values)]

    def pairs(self, value: Mapping[Any, object]) -> Json:
        return [[self.write(key), self.write(one)] for key, one in list(value.items())]

    def attributes(self, held: Mapping[str, object]) -> Json:
        left_out = self._left_out
        kept = [(name, type(one)() if name in left_out else one) for name, one in list(held.items())]
        return [[name, self.write(one)] for name, one in kept]

    def _object(self, value: Any) -> Json:
        number = self._numbers.get(id(value))
        if number is not None:
            return {"$again": number}
        self._numbers[id(value)] = len(self._numbers)
        self._alive.append(value)
        written = {"$object": [_name(type(value)), self.attributes(getattr(value, "__dict__", {}))]}
        if isinstance(value, dict):
            # Some of moto's dictionaries show one of several values for a key: what they hold is asked for.
            written["items"] = [[self.write(key), self.write(dict.__getitem__(value, key))] for key in dict.keys(value)]
        elif isinstance(value, list):
            written["members"] = self.members(value)
        return written


class _Reader:
    def __init__(self) -> None:
        self._objects: list[object] = []

    def read(self, written: Json) -> Any:
        if isinstance(written, list):
            return [self.read(one) for one in written]
        if not isinstance(written, dict):
            return written
        tag = next(iter(written), "")
        if tag[:1] != "$":
            return {key: self.read(one) for key, one in written.items()}
        if tag == "$object":
            return self._object(written)
        if tag == "$again":
            return self._objects[written[tag]]
        return _READERS[tag](self, written[tag])

    def pairs(self, written: Json) -> dict[Any, Any]:
        return {self.read(key): self.read(one) for key, one in written}

    def _object(self, written: Json) -> object:
        name, state = written["$object"]
        kind = _class(name)
        made: Any = kind.__new__(kind)
        self._objects.append(made)
        for key, one in self.pairs(state).items():
            vars(made)[key] = one
        for key, one in written.get("items", ()):
            dict.__setitem__(made, self.read(key), self.read(one))
        for one in written.get("members", ()):
            list.append(made, self.read(one))
        return made


def _name(kind: type) -> str:
    return f"{kind.__module__}:{kind.__qualname__}"


def _class(name: str) -> Any:
    module, _, path = name.partition(":")
    if not module.startswith("moto."):
        raise ValueError(f"{name} is not one of moto's classes")
    found: Any = importlib.import_module(module)
    for part in path.split("."):
        found = getattr(found, part)
    if not isinstance(found, type) or not found.__module__.startswith("moto."):
        raise ValueError(f"{name} is not one of moto's classes")
    return found


def _backend(written: Json) -> BaseBackend:
    name, account_id, region = written
    kind = _class(name)
    holders = vars(importlib.import_module(kind.__module__)).values()
    holder = next(one for one in holders if isinstance(one, BackendDict) and one.backend is kind)
    found: BaseBackend = holder[account_id][region]
    return found


def _with_default(written: Json, reader: _Reader) -> defaultdict[Any, Any]:
    items, sample = reader.pairs(written[0]), reader.read(written[1])
    return defaultdict(lambda: copy.deepcopy(sample), items)


def _default(writer: _Writer, value: defaultdict[Any, Any]) -> Json:
    """What a missing key gets is written in place of the function that makes it."""
    return [writer.pairs(value), writer.write(value.default_factory() if value.default_factory else None)]


_Write: TypeAlias = Callable[[_Writer, Any], Json]
_Read: TypeAlias = Callable[[_Reader, Json], Any]

# By type: the key under which a value is written, how it is written, and how it is read.
_KINDS: Mapping[type, tuple[str, _Write, _Read]] = {
    dict: ("$dict", _Writer.pairs, _Reader.pairs),
    OrderedDict: ("$ordered", _Writer.pairs, lambda reader, written: OrderedDict(reader.pairs(written))),
    CaseInsensitiveDict: (
        "$headers",
        _Writer.pairs,
        lambda reader, written: CaseInsensitiveDict(reader.pairs(written)),
    ),
    defaultdict: ("$default", _default, lambda reader, written: _with_default(written, reader)),
    WeakValueDictionary: (
        "$weak",
        lambda writer, value: writer.pairs(dict(value)),
        lambda reader, written: WeakValueDictionary(reader.pairs(written)),
    ),
    tuple: ("$tuple", _Writer.members, lambda reader, written: tuple(reader.read(written))),
    # Sorted, so that the same set is always the same text.
    set: (
        "$set",
        lambda writer, value: sorted(writer.members(value), key=json.dumps),
        lambda reader, written: set(reader.read(written)),
    ),
    deque: (
        "$deque",
        lambda writer, value: [writer.members(value), value.maxlen],
        lambda reader, written: deque(reader.read(written[0]), written[1]),
    ),
    bytes: ("$bytes", lambda _, value: base64.b64encode(value).decode(), lambda _, written: base64.b64decode(written)),
    datetime: ("$datetime", lambda _, value: value.isoformat(), lambda _, written: datetime.fromisoformat(written)),
    date: ("$date", lambda _, value: value.isoformat(), lambda _, written: date.fromisoformat(written)),
    timedelta: ("$seconds", lambda _, value: value.total_seconds(), lambda _, written: timedelta(seconds=written)),
    re.Pattern: (
        "$pattern",
        lambda _, value: [value.pattern, value.flags],
        lambda _, written: re.compile(written[0], written[1]),
    ),
    MethodType: (
        "$method",
        lambda writer, value: [writer.write(value.__self__), value.__name__],
        lambda reader, written: getattr(reader.read(written[0]), written[1]),
    ),
}
_READERS: Mapping[str, _Read] = {
    **{tag: read for tag, _, read in _KINDS.values()},
    "$text": lambda _, written: {name: kind for kind, name in _TEXTS.items()}[written[0]](written[1]),
    "$lock": lambda _, written: _LOCKS[written](),
    "$enum": lambda _, written: _class(written[0])[written[1]],
    "$key": lambda _, written: load_pem_private_key(written.encode(), password=None),
    "$backend": lambda _, written: _backend(written),
}
