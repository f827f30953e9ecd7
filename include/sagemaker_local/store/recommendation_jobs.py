"""Rows of inference recommendations jobs and of their steps."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from dataclasses import replace

from include.sagemaker_local.clock import Clock
from include.sagemaker_local.errors import IllegalTransition
from include.sagemaker_local.lifecycle import JobEvent, JobStatus, next_job_status
from include.sagemaker_local.store.columns import json_object, json_objects, to_json
from include.sagemaker_local.store.database import Database
from include.sagemaker_local.store.pages import Rows, Table, in_statuses
from include.sagemaker_local.store.records import JsonObject, RecommendationJobRecord, RecommendationStepRecord
from include.sagemaker_local.store.selection import Selection
from include.sagemaker_local.store.unchanged import UNCHANGED, Unchanged

FINISHED = frozenset({JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.STOPPED})
"""The states from which a job does not come back; entering one sets the completion time."""


class RecommendationJobs:
    """The part of the store that keeps recommendation jobs. SageMaker has no operation that deletes one."""

    _database: Database
    _clock: Clock

    def job(self, region: str, name: str) -> RecommendationJobRecord | None:
        """The job, or None."""
        row = self._database.row("SELECT * FROM recommendation_jobs WHERE region = ? AND name = ?", (region, name))
        return _record(row) if row else None

    def jobs(self, statuses: Collection[JobStatus] | None = None) -> list[RecommendationJobRecord]:
        """The jobs of all regions that are in one of `statuses` (all when None), oldest first."""
        return [_record(row) for row in in_statuses(self._database, "SELECT * FROM recommendation_jobs", statuses)]

    def job_page(self, selection: Selection) -> Rows[RecommendationJobRecord]:
        """A page of a region's jobs."""
        return _TABLE.rows(self._database, selection)

    def add_job(self, record: RecommendationJobRecord) -> None:
        """Keep a new job; its name must be free."""
        self._database.write(
            "INSERT INTO recommendation_jobs (status, failure_reason, modified_at_s, completed_at_s,"
            " recommendations_json, endpoint_performances_json, region, name, arn, created_at_s, accepted_json)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*_changing(record), record.region, record.name, record.arn, record.created_at_s, to_json(record.accepted)),
        )

    def move_job(
        self,
        region: str,
        name: str,
        event: JobEvent,
        *,
        failure_reason: str | Unchanged | None = UNCHANGED,
        recommendations: tuple[JsonObject, ...] | Unchanged = UNCHANGED,
        endpoint_performances: tuple[JsonObject, ...] | Unchanged = UNCHANGED,
    ) -> RecommendationJobRecord:
        """Apply `event` and return the job as it is then. Raises IllegalTransition, changing nothing."""
        with self._database.transaction():
            before = self.job(region, name)
            if before is None:
                raise IllegalTransition(f"there is no job {name!r} in {region} to take the event {event!r}")
            now_s = self._clock.now_s()
            status = next_job_status(before.status, event)
            after = replace(
                before,
                status=status,
                failure_reason=before.failure_reason if failure_reason is UNCHANGED else failure_reason,
                recommendations=before.recommendations if recommendations is UNCHANGED else recommendations,
                endpoint_performances=(
                    before.endpoint_performances if endpoint_performances is UNCHANGED else endpoint_performances
                ),
                modified_at_s=now_s,
                completed_at_s=now_s if status in FINISHED else None,
            )
            self._database.write(
                "UPDATE recommendation_jobs SET status = ?, failure_reason = ?, modified_at_s = ?, completed_at_s = ?,"
                " recommendations_json = ?, endpoint_performances_json = ? WHERE region = ? AND name = ?",
                (*_changing(after), region, name),
            )
        return after

    def put_step(self, region: str, step: RecommendationStepRecord) -> None:
        """Keep a job's step, in place of an earlier one at the same position."""
        self._database.write(
            "INSERT INTO recommendation_steps (region, job_name, position, status, benchmark_json)"
            " VALUES (?, ?, ?, ?, ?) ON CONFLICT (region, job_name, position)"
            " DO UPDATE SET status = excluded.status, benchmark_json = excluded.benchmark_json",
            (region, step.job_name, step.position, step.status, to_json(step.benchmark)),
        )

    def steps(self, region: str, job_name: str) -> list[RecommendationStepRecord]:
        """A job's steps by position."""
        rows = self._database.rows(
            "SELECT * FROM recommendation_steps WHERE region = ? AND job_name = ? ORDER BY position", (region, job_name)
        )
        return [_step(row) for row in rows]

    def clear_steps(self, region: str, job_name: str) -> None:
        """Forget a job's steps, as when the job is begun again."""
        self._database.write("DELETE FROM recommendation_steps WHERE region = ? AND job_name = ?", (region, job_name))


def _changing(record: RecommendationJobRecord) -> tuple[str | float | None, ...]:
    return (
        record.status,
        record.failure_reason,
        record.modified_at_s,
        record.completed_at_s,
        to_json(record.recommendations),
        to_json(record.endpoint_performances),
    )


def _record(row: sqlite3.Row) -> RecommendationJobRecord:
    return RecommendationJobRecord(
        region=row["region"],
        name=row["name"],
        arn=row["arn"],
        status=JobStatus(row["status"]),
        failure_reason=row["failure_reason"],
        created_at_s=row["created_at_s"],
        modified_at_s=row["modified_at_s"],
        completed_at_s=row["completed_at_s"],
        accepted=json_object(row["accepted_json"]),
        recommendations=json_objects(row["recommendations_json"]),
        endpoint_performances=json_objects(row["endpoint_performances_json"]),
    )


def _step(row: sqlite3.Row) -> RecommendationStepRecord:
    return RecommendationStepRecord(
        job_name=row["job_name"],
        position=row["position"],
        status=JobStatus(row["status"]),
        benchmark=json_object(row["benchmark_json"]),
    )


_TABLE: Table[RecommendationJobRecord] = Table("recommendation_jobs", _record)
