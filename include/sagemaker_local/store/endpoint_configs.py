"""Rows of endpoint configurations."""

from __future__ import annotations

import sqlite3

from include.sagemaker_local.store.columns import json_object, to_json, variants_from_json, variants_to_json
from include.sagemaker_local.store.database import Database
from include.sagemaker_local.store.pages import Rows, Table
from include.sagemaker_local.store.records import EndpointConfigRecord
from include.sagemaker_local.store.selection import Selection
from include.sagemaker_local.store.tags import drop_tags


class EndpointConfigs:
    """The part of the store that keeps endpoint configurations."""

    _database: Database

    def endpoint_config(self, region: str, name: str) -> EndpointConfigRecord | None:
        """The endpoint configuration, or None."""
        row = self._database.row("SELECT * FROM endpoint_configs WHERE region = ? AND name = ?", (region, name))
        return _record(row) if row else None

    def endpoint_configs(self, selection: Selection) -> Rows[EndpointConfigRecord]:
        """A page of endpoint configurations."""
        return _TABLE.rows(self._database, selection)

    def add_endpoint_config(self, record: EndpointConfigRecord) -> None:
        """Keep a new endpoint configuration; its name must be free."""
        self._database.write(
            "INSERT INTO endpoint_configs (region, name, arn, variants_json, created_at_s, accepted_json)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (
                record.region,
                record.name,
                record.arn,
                variants_to_json(record.variants),
                record.created_at_s,
                to_json(record.accepted),
            ),
        )

    def remove_endpoint_config(self, region: str, name: str) -> None:
        """Forget an endpoint configuration and its tags. Endpoints that run it carry their own copy."""
        with self._database.transaction():
            drop_tags(self._database, "endpoint_configs", region, name)
            self._database.write("DELETE FROM endpoint_configs WHERE region = ? AND name = ?", (region, name))


def _record(row: sqlite3.Row) -> EndpointConfigRecord:
    return EndpointConfigRecord(
        region=row["region"],
        name=row["name"],
        arn=row["arn"],
        variants=variants_from_json(row["variants_json"]),
        created_at_s=row["created_at_s"],
        accepted=json_object(row["accepted_json"]),
    )


_TABLE: Table[EndpointConfigRecord] = Table("endpoint_configs", _record)
