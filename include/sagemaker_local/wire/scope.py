"""What of an operation's request is served: data that requests are held to and docs/parity.md is written from. PURE.

A member that is not declared is refused, so that one which a newer botocore brings along is never accepted and ignored.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

from include.sagemaker_local.wire.members import unsupported


class Kind(StrEnum):
    """How a member is taken."""

    EXACT = "exact"
    SIMPLIFIED = "simplified"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Treatment:
    """One member: how it is taken, and one clause that says what is simpler here, or why it is refused.

    `only` are the values that are served when not all are; the others are refused.
    """

    kind: Kind
    note: str = ""
    only: tuple[str | bool | int, ...] | None = None


Treatments: TypeAlias = Mapping[str, Treatment]
"""By the member's path, its parts joined by dots; lists are not shown in it. A structure, list or map whose own
members are not declared is taken as a whole."""


def exact(*paths: str) -> dict[str, Treatment]:
    """Members that do what they do on AWS."""
    return dict.fromkeys(paths, Treatment(Kind.EXACT))


def simplified(*paths: str, how: str) -> dict[str, Treatment]:
    """Members that are accepted and do less than on AWS; `how` says what."""
    return dict.fromkeys(paths, Treatment(Kind.SIMPLIFIED, how))


def refused(*paths: str, why: str) -> dict[str, Treatment]:
    """Members that are refused whatever their value is."""
    return dict.fromkeys(paths, Treatment(Kind.REFUSED, why))


def only(path: str, *values: str | bool | int, why: str) -> dict[str, Treatment]:
    """A member of which some values are served and do what they do on AWS; `why` says why the others are not."""
    return {path: Treatment(Kind.SIMPLIFIED, why, values)}


def below(prefix: str, members: Treatments) -> dict[str, Treatment]:
    """The members of a structure as members of what it stands in."""
    return {f"{prefix}.{path}": treatment for path, treatment in members.items()}


@dataclass(slots=True)
class _Node:
    treatment: Treatment | None = None
    members: dict[str, _Node] = field(default_factory=dict)


class Scope:
    """An operation: its request's members, and the members that its answer never has, each with the reason.

    Raises ValueError, when it is made, for a member that is declared as a whole and in parts.
    """

    def __init__(self, members: Treatments | None = None, never_answered: Mapping[str, str] | None = None) -> None:
        self.members: Treatments = members or {}
        self.never_answered: Mapping[str, str] = never_answered or {}
        self._root = _Node()
        for path, treatment in self.members.items():
            node = self._root
            for name in path.split("."):
                if node.treatment is not None:
                    raise ValueError(f"{path} is declared, and so is a structure that it is in")
                node = node.members.setdefault(name, _Node())
            if node.members:
                raise ValueError(f"{path} is declared, and so is a member of it")
            node.treatment = treatment

    def refuse_unsupported(self, operation: str, request: Mapping[str, Any]) -> None:
        """Raise ApiError, naming the member and the reason, for the first one in the request that is not served."""
        for what, why in _unserved(self._root, request, ""):
            raise unsupported(what, operation, why)

    def treatment(self, path: str) -> Treatment | None:
        """How the member at `path` is taken, by its own declaration or its structure's; None when undeclared."""
        node = self._root
        for name in path.split("."):
            if node.treatment is not None:
                return node.treatment
            if name not in node.members:
                return None
            node = node.members[name]
        return node.treatment


def _unserved(node: _Node, value: Any, path: str) -> Iterator[tuple[str, str]]:
    if node.treatment is not None:
        yield from _refusal(node.treatment, value, path)
    elif isinstance(value, list):
        for item in value:
            yield from _unserved(node, item, path)
    elif isinstance(value, Mapping):
        for name, member in value.items():
            where = f"{path}.{name}" if path else name
            if name in node.members:
                yield from _unserved(node.members[name], member, where)
            else:
                yield where, "it is newer than this version"


def _refusal(treatment: Treatment, value: Any, path: str) -> Iterator[tuple[str, str]]:
    if treatment.kind is Kind.REFUSED:
        yield path, treatment.note
    elif treatment.only is not None:
        for item in value if isinstance(value, list) else [value]:
            if item not in treatment.only:
                yield f"{path} {item}", treatment.note
