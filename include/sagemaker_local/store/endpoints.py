"""Rows of endpoints. Their state changes through the lifecycle table only."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from dataclasses import replace

from include.sagemaker_local.clock import Clock
from include.sagemaker_local.deployment import Deployment
from include.sagemaker_local.errors import IllegalTransition
from include.sagemaker_local.lifecycle import EndpointEvent, EndpointStatus, next_endpoint_status
from include.sagemaker_local.store.columns import deployment_from_json, deployment_to_json
from include.sagemaker_local.store.database import Database
from include.sagemaker_local.store.records import EndpointRecord
from include.sagemaker_local.store.tags import drop_tags
from include.sagemaker_local.store.unchanged import UNCHANGED, Unchanged


class Endpoints:
    """The part of the store that keeps endpoints."""

    _database: Database
    _clock: Clock

    def endpoint(self, region: str, name: str) -> EndpointRecord | None:
        """The endpoint, or None."""
        row = self._database.row("SELECT * FROM endpoints WHERE region = ? AND name = ?", (region, name))
        return _record(row) if row else None

    def endpoints(self, statuses: Collection[EndpointStatus] | None = None) -> list[EndpointRecord]:
        """The endpoints of all regions that are in one of `statuses` (all when None), oldest first."""
        records = map(_record, self._database.rows("SELECT * FROM endpoints ORDER BY created_at_s, arn"))
        return [record for record in records if statuses is None or record.status in statuses]

    def add_endpoint(self, record: EndpointRecord) -> None:
        """Keep a new endpoint; its name must be free."""
        self._database.write(
            "INSERT INTO endpoints (region, name, arn, status, live_json, wanted_json, failure_reason, created_at_s,"
            " modified_at_s) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                record.region,
                record.name,
                record.arn,
                record.status,
                deployment_to_json(record.live),
                deployment_to_json(record.wanted),
                record.failure_reason,
                record.created_at_s,
                record.modified_at_s,
            ),
        )

    def move_endpoint(
        self,
        region: str,
        name: str,
        event: EndpointEvent,
        *,
        live: Deployment | Unchanged | None = UNCHANGED,
        wanted: Deployment | Unchanged | None = UNCHANGED,
        failure_reason: str | Unchanged | None = UNCHANGED,
    ) -> EndpointRecord:
        """Apply `event` and return the endpoint as it is then. Raises IllegalTransition, changing nothing."""
        with self._database.transaction():
            before = self.endpoint(region, name)
            if before is None:
                raise IllegalTransition(f"there is no endpoint {name!r} in {region} to take the event {event!r}")
            after = replace(
                before,
                status=next_endpoint_status(before.status, event),
                live=before.live if live is UNCHANGED else live,
                wanted=before.wanted if wanted is UNCHANGED else wanted,
                failure_reason=before.failure_reason if failure_reason is UNCHANGED else failure_reason,
                modified_at_s=self._clock.now_s(),
            )
            self._update(after)
        return after

    def remove_endpoint(self, region: str, name: str) -> None:
        """Forget an endpoint and its tags."""
        with self._database.transaction():
            drop_tags(self._database, "endpoints", region, name)
            self._database.write("DELETE FROM endpoints WHERE region = ? AND name = ?", (region, name))

    def _update(self, record: EndpointRecord) -> None:
        self._database.write(
            "UPDATE endpoints SET status = ?, live_json = ?, wanted_json = ?, failure_reason = ?, modified_at_s = ?"
            " WHERE region = ? AND name = ?",
            (
                record.status,
                deployment_to_json(record.live),
                deployment_to_json(record.wanted),
                record.failure_reason,
                record.modified_at_s,
                record.region,
                record.name,
            ),
        )


def _record(row: sqlite3.Row) -> EndpointRecord:
    return EndpointRecord(
        region=row["region"],
        name=row["name"],
        arn=row["arn"],
        status=EndpointStatus(row["status"]),
        live=deployment_from_json(row["live_json"]),
        wanted=deployment_from_json(row["wanted_json"]),
        failure_reason=row["failure_reason"],
        created_at_s=row["created_at_s"],
        modified_at_s=row["modified_at_s"],
    )
