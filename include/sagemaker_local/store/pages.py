"""One page of a table's records."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Generic, TypeVar

from include.sagemaker_local.store.database import Database
from include.sagemaker_local.store.selection import Position, Selection, count_query, rows_query

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Rows(Generic[R]):
    """Records in the order asked for; `last` is where the page ended, None when nothing comes after it."""

    records: list[R]
    last: Position | None


@dataclass(frozen=True, slots=True)
class Table(Generic[R]):
    """How one kind of record is read: its table, what is selected from (the table, or it with others joined to it)."""

    name: str
    record: Callable[[sqlite3.Row], R]
    source: str | None = None

    def rows(self, database: Database, selection: Selection) -> Rows[R]:
        """The page that `selection` describes."""
        query = rows_query(self.name, self.source or self.name, selection)
        rows = database.rows(query.sql, query.parameters)
        shown = rows[: selection.size]
        last = Position(shown[-1]["sort_value"], shown[-1]["row_number"]) if shown and len(rows) > len(shown) else None
        return Rows([self.record(row) for row in shown], last)

    def count(self, database: Database, selection: Selection) -> int:
        """How many records there are on all pages of `selection`."""
        query = count_query(self.name, self.source or self.name, selection)
        row = database.row(query.sql, query.parameters)
        return int(row["hits"]) if row else 0


def in_statuses(database: Database, select: str, statuses: Collection[str] | None) -> list[sqlite3.Row]:
    """The rows of all regions that are in one of `statuses` (all when None), oldest first."""
    marks = ", ".join("?" * len(statuses or ()))
    where = "" if statuses is None else f" WHERE status IN ({marks})"
    return database.rows(f"{select}{where} ORDER BY created_at_s, arn", tuple(statuses or ()))
