"""Rows of SageMaker models."""

from __future__ import annotations

import sqlite3

from include.sagemaker_local.store.columns import containers_from_json, containers_to_json, json_object, to_json
from include.sagemaker_local.store.database import Database
from include.sagemaker_local.store.pages import Rows, Table
from include.sagemaker_local.store.records import ModelRecord
from include.sagemaker_local.store.selection import Selection
from include.sagemaker_local.store.tags import drop_tags


class Models:
    """The part of the store that keeps models."""

    _database: Database

    def model(self, region: str, name: str) -> ModelRecord | None:
        """The model, or None."""
        row = self._database.row("SELECT * FROM models WHERE region = ? AND name = ?", (region, name))
        return _record(row) if row else None

    def models(self, selection: Selection) -> Rows[ModelRecord]:
        """A page of models."""
        return _TABLE.rows(self._database, selection)

    def add_model(self, record: ModelRecord) -> None:
        """Keep a new model; its name must be free."""
        self._database.write(
            "INSERT INTO models (region, name, arn, containers_json, created_at_s, accepted_json)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (
                record.region,
                record.name,
                record.arn,
                containers_to_json(record.containers),
                record.created_at_s,
                to_json(record.accepted),
            ),
        )

    def remove_model(self, region: str, name: str) -> None:
        """Forget a model and its tags. Endpoints that run it carry their own copy."""
        with self._database.transaction():
            drop_tags(self._database, "models", region, name)
            self._database.write("DELETE FROM models WHERE region = ? AND name = ?", (region, name))


def _record(row: sqlite3.Row) -> ModelRecord:
    return ModelRecord(
        region=row["region"],
        name=row["name"],
        arn=row["arn"],
        containers=containers_from_json(row["containers_json"]),
        created_at_s=row["created_at_s"],
        accepted=json_object(row["accepted_json"]),
    )


_TABLE: Table[ModelRecord] = Table("models", _record)
