"""Rows of model packages, versioned and unversioned."""

from __future__ import annotations

import sqlite3

from include.sagemaker_local.store.columns import containers_from_json, containers_to_json, json_object, to_json
from include.sagemaker_local.store.database import Database
from include.sagemaker_local.store.pages import Rows, Table
from include.sagemaker_local.store.records import ModelPackageRecord
from include.sagemaker_local.store.selection import Selection

_PUT = """
    INSERT INTO model_packages (region, arn, name, group_name, version, containers_json, approval_status,
        approval_description, customer_metadata_json, client_token, created_at_s, modified_at_s, accepted_json)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_REPLACE = """
    ON CONFLICT (region, arn) DO UPDATE SET containers_json = excluded.containers_json,
        approval_status = excluded.approval_status, approval_description = excluded.approval_description,
        customer_metadata_json = excluded.customer_metadata_json, modified_at_s = excluded.modified_at_s,
        accepted_json = excluded.accepted_json
"""


class ModelPackages:
    """The part of the store that keeps model packages."""

    _database: Database

    def model_package(self, region: str, arn: str) -> ModelPackageRecord | None:
        """The package, or None."""
        row = self._database.row("SELECT * FROM model_packages WHERE region = ? AND arn = ?", (region, arn))
        return _record(row) if row else None

    def model_package_by_token(self, region: str, client_token: str) -> ModelPackageRecord | None:
        """The package that a request with this ClientToken made, or None."""
        row = self._database.row(
            "SELECT * FROM model_packages WHERE region = ? AND client_token = ?", (region, client_token)
        )
        return _record(row) if row else None

    def model_packages(self, selection: Selection) -> Rows[ModelPackageRecord]:
        """A page of packages."""
        return _TABLE.rows(self._database, selection)

    def count_model_packages(self, selection: Selection) -> int:
        """How many packages `selection` has on all pages."""
        return _TABLE.count(self._database, selection)

    def add_model_package(self, record: ModelPackageRecord) -> None:
        """Keep a new package; its ARN must be free and its group must exist."""
        self._database.write(_PUT, _columns(record))

    def replace_model_package(self, record: ModelPackageRecord) -> None:
        """Keep the changed record of an existing package."""
        self._database.write(_PUT + _REPLACE, _columns(record))

    def remove_model_package(self, region: str, arn: str) -> None:
        """Forget a package and its tags."""
        with self._database.transaction():
            self._database.write("DELETE FROM tags WHERE arn = ?", (arn,))
            self._database.write("DELETE FROM model_packages WHERE region = ? AND arn = ?", (region, arn))


def _columns(record: ModelPackageRecord) -> tuple[str | int | float | None, ...]:
    return (
        record.region,
        record.arn,
        record.name,
        record.group_name,
        record.version,
        containers_to_json(record.containers),
        record.approval_status,
        record.approval_description,
        to_json(dict(record.customer_metadata)),
        record.client_token,
        record.created_at_s,
        record.modified_at_s,
        to_json(record.accepted),
    )


def _record(row: sqlite3.Row) -> ModelPackageRecord:
    return ModelPackageRecord(
        region=row["region"],
        name=row["name"],
        arn=row["arn"],
        group_name=row["group_name"],
        version=row["version"],
        containers=containers_from_json(row["containers_json"]),
        approval_status=row["approval_status"],
        approval_description=row["approval_description"],
        customer_metadata=json_object(row["customer_metadata_json"]),
        client_token=row["client_token"],
        created_at_s=row["created_at_s"],
        modified_at_s=row["modified_at_s"],
        accepted=json_object(row["accepted_json"]),
    )


_TABLE: Table[ModelPackageRecord] = Table("model_packages", _record)
