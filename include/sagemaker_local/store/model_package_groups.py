"""Rows of model package groups."""

from __future__ import annotations

import sqlite3

from include.sagemaker_local.store.columns import json_object, to_json
from include.sagemaker_local.store.database import Database
from include.sagemaker_local.store.pages import Rows, Table
from include.sagemaker_local.store.records import ModelPackageGroupRecord
from include.sagemaker_local.store.selection import Selection
from include.sagemaker_local.store.tags import drop_tags


class ModelPackageGroups:
    """The part of the store that keeps model package groups."""

    _database: Database

    def model_package_group(self, region: str, name: str) -> ModelPackageGroupRecord | None:
        """The group, or None."""
        row = self._database.row("SELECT * FROM model_package_groups WHERE region = ? AND name = ?", (region, name))
        return _record(row) if row else None

    def model_package_groups(self, selection: Selection) -> Rows[ModelPackageGroupRecord]:
        """A page of groups."""
        return _TABLE.rows(self._database, selection)

    def count_model_package_groups(self, selection: Selection) -> int:
        """How many groups `selection` has on all pages."""
        return _TABLE.count(self._database, selection)

    def add_model_package_group(self, record: ModelPackageGroupRecord) -> None:
        """Keep a new group; its name must be free."""
        self._database.write(
            "INSERT INTO model_package_groups (region, name, arn, created_at_s, accepted_json) VALUES (?, ?, ?, ?, ?)",
            (record.region, record.name, record.arn, record.created_at_s, to_json(record.accepted)),
        )

    def remove_model_package_group(self, region: str, name: str) -> None:
        """Forget a group, which must be empty, and its tags."""
        with self._database.transaction():
            drop_tags(self._database, "model_package_groups", region, name)
            self._database.write("DELETE FROM model_package_groups WHERE region = ? AND name = ?", (region, name))

    def model_package_group_policy(self, region: str, name: str) -> str | None:
        """The group's resource policy, or None."""
        row = self._database.row(
            "SELECT policy FROM model_package_group_policies WHERE region = ? AND name = ?", (region, name)
        )
        return str(row["policy"]) if row else None

    def put_model_package_group_policy(self, region: str, name: str, policy: str) -> None:
        """Keep a group's resource policy in place of an earlier one; the group must exist."""
        self._database.write(
            "INSERT INTO model_package_group_policies (region, name, policy) VALUES (?, ?, ?)"
            " ON CONFLICT (region, name) DO UPDATE SET policy = excluded.policy",
            (region, name, policy),
        )

    def remove_model_package_group_policy(self, region: str, name: str) -> None:
        """Forget a group's resource policy."""
        self._database.write("DELETE FROM model_package_group_policies WHERE region = ? AND name = ?", (region, name))

    def take_version(self, region: str, group_name: str) -> int:
        """The next version number of a group. It is never given out again, even if the version is deleted."""
        with self._database.transaction():
            self._database.write(
                "UPDATE model_package_groups SET last_version = last_version + 1 WHERE region = ? AND name = ?",
                (region, group_name),
            )
            row = self._database.row(
                "SELECT last_version FROM model_package_groups WHERE region = ? AND name = ?", (region, group_name)
            )
        if row is None:
            raise LookupError(f"there is no model package group {group_name!r} in {region}")
        return int(row["last_version"])


def _record(row: sqlite3.Row) -> ModelPackageGroupRecord:
    return ModelPackageGroupRecord(
        region=row["region"],
        name=row["name"],
        arn=row["arn"],
        created_at_s=row["created_at_s"],
        accepted=json_object(row["accepted_json"]),
    )


_TABLE: Table[ModelPackageGroupRecord] = Table("model_package_groups", _record)
