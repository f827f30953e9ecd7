"""Services on disk: named pieces of JSON that are replaced as wholes, and journals that grow at their ends."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_SCHEMA = Path(__file__).with_name("service_schema.sql")


@dataclass(frozen=True, slots=True)
class Entry:
    """One JSON text of a journal, and how often it follows upon itself."""

    value: str
    times: int = 1


@dataclass(frozen=True, slots=True)
class Growth:
    """What a journal has gained at its end; then all but its newest `limit` entries go. None: all stay."""

    entries: Sequence[Entry] = ()
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What is written of one service: pieces by name, names of pieces that are gone, and journals by name."""

    service: str
    put: Mapping[str, str] = field(default_factory=dict)
    delete: Iterable[str] = ()
    grown: Mapping[str, Growth] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.put or self.delete or self.grown)


class ServiceStore:
    """One SQLite file. Callers serialise; a method may be called on any thread and raises sqlite3.Error."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.executescript(_SCHEMA.read_text())

    def services(self) -> set[str]:
        """The names of all services that something is kept of."""
        return {row[0] for row in self._db.execute("SELECT service FROM pieces UNION SELECT service FROM entries")}

    def pieces(self, service: str) -> dict[str, str]:
        """The service's pieces by name, in the order in which they came."""
        return dict(
            self._db.execute("SELECT name, value FROM pieces WHERE service = ? ORDER BY number", (service,)).fetchall()
        )

    def journals(self, service: str) -> Iterator[tuple[str, Entry]]:
        """The entries of all the service's journals, oldest first, each with its journal's name."""
        rows = self._db.execute(
            "SELECT journal, value, times FROM entries WHERE service = ? ORDER BY number", (service,)
        )
        return ((journal, Entry(value, times)) for journal, value, times in rows)

    def write(self, changes: Iterable[Change], *, synced: bool = True) -> None:
        """Writes all of it or nothing. Unless it is `synced`, it survives the process but maybe not a power cut."""
        try:
            self._db.execute(f"PRAGMA synchronous = {'FULL' if synced else 'NORMAL'}")
            self._db.execute("BEGIN IMMEDIATE")
            for change in changes:
                self._write(change)
            self._db.execute("COMMIT")
        except sqlite3.Error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def trim(self, service: str, journals: str, limit: int) -> None:
        """Leaves the newest `limit` entries in all of the service's journals with names LIKE `journals`."""
        self._db.execute(
            "DELETE FROM entries WHERE service = :service AND journal LIKE :journals AND number <= (SELECT number FROM"
            " entries WHERE service = :service AND journal LIKE :journals ORDER BY number DESC LIMIT 1 OFFSET :limit)",
            {"service": service, "journals": journals, "limit": limit},
        )

    def close(self) -> None:
        """Closes the file; the store must not be used afterwards."""
        self._db.close()

    def _write(self, change: Change) -> None:
        service = change.service
        self._db.executemany(
            "DELETE FROM pieces WHERE service = ? AND name = ?", [(service, name) for name in change.delete]
        )
        self._db.executemany(
            "INSERT INTO pieces (service, name, value) VALUES (?, ?, ?)"
            " ON CONFLICT (service, name) DO UPDATE SET value = excluded.value",
            [(service, name, value) for name, value in change.put.items()],
        )
        for journal, growth in change.grown.items():
            self._grow(service, journal, growth)

    def _grow(self, service: str, journal: str, growth: Growth) -> None:
        self._db.executemany(
            "INSERT INTO entries (service, journal, value, times) VALUES (?, ?, ?, ?)",
            [(service, journal, entry.value, entry.times) for entry in growth.entries],
        )
        if growth.limit is not None:
            self._db.execute(
                "DELETE FROM entries WHERE service = :service AND journal = :journal AND number <= (SELECT number FROM"
                " entries WHERE service = :service AND journal = :journal ORDER BY number DESC LIMIT 1 OFFSET :limit)",
                {"service": service, "journal": journal, "limit": growth.limit},
            )
