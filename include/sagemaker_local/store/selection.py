"""Which rows of a table are wanted, in which order and from where on: as values, and as SQL. PURE.

Names of columns come from our own code and go into the SQL; everything that a user sent is a parameter of it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

Value: TypeAlias = str | int | float | None
"""What a column holds."""


@dataclass(frozen=True, slots=True)
class Field:
    """A column, or with a `path` of member names a place inside a column of JSON. `required` columns are never NULL."""

    column: str
    path: tuple[str, ...] = ()
    required: bool = False


NAME = Field("name", required=True)
CREATED = Field("created_at_s", required=True)
MODIFIED = Field("modified_at_s", required=True)
STATUS = Field("status", required=True)


class Comparison(StrEnum):
    """A comparison, as SQL writes it."""

    EQUALS = "="
    DIFFERS = "<>"
    ABOVE = ">"
    FROM = ">="
    BELOW = "<"
    UP_TO = "<="


@dataclass(frozen=True, slots=True)
class Compares:
    """The field has a value that compares so with this one. A field without a value differs from all."""

    field: Field
    test: Comparison
    value: str | int | float


@dataclass(frozen=True, slots=True)
class Contains:
    """The field's text has this text in it, whatever the case of ASCII letters."""

    field: Field
    text: str


@dataclass(frozen=True, slots=True)
class Exists:
    """The field has a value."""

    field: Field


@dataclass(frozen=True, slots=True)
class Tagged:
    """The resource has a tag with this key, and its value meets `value`, a predicate on TAG_VALUE, if there is one."""

    key: str
    value: Predicate | None = None


@dataclass(frozen=True, slots=True)
class Some:
    """At least one item of the list in this field meets the predicate, in which ITEM is the item's column."""

    field: Field
    predicate: Predicate


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every one of the predicates holds."""

    predicates: tuple[Predicate, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one of the predicates holds."""

    predicates: tuple[Predicate, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The predicate does not hold."""

    predicate: Predicate


Predicate: TypeAlias = Compares | Contains | Exists | Tagged | Some | AllOf | AnyOf | Not

ITEM = "item.value"
TAG_VALUE = Field("tags.value", required=True)


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page ended: the last row's value in the field that was sorted by, and its number in the table."""

    value: str | int | float
    row: int


@dataclass(frozen=True, slots=True)
class Selection:
    """The rows of a region that meet all predicates; `size` of them after `after`, all when None."""

    region: str
    where: tuple[Predicate, ...] = ()
    sort_by: Field = CREATED
    descending: bool = False
    size: int | None = None
    after: Position | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """The SQL of a selection, and its parameters."""

    sql: str
    parameters: tuple[Value, ...]


def rows_query(table: str, source: str, selection: Selection) -> Query:
    """The rows, with `row_number` and `sort_value` besides; one more than asked for, which tells of another page."""
    sort, sort_parameters = _expression(selection.sort_by)
    if not selection.sort_by.required:
        sort = f"ifnull({sort}, '')"  # NULL compares with nothing, and a page could not be continued behind it
    direction, beyond = ("DESC", "<") if selection.descending else ("ASC", ">")
    where, parameters = _where(table, selection)
    if selection.after is not None:
        where += f" AND ({sort}, {table}.rowid) {beyond} (?, ?)"
        parameters = (*parameters, *sort_parameters, selection.after.value, selection.after.row)
    sql = (
        f"SELECT *, {table}.rowid AS row_number, {sort} AS sort_value FROM {source} WHERE {where}"  # noqa: S608 - see above
        f" ORDER BY {sort} {direction}, {table}.rowid {direction}"
    )
    parameters = (*sort_parameters, *parameters, *sort_parameters)
    return (
        Query(sql, parameters) if selection.size is None else Query(f"{sql} LIMIT ?", (*parameters, selection.size + 1))
    )


def count_query(table: str, source: str, selection: Selection) -> Query:
    """How many rows meet the predicates, on all pages together, as `hits`."""
    where, parameters = _where(table, selection)
    return Query(f"SELECT count(*) AS hits FROM {source} WHERE {where}", parameters)  # noqa: S608 - see above


_Sql: TypeAlias = tuple[str, tuple[Value, ...]]


def _where(table: str, selection: Selection) -> _Sql:
    sql, parameters = _joined(table, selection.where, " AND ")
    return f"region = ? AND {sql}" if sql else "region = ?", (selection.region, *parameters)


def _joined(table: str, predicates: Sequence[Predicate], operator: str) -> _Sql:
    parts = [_predicate(table, predicate) for predicate in predicates]
    sql = operator.join(f"({part})" for part, _ in parts)
    return sql, tuple(value for _, parameters in parts for value in parameters)


def _predicate(table: str, predicate: Predicate) -> _Sql:
    match predicate:
        case Compares(field, test, value):
            sql, parameters = _expression(field)
            missing = f" OR {sql} IS NULL" if test is Comparison.DIFFERS and not field.required else ""
            again = parameters if missing else ()
            return f"{sql} {test} ?{missing}", (*parameters, value, *again)
        case Contains(field, text):
            sql, parameters = _expression(field)
            return f"instr(lower({sql}), lower(?)) > 0", (*parameters, text)
        case Exists(field):
            sql, parameters = _expression(field)
            return f"{sql} IS NOT NULL", parameters
        case Tagged(key, value_predicate):
            inner, inner_parameters = _predicate(table, value_predicate) if value_predicate else ("1", ())
            sql = f"EXISTS (SELECT 1 FROM tags WHERE tags.arn = {table}.arn AND tags.key = ? AND ({inner}))"  # noqa: S608
            return sql, (key, *inner_parameters)
        case Some(field, item_predicate):
            inner, inner_parameters = _predicate(table, item_predicate)
            sql = f"EXISTS (SELECT 1 FROM json_each({field.column}, ?) AS item WHERE {inner})"  # noqa: S608 - see above
            return sql, (_json_path(field.path), *inner_parameters)
        case Not(negated):
            sql, parameters = _predicate(table, negated)
            return f"NOT ({sql})", parameters
        case AllOf(predicates):
            return _joined(table, predicates, " AND ")
        case AnyOf(predicates):
            return _joined(table, predicates, " OR ")


def _expression(field: Field) -> _Sql:
    if not field.path:
        return field.column, ()
    return f"json_extract({field.column}, ?)", (_json_path(field.path),)


def _json_path(path: Sequence[str]) -> str:
    return "$" + "".join(f".{json.dumps(name)}" for name in path)
