"""A SearchExpression, made into predicates on the store. PURE.

What operators do to which types of property is the API reference's; `Unknown property name` is AWS's text, as moto has
it; the other refusals are ours.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from include.sagemaker_local.control.refusals import invalid
from include.sagemaker_local.store.selection import (
    ITEM,
    TAG_VALUE,
    AllOf,
    AnyOf,
    Compares,
    Comparison,
    Contains,
    Exists,
    Field,
    Not,
    Predicate,
    Some,
    Tagged,
)
from include.sagemaker_local.wire.members import Members

_MOST_FILTERS = 50  # of all kinds and levels together (API reference)
_TAGS = "Tags."
_ORDERED = {
    "GreaterThan": Comparison.ABOVE,
    "GreaterThanOrEqualTo": Comparison.FROM,
    "LessThan": Comparison.BELOW,
    "LessThanOrEqualTo": Comparison.UP_TO,
}


@dataclass(frozen=True, slots=True)
class Searchable:
    """The properties of one kind of resource.

    `texts`, `numbers` and `times` (seconds since the epoch) are fields by the property's name. A property whose first
    part is in `documents` is looked up in that column of JSON under its whole name, less the first part when the column
    holds that member alone; nested filters can only be on those.
    """

    texts: Mapping[str, Field]
    numbers: Mapping[str, Field]
    times: Mapping[str, Field]
    documents: Mapping[str, Document]

    def field(self, name: str) -> Field:
        """Where the property is kept. Raises ApiError for one that there is not."""
        known = {**self.texts, **self.numbers, **self.times}
        if name in known:
            return known[name]
        first, _, rest = name.partition(".")
        if first in self.documents:
            return self.documents[first].field(name, rest)
        raise invalid(f"Unknown property name: {name}")


@dataclass(frozen=True, slots=True)
class Document:
    """A column of JSON: `whole` when it holds the value of one member, otherwise an object with the member in it."""

    column: str
    whole: bool = False

    def field(self, name: str, rest: str) -> Field:
        """The place of the property `name`, which is `rest` without its first part."""
        path = rest if self.whole else name
        return Field(self.column, tuple(path.split(".")))


def predicates(searchable: Searchable, expression: Members | None) -> tuple[Predicate, ...]:
    """What a resource must meet, nothing without an expression. Raises ApiError for one that makes no sense."""
    if expression is None:
        return ()
    if _size(expression) > _MOST_FILTERS:
        raise invalid(f"A SearchExpression can have at most {_MOST_FILTERS} filters and subexpressions.")
    return (_expression(searchable, expression),)


def _size(expression: Members) -> int:
    inner = sum(1 + _size(one) for one in expression.structures("SubExpressions"))
    nested = sum(1 + len(one.structures("Filters")) for one in expression.structures("NestedFilters"))
    return inner + nested + len(expression.structures("Filters"))


def _expression(searchable: Searchable, expression: Members) -> Predicate:
    parts = (
        *(_filter(searchable, one) for one in expression.structures("Filters")),
        *(_nested(searchable, one) for one in expression.structures("NestedFilters")),
        *(_expression(searchable, one) for one in expression.structures("SubExpressions")),
    )
    if not parts:
        raise invalid("A SearchExpression needs at least one of Filters, NestedFilters and SubExpressions.")
    return AnyOf(parts) if expression.text("Operator") == "Or" else AllOf(parts)


def _filter(searchable: Searchable, given: Members) -> Predicate:
    name = given.required("Name")
    if name.startswith(_TAGS):
        return _tag(name.removeprefix(_TAGS), given)
    field = searchable.field(name)
    if name in searchable.times:
        return _ordered(field, given, _seconds)
    if name in searchable.numbers:
        return _ordered(field, given, _number)
    return _text(field, given)


def _nested(searchable: Searchable, given: Members) -> Predicate:
    """One and the same item of the list must meet all filters, whose names begin with the list's."""
    name = given.required("NestedPropertyName")
    field = searchable.field(name)
    if not field.path:
        raise invalid(f"{name} is not a list that nested filters can be on.")
    found: list[Predicate] = []
    for one in given.structures("Filters"):
        inner = one.required("Name")
        if not inner.startswith(f"{name}."):
            raise invalid(f"The names of nested filters begin with {name}.; {inner} does not.")
        found.append(_text(Field(ITEM, tuple(inner.removeprefix(f"{name}.").split("."))), one))
    return Some(field, AllOf(tuple(found)))


def _tag(key: str, given: Members) -> Predicate:
    match given.text("Operator"):
        case "Exists":
            return Tagged(key)
        case "NotExists":
            return Not(Tagged(key))
        case "NotEquals":
            return Not(Tagged(key, Compares(TAG_VALUE, Comparison.EQUALS, _value(given))))
        case _:
            return Tagged(key, _text(TAG_VALUE, given))


def _text(field: Field, given: Members) -> Predicate:
    operator = given.text("Operator") or "Equals"
    if operator in ("Exists", "NotExists"):
        return _existence(field, given)
    value = _value(given)
    match operator:
        case "Equals":
            return Compares(field, Comparison.EQUALS, value)
        case "NotEquals":
            return Compares(field, Comparison.DIFFERS, value)
        case "Contains":
            return Contains(field, value)
        case "In":
            return AnyOf(tuple(Compares(field, Comparison.EQUALS, one.strip()) for one in value.split(",")))
    raise invalid(f"Operator {operator} is not for the text property {given.required('Name')}.")


def _ordered(field: Field, given: Members, read: Callable[[Members], float]) -> Predicate:
    operator = given.text("Operator") or "Equals"
    if operator in ("Exists", "NotExists"):
        return _existence(field, given)
    if operator in _ORDERED:
        return Compares(field, _ORDERED[operator], read(given))
    if operator in ("Equals", "NotEquals"):
        return Compares(field, Comparison.EQUALS if operator == "Equals" else Comparison.DIFFERS, read(given))
    raise invalid(f"Operator {operator} is for text properties; {given.required('Name')} is none.")


def _existence(field: Field, given: Members) -> Predicate:
    if "Value" in given:
        raise invalid(f"A filter with Operator {given.text('Operator')} has no Value.")
    return Exists(field) if given.text("Operator") == "Exists" else Not(Exists(field))


def _value(given: Members) -> str:
    value = given.text("Value")
    if value is None:
        raise invalid(f"The filter on {given.required('Name')} needs a Value.")
    return value


def _number(given: Members) -> float:
    number = _finite(_value(given))
    if number is None:
        raise invalid(f"{given.required('Name')} is a number; {given.text('Value')} is not.")
    return number


def _seconds(given: Members) -> float:
    """A time as ISO 8601, in UTC when it does not say, or as seconds since the epoch."""
    value = _value(given)
    number = _finite(value)
    if number is not None:
        return number
    try:
        time = datetime.fromisoformat(value)
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
    except ValueError:
        raise invalid(f"{given.required('Name')} is a time; {value} is not.") from None


def _finite(text: str) -> float | None:
    """The number that `text` is; None for anything else, "nan" and "inf" among it."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def members_of(column: str, names: Collection[str]) -> dict[str, Document]:
    """Documents for members that are together in one column."""
    return dict.fromkeys(names, Document(column))
