"""Rows of endpoints. Their state changes through the lifecycle table only."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from dataclasses import replace

from include.sagemaker_local.clock import Clock
from include.sagemaker_local.deployment import Deployment
from include.sagemaker_local.errors import IllegalTransition
from include.sagemaker_local.guardrails import Shift, Stage, VariantStatus
from include.sagemaker_local.lifecycle import EndpointEvent, EndpointStatus, next_endpoint_status
from include.sagemaker_local.store.columns import (
    deployment_from_json,
    deployment_to_json,
    json_object,
    stage_from_json,
    stage_to_json,
    to_json,
)
from include.sagemaker_local.store.database import Database
from include.sagemaker_local.store.pages import Rows, Table, in_statuses
from include.sagemaker_local.store.records import EndpointRecord, JsonObject
from include.sagemaker_local.store.selection import Selection
from include.sagemaker_local.store.tags import drop_tags
from include.sagemaker_local.store.unchanged import UNCHANGED, Unchanged

_SOURCE = "endpoints LEFT JOIN endpoint_deployments USING (region, name)"
_SELECT = f"SELECT * FROM {_SOURCE}"  # noqa: S608 - a constant


class Endpoints:
    """The part of the store that keeps endpoints."""

    _database: Database
    _clock: Clock

    def endpoint(self, region: str, name: str) -> EndpointRecord | None:
        """The endpoint, or None."""
        row = self._database.row(f"{_SELECT} WHERE region = ? AND name = ?", (region, name))
        return _record(row) if row else None

    def endpoints(self, statuses: Collection[EndpointStatus] | None = None) -> list[EndpointRecord]:
        """The endpoints of all regions that are in one of `statuses` (all when None), oldest first."""
        found = in_statuses(self._database, _SELECT, statuses)
        return [_record(row) for row in found]

    def endpoint_page(self, selection: Selection) -> Rows[EndpointRecord]:
        """A page of a region's endpoints."""
        return _TABLE.rows(self._database, selection)

    def count_endpoints(self, selection: Selection) -> int:
        """How many endpoints `selection` has on all pages."""
        return _TABLE.count(self._database, selection)

    def endpoint_statuses(self) -> dict[str, int]:
        """How many endpoints of all regions there are in each state, by its name; states without any are left out."""
        rows = self._database.rows("SELECT status, count(*) AS number FROM endpoints GROUP BY status ORDER BY status")
        return {row["status"]: row["number"] for row in rows}

    def instances_by_type(self, region: str, *, other_than: str) -> dict[str, int]:
        """The instances that the region's endpoints run, or are to run, by type; one endpoint is left out."""
        rows = self._database.rows(
            "SELECT json_extract(plan.value, '$.instance_type') AS type,"
            " sum(json_extract(plan.value, '$.instance_count')) AS number"
            " FROM endpoints, json_each(coalesce(wanted_json, live_json), '$.variants') AS plan"
            " WHERE region = ? AND name <> ? AND status NOT IN ('Failed', 'Deleting') GROUP BY 1",
            (region, other_than),
        )
        return {row["type"]: row["number"] for row in rows}

    def add_endpoint(self, record: EndpointRecord) -> None:
        """Keep a new endpoint; its name must be free."""
        with self._database.transaction():
            self._insert(record)
            self._keep_deployment(record)

    def _insert(self, record: EndpointRecord) -> None:
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
        deployment_config: JsonObject | Unchanged | None = UNCHANGED,
        in_place: bool | Unchanged = UNCHANGED,
    ) -> EndpointRecord:
        """Apply `event` and return the endpoint as it is then. Raises IllegalTransition, changing nothing.

        The stage of a deployment is over with the state that it belonged to.
        """
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
                deployment_config=before.deployment_config if deployment_config is UNCHANGED else deployment_config,
                in_place=before.in_place if in_place is UNCHANGED else in_place,
                stage=None,
            )
            self._update(after)
            self._keep_deployment(after)
        return after

    def reach_stage(
        self,
        region: str,
        name: str,
        status: VariantStatus,
        shift: Shift | None = None,
        *,
        blue: tuple[int, ...] | None = None,
        green: tuple[int, ...] | None = None,
    ) -> None:
        """The deployment under way has come to another stage; nothing else of the endpoint changes.

        `blue` and `green` are the instances that run of each fleet's variants, None for all of them.
        """
        with self._database.transaction():
            record = self.endpoint(region, name)
            if record is not None:
                stage = Stage(status, self._clock.now_s(), shift, blue, green)
                self._keep_deployment(replace(record, stage=stage))

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

    def _keep_deployment(self, record: EndpointRecord) -> None:
        config = None if record.deployment_config is None else to_json(record.deployment_config)
        self._database.write(
            "INSERT OR REPLACE INTO endpoint_deployments (region, name, config_json, in_place, stage_json)"
            " VALUES (?, ?, ?, ?, ?)",
            (record.region, record.name, config, int(record.in_place), stage_to_json(record.stage)),
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
        deployment_config=json_object(row["config_json"]) if row["config_json"] else None,
        in_place=bool(row["in_place"]),
        stage=stage_from_json(row["stage_json"]),
    )


_TABLE: Table[EndpointRecord] = Table("endpoints", _record, source=_SOURCE)
