"""A task that failed by itself: what it said, and what else its error knows, for reports, records and pages. PURE."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sluice.deployment_errors import DeploymentError
from sluice.errors import MAX_LOG_LINES, BatchFailed, BenchmarkFailed
from sluice.fields.typed import build, plain

LINE_MAX = 500
"""Characters kept of one log line: twenty of them have to fit into Airflow's database with every failed task."""
UNTOLD = "it left no message, as when it or its worker is killed; see its log"


@dataclass(frozen=True, kw_only=True)
class Failure:
    """What there is not is None. `endpoint` and the configs are a deployment's, `job` is a job's."""

    task: str
    message: str
    error: str | None = None
    """The error's class, such as `DeploymentRolledBack`."""
    endpoint: str | None = None
    wanted_config: str | None = None
    live_config: str | None = None
    job: str | None = None
    reason: str | None = None
    """AWS's own, which is often none."""
    alarms: tuple[str, ...] = ()
    """CloudWatch alarms that speak against the new version, each with its state and reason."""
    log_lines: tuple[str, ...] = ()
    """The last lines of the containers, as `[container] line`."""

    def __str__(self) -> str:
        return f"{self.task}: {self.message}"


def failure_of(task: str, error: BaseException) -> Failure:
    """The failure of a task by what it raised."""
    known: dict[str, Any] = {}
    if isinstance(error, DeploymentError):
        known = {
            "endpoint": error.endpoint,
            "wanted_config": error.wanted_config,
            "live_config": error.live_config,
            "alarms": error.alarms,
        }
    if isinstance(error, BatchFailed | BenchmarkFailed):
        known = {"job": error.job}
    if isinstance(error, DeploymentError | BatchFailed | BenchmarkFailed):
        known["reason"] = error.reason
    if isinstance(error, DeploymentError | BatchFailed):
        known["log_lines"] = tuple(line[:LINE_MAX] for line in error.log_lines[-MAX_LOG_LINES:])
    return Failure(task=task, message=str(error), error=type(error).__name__, **known)


def to_xcom(failure: Failure) -> dict[str, Any]:
    """Small JSON, without what there is not."""
    return {name: value for name, value in plain(failure).items() if value not in (None, [])}


def from_xcom(task: str, told: Mapping[str, Any] | None) -> Failure:
    """The inverse of `to_xcom`; a failure without a message where a task has left none."""
    return build(Failure, {"message": UNTOLD, **(told or {}), "task": task})
