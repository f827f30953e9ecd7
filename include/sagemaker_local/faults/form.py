"""A fault as JSON: read strictly, since a fault that never strikes makes a test pass for the wrong reason.

PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from include.sagemaker_local.faults.fault import RULES, Fault, Kind

# Longer than any wait that AWS knows; a typo in milliseconds would otherwise stop a test for a day.
_MAX_SECONDS = 3600.0
_COMMON = ("kind", "scope", "probability", "count", "seed")


class BadFault(ValueError):
    """What is wrong with a fault, and what would be right."""


def fault_from_json(body: bytes, operations: Mapping[Kind, Collection[str]]) -> Fault:
    """The fault that a request describes, without an id. `operations` are those at which a kind strikes.

    Raises BadFault.
    """
    try:
        given = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadFault(f"the body is not JSON: {error}") from None
    if not isinstance(given, dict):
        raise BadFault('the body must be a JSON object such as {"kind": "throttling"}')
    kind = _kind(given.get("kind"))
    rules = RULES[kind]
    _refuse_unknown(given, {*_COMMON, *rules.needs, *rules.can_have}, f"a fault of kind {kind}")
    for name in sorted(rules.needs - given.keys()):
        raise BadFault(f"a fault of kind {kind} needs {name!r}")
    return Fault(
        id="",
        kind=kind,
        scope=_scope(given.get("scope", {}), kind, operations),
        probability=_number(given, "probability", 1.0, above=0.0, most=1.0),
        count=_integer(given, "count", None, least=1),
        seed=_integer(given, "seed", None),
        seconds=_number(given, "seconds", 0.0, above=0.0, most=_MAX_SECONDS),
        # 2xx is no error to the chain, and 1xx is no answer.
        status=_integer(given, "status", 0, least=300, most=599) or 0,
        body=_text(given, "body", ""),
    )


def fault_to_json(fault: Fault, fired: int) -> dict[str, Any]:
    """What GET shows: what was given, with the defaults that count, and how often it has struck."""
    rules = RULES[fault.kind]
    shown: dict[str, Any] = {"id": fault.id, "kind": fault.kind, "scope": dict(fault.scope)}
    for name in ("probability", "count", "seed", *sorted(rules.needs | rules.can_have)):
        shown[name] = getattr(fault, name)
    return {**shown, "fired": fired}


def _kind(given: object) -> Kind:
    if not isinstance(given, str) or given not in set(Kind):
        raise BadFault(f"'kind' must be one of {', '.join(Kind)}; it is {given!r}")
    return Kind(given)


def _scope(given: object, kind: Kind, operations: Mapping[Kind, Collection[str]]) -> dict[str, str]:
    if not isinstance(given, dict):
        raise BadFault('\'scope\' must be an object of names, such as {"endpoint": "my-endpoint"}')
    _refuse_unknown(given, RULES[kind].scope, f"the scope of a fault of kind {kind}")
    for name, value in given.items():
        if not isinstance(value, str) or not value:
            raise BadFault(f"'scope.{name}' must be a name; it is {value!r}")
    if "operation" in given and given["operation"] not in operations[kind]:
        raise BadFault(f"'scope.operation' {given['operation']!r} is no operation at which {kind} strikes")
    return dict(given)


def _refuse_unknown(given: Mapping[str, object], known: Collection[str], where: str) -> None:
    for name in given:
        if name not in known:
            raise BadFault(f"{where} has no {name!r}; it has {', '.join(sorted(known))}")


def _number(given: Mapping[str, Any], name: str, default: float, *, above: float, most: float) -> float:
    value = given.get(name, default)
    if name in given and (isinstance(value, bool) or not isinstance(value, int | float) or not above < value <= most):
        raise BadFault(f"{name!r} must be a number greater than {above:g} and at most {most:g}; it is {value!r}")
    return float(value)


def _integer(
    given: Mapping[str, Any], name: str, default: int | None, *, least: int | None = None, most: int | None = None
) -> int | None:
    value = given.get(name)
    if value is None:
        return default
    limits = " ".join(
        text for text in ("" if least is None else f"from {least}", "" if most is None else f"to {most}") if text
    )
    fits = not isinstance(value, bool) and isinstance(value, int)
    if not fits or (least is not None and value < least) or (most is not None and value > most):
        raise BadFault(f"{name!r} must be a whole number{' ' + limits if limits else ''}; it is {value!r}")
    return int(value)


def _text(given: Mapping[str, Any], name: str, default: str) -> str:
    value = given.get(name, default)
    if not isinstance(value, str):
        raise BadFault(f"{name!r} must be a string; it is {value!r}")
    return value
