"""One SQLite connection, used from the thread that opened it and from no other."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from include.sagemaker_local.errors import HostError
from include.sagemaker_local.store.selection import Value

SCHEMA_VERSION = 1  # raise it with every change of schema.sql that an existing file would not fit
_SCHEMA = Path(__file__).with_name("schema.sql")


class Database:
    """Opens the file, applies the schema, makes every write a transaction. Raises HostError for what the disk refuses.

    WAL with synchronous=NORMAL: a commit is in the operating system's hands before it returns, so it outlives a killed
    process. Only a power cut can take the last commits with it (never the file's consistency), and syncing each commit
    against that costs milliseconds on the event loop, too much for a stand-in that runs on one's own machine.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._depth = 0
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # isolation_level None: transactions are begun and ended here, not guessed by the driver.
            self._connection = sqlite3.connect(path, isolation_level=None)
        except (OSError, sqlite3.Error) as error:
            raise self._host_error(error) from error
        try:
            self._prepare()
        except BaseException:
            self._connection.close()
            raise

    def close(self) -> None:
        """Close the file. Everything that was committed is already in it."""
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is written together or not at all. A transaction inside another one joins it.

        Never wait for anything inside: another request would write into the same transaction.
        """
        if self._depth:
            yield
            return
        self._run("BEGIN IMMEDIATE")
        self._depth = 1
        try:
            yield
            self._run("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        finally:
            self._depth = 0

    def write(self, sql: str, parameters: Sequence[Value] = ()) -> int:
        """Run one INSERT, UPDATE or DELETE and return how many rows it touched."""
        with self.transaction():
            return self._run(sql, parameters).rowcount

    def rows(self, sql: str, parameters: Sequence[Value] = ()) -> list[sqlite3.Row]:
        """All rows of a SELECT."""
        return self._run(sql, parameters).fetchall()

    def row(self, sql: str, parameters: Sequence[Value] = ()) -> sqlite3.Row | None:
        """The first row of a SELECT, or None."""
        found: sqlite3.Row | None = self._run(sql, parameters).fetchone()
        return found

    def empty(self) -> None:
        """Delete every row of every table."""
        with self.transaction():
            self._run("PRAGMA defer_foreign_keys = ON")
            for (table,) in self.rows(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            ):
                self._run(f'DELETE FROM "{table}"')  # noqa: S608 - the name comes from our own schema

    def _prepare(self) -> None:
        self._connection.row_factory = sqlite3.Row
        version = self._run("PRAGMA user_version").fetchone()[0]
        if version not in (0, SCHEMA_VERSION):
            raise HostError(
                f"{self.path} was written by another version of the local SageMaker (schema {version}, this one has "
                f"{SCHEMA_VERSION}); start with another --data-dir or delete the file"
            )
        for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON"):
            self._run(f"PRAGMA {pragma}")
        try:
            self._connection.executescript(_SCHEMA.read_text(encoding="utf-8"))
        except sqlite3.OperationalError as error:
            raise self._host_error(error) from error
        self._run(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def _run(self, sql: str, parameters: Sequence[Value] = ()) -> sqlite3.Cursor:
        try:
            return self._connection.execute(sql, parameters)
        except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
            raise  # our own mistake, not the disk's
        except sqlite3.DatabaseError as error:
            raise self._host_error(error) from error

    def _host_error(self, error: Exception) -> HostError:
        return HostError(
            f"cannot use the database {self.path}: {error}; check free space and permissions of its directory"
        )
