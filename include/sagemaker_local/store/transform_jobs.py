"""Rows of batch transform jobs."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from dataclasses import replace

from include.sagemaker_local.clock import Clock
from include.sagemaker_local.errors import IllegalTransition
from include.sagemaker_local.lifecycle import TransformEvent, TransformStatus, next_transform_status
from include.sagemaker_local.store.columns import containers_from_json, containers_to_json, json_object, to_json
from include.sagemaker_local.store.database import Database
from include.sagemaker_local.store.pages import Rows, Table, in_statuses
from include.sagemaker_local.store.records import TransformJobRecord
from include.sagemaker_local.store.selection import Selection

_ENDED = frozenset({TransformStatus.COMPLETED, TransformStatus.FAILED, TransformStatus.STOPPED})


class TransformJobs:
    """The part of the store that keeps transform jobs. SageMaker has no operation that deletes one."""

    _database: Database
    _clock: Clock

    def transform_job(self, region: str, name: str) -> TransformJobRecord | None:
        """The job, or None."""
        row = self._database.row("SELECT * FROM transform_jobs WHERE region = ? AND name = ?", (region, name))
        return _record(row) if row else None

    def transform_jobs(self, statuses: Collection[TransformStatus] | None = None) -> list[TransformJobRecord]:
        """The jobs of all regions that are in one of `statuses` (all when None), oldest first."""
        return [_record(row) for row in in_statuses(self._database, "SELECT * FROM transform_jobs", statuses)]

    def transform_job_page(self, selection: Selection) -> Rows[TransformJobRecord]:
        """A page of a region's jobs."""
        return _TABLE.rows(self._database, selection)

    def add_transform_job(self, record: TransformJobRecord) -> None:
        """Keep a new job; its name must be free."""
        self._database.write(
            "INSERT INTO transform_jobs (status, failure_reason, modified_at_s, started_at_s, ended_at_s, region, name,"
            " arn, containers_json, created_at_s, accepted_json) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *_changing(record),
                record.region,
                record.name,
                record.arn,
                containers_to_json(record.containers),
                record.created_at_s,
                to_json(record.accepted),
            ),
        )

    def move_transform_job(
        self, region: str, name: str, event: TransformEvent, *, failure_reason: str | None = None
    ) -> TransformJobRecord:
        """Apply `event` and return the job as it is then. Raises IllegalTransition, changing nothing."""
        with self._database.transaction():
            before = self.transform_job(region, name)
            if before is None:
                raise IllegalTransition(f"there is no transform job {name!r} in {region} to take the event {event!r}")
            now_s = self._clock.now_s()
            status = next_transform_status(before.status, event)
            after = replace(
                before,
                status=status,
                failure_reason=failure_reason,
                modified_at_s=now_s,
                started_at_s=_started_at_s(before, event, now_s),
                ended_at_s=now_s if status in _ENDED else None,
            )
            self._database.write(
                "UPDATE transform_jobs SET status = ?, failure_reason = ?, modified_at_s = ?, started_at_s = ?,"
                " ended_at_s = ? WHERE region = ? AND name = ?",
                (*_changing(after), region, name),
            )
        return after


def _started_at_s(before: TransformJobRecord, event: TransformEvent, now_s: float) -> float | None:
    if event is TransformEvent.BEGIN:
        return now_s
    return None if event is TransformEvent.RESTARTED else before.started_at_s


def _changing(record: TransformJobRecord) -> tuple[str | float | None, ...]:
    return (record.status, record.failure_reason, record.modified_at_s, record.started_at_s, record.ended_at_s)


def _record(row: sqlite3.Row) -> TransformJobRecord:
    return TransformJobRecord(
        region=row["region"],
        name=row["name"],
        arn=row["arn"],
        status=TransformStatus(row["status"]),
        containers=containers_from_json(row["containers_json"]),
        failure_reason=row["failure_reason"],
        created_at_s=row["created_at_s"],
        modified_at_s=row["modified_at_s"],
        started_at_s=row["started_at_s"],
        ended_at_s=row["ended_at_s"],
        accepted=json_object(row["accepted_json"]),
    )


_TABLE: Table[TransformJobRecord] = Table("transform_jobs", _record)
