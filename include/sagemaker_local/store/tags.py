"""Rows of tags, whatever resource they are on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from include.sagemaker_local.store.database import Database

_TaggedTable = Literal["model_package_groups", "models", "endpoint_configs", "endpoints"]


class Tags:
    """The part of the store that keeps tags, by the ARN of what they are on."""

    _database: Database

    def tags(self, arn: str) -> dict[str, str]:
        """The tags of a resource, by key."""
        rows = self._database.rows("SELECT key, value FROM tags WHERE arn = ? ORDER BY key", (arn,))
        return {row["key"]: row["value"] for row in rows}

    def put_tags(self, arn: str, tags: Mapping[str, str]) -> None:
        """Add tags to a resource; a key that it already has gets the new value."""
        with self._database.transaction():
            for key, value in tags.items():
                self._database.write(
                    "INSERT INTO tags (arn, key, value) VALUES (?, ?, ?)"
                    " ON CONFLICT (arn, key) DO UPDATE SET value = excluded.value",
                    (arn, key, value),
                )

    def remove_tags(self, arn: str, keys: Iterable[str]) -> None:
        """Take tags off a resource; keys that it does not have are ignored."""
        with self._database.transaction():
            for key in keys:
                self._database.write("DELETE FROM tags WHERE arn = ? AND key = ?", (arn, key))


def drop_tags(database: Database, table: _TaggedTable, region: str, name: str) -> None:
    """Delete the tags of the resource that `table` keeps under this name."""
    database.write(
        f"DELETE FROM tags WHERE arn IN (SELECT arn FROM {table} WHERE region = ? AND name = ?)",  # noqa: S608 - a literal
        (region, name),
    )
