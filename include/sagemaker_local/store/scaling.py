"""Rows of scalable targets, scaling policies and scaling activities."""

from __future__ import annotations

import json
import sqlite3

from include.sagemaker_local.clock import Clock
from include.sagemaker_local.store.columns import json_object, to_json
from include.sagemaker_local.store.database import Database
from include.sagemaker_local.store.records import ScalableTargetRecord, ScalingActivityRecord, ScalingPolicyRecord

# DescribeScalingActivities tells of "the previous six weeks".
_KEPT_S = 6 * 7 * 24 * 3600


class Scaling:
    """The part of the store that keeps what Application Auto Scaling knows."""

    _database: Database
    _clock: Clock

    def scalable_target(self, region: str, endpoint_name: str, variant_name: str) -> ScalableTargetRecord | None:
        """The target, or None."""
        row = self._database.row(
            "SELECT * FROM scalable_targets WHERE region = ? AND endpoint_name = ? AND variant_name = ?",
            (region, endpoint_name, variant_name),
        )
        return _target(row) if row else None

    def scalable_targets(self) -> list[ScalableTargetRecord]:
        """The targets of all regions; those of one endpoint stand together."""
        rows = self._database.rows("SELECT * FROM scalable_targets ORDER BY region, endpoint_name, variant_name")
        return [_target(row) for row in rows]

    def scalable_targets_of(self, region: str, endpoint_name: str) -> list[ScalableTargetRecord]:
        """The targets among an endpoint's variants."""
        rows = self._database.rows(
            "SELECT * FROM scalable_targets WHERE region = ? AND endpoint_name = ? ORDER BY variant_name",
            (region, endpoint_name),
        )
        return [_target(row) for row in rows]

    def put_scalable_target(self, record: ScalableTargetRecord) -> None:
        """Keep a target, or its new limits; its policies stay."""
        self._database.write(
            "INSERT INTO scalable_targets (region, endpoint_name, variant_name, arn, min_capacity, max_capacity,"
            " role_arn, suspended_json, created_at_s) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (region, endpoint_name, variant_name) DO UPDATE SET min_capacity = excluded.min_capacity,"
            " max_capacity = excluded.max_capacity, role_arn = excluded.role_arn,"
            " suspended_json = excluded.suspended_json",
            (
                record.region,
                record.endpoint_name,
                record.variant_name,
                record.arn,
                record.min_capacity,
                record.max_capacity,
                record.role_arn,
                to_json(record.suspended),
                record.created_at_s,
            ),
        )

    def remove_scalable_target(self, record: ScalableTargetRecord) -> None:
        """Forget a target with its tags and policies."""
        with self._database.transaction():
            self._database.write("DELETE FROM tags WHERE arn = ?", (record.arn,))
            self._database.write("DELETE FROM scalable_targets WHERE arn = ?", (record.arn,))

    def scaling_policies(self) -> list[ScalingPolicyRecord]:
        """The policies of all regions."""
        rows = self._database.rows("SELECT * FROM scaling_policies ORDER BY region, endpoint_name, variant_name, name")
        return [_policy(row) for row in rows]

    def put_scaling_policy(self, record: ScalingPolicyRecord) -> None:
        """Keep a policy, or its new configuration. Its target must be there."""
        self._database.write(
            "INSERT INTO scaling_policies (region, endpoint_name, variant_name, name, arn, type, configuration_json,"
            " alarm_names_json, created_at_s) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (region, endpoint_name, variant_name, name) DO UPDATE SET type = excluded.type,"
            " configuration_json = excluded.configuration_json, alarm_names_json = excluded.alarm_names_json",
            (
                record.region,
                record.endpoint_name,
                record.variant_name,
                record.name,
                record.arn,
                record.type,
                to_json(record.configuration),
                to_json(record.alarm_names),
                record.created_at_s,
            ),
        )

    def remove_scaling_policy(self, record: ScalingPolicyRecord) -> None:
        """Forget a policy."""
        self._database.write("DELETE FROM scaling_policies WHERE arn = ?", (record.arn,))

    def scaling_activities(self, status: str | None = None) -> list[ScalingActivityRecord]:
        """What was done in all regions, or what of it has that status; oldest first."""
        rows = self._database.rows(
            "SELECT * FROM scaling_activities WHERE status = ifnull(?, status)"
            " ORDER BY started_at_s, endpoint_name, variant_name, id",
            (status,),
        )
        return [_activity(row) for row in rows]

    def put_scaling_activity(self, record: ScalingActivityRecord) -> None:
        """Keep what is being done, or how it ended. What is older than six weeks is forgotten."""
        with self._database.transaction():
            horizon_s = self._clock.now_s() - _KEPT_S
            self._database.write("DELETE FROM scaling_activities WHERE started_at_s < ?", (horizon_s,))
            self._database.write(
                "INSERT OR REPLACE INTO scaling_activities (id, region, endpoint_name, variant_name, before_capacity,"
                " after_capacity, cause, cooldown_s, status, message, started_at_s, ended_at_s)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    record.id,
                    record.region,
                    record.endpoint_name,
                    record.variant_name,
                    record.before,
                    record.after,
                    record.cause,
                    record.cooldown_s,
                    record.status,
                    record.message,
                    record.started_at_s,
                    record.ended_at_s,
                ),
            )


def _target(row: sqlite3.Row) -> ScalableTargetRecord:
    return ScalableTargetRecord(
        region=row["region"],
        endpoint_name=row["endpoint_name"],
        variant_name=row["variant_name"],
        arn=row["arn"],
        min_capacity=row["min_capacity"],
        max_capacity=row["max_capacity"],
        role_arn=row["role_arn"],
        suspended=json_object(row["suspended_json"]),
        created_at_s=row["created_at_s"],
    )


def _policy(row: sqlite3.Row) -> ScalingPolicyRecord:
    return ScalingPolicyRecord(
        region=row["region"],
        endpoint_name=row["endpoint_name"],
        variant_name=row["variant_name"],
        name=row["name"],
        arn=row["arn"],
        type=row["type"],
        configuration=json_object(row["configuration_json"]),
        alarm_names=tuple(json.loads(row["alarm_names_json"])),
        created_at_s=row["created_at_s"],
    )


def _activity(row: sqlite3.Row) -> ScalingActivityRecord:
    return ScalingActivityRecord(
        id=row["id"],
        region=row["region"],
        endpoint_name=row["endpoint_name"],
        variant_name=row["variant_name"],
        before=row["before_capacity"],
        after=row["after_capacity"],
        cause=row["cause"],
        cooldown_s=row["cooldown_s"],
        status=row["status"],
        message=row["message"],
        started_at_s=row["started_at_s"],
        ended_at_s=row["ended_at_s"],
    )
