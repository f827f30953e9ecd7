"""`housekeeping`: one DAG for all specs, with a task for each account and region that they name."""

from __future__ import annotations

import re
from collections.abc import Iterable

from airflow.sdk import Param

from sluice.operators.housekeep import HousekeepOperator
from sluice.plans.step import Step, param
from sluice.specs.pipeline import PipelineSpec

DAG_ID = "housekeeping"
SCHEDULE = "@weekly"
SUMMARY = "Reports what Sluice has made and nobody uses; deletes it when it is told to"
OLDER_THAN_DAYS = 30
"""Ours: longer than a holiday, so that nobody comes back to a staging endpoint that is gone."""
DESCRIPTION = (
    "# Housekeeping\n\n"
    "Looks, by the tags `sluice:pipeline` and `sluice:content`, for staging endpoints, endpoint configs and models "
    "that nobody uses and nobody has touched for `older_than_days`, and lists them in the log. With `dry_run` false it "
    "deletes them.\n\nWhat an endpoint runs stays, as does what a rollback to an Approved version needs. A staging "
    "endpoint that is gone is made anew by the next promotion.\n"
)


def plan(specs: Iterable[PipelineSpec]) -> tuple[Step, ...]:
    """One task for each connection and region."""
    places = dict.fromkeys((spec.aws.connection, spec.aws.region) for spec in specs)
    return tuple(
        Step(
            re.sub(r"[^A-Za-z0-9_.-]", "_", "__".join(filter(None, ("housekeep", *place)))),
            HousekeepOperator,
            given={
                "aws_conn_id": place[0],
                "region_name": place[1],
                "older_than_days": param("older_than_days"),
                "is_dry_run": param("dry_run"),
            },
        )
        for place in places
    )


def params() -> dict[str, Param]:
    """What the trigger form asks for."""
    return {
        "older_than_days": Param(
            OLDER_THAN_DAYS,
            type="number",
            minimum=1,
            title="Older than (days)",
            description="What was made or changed since is left alone.",
        ),
        "dry_run": Param(True, type="boolean", title="Dry run", description="Report only, and delete nothing."),
    }
