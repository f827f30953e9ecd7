"""What is kept of a task's failure for those who come after it."""

from __future__ import annotations

import pytest
from sluice.deployment_errors import DeploymentRolledBack
from sluice.errors import MAX_LOG_LINES, BatchFailed, BenchmarkFailed
from sluice.evidence.failure import LINE_MAX, UNTOLD, Failure, failure_of, from_xcom, to_xcom

ALARM = "alarm iris-5xx is in ALARM (Threshold Crossed)"
LINES = tuple(f"[predict] <line {number}>" for number in range(30))


def test_a_rollback_keeps_its_parts_and_says_them() -> None:
    error = DeploymentRolledBack("iris", "new", "old", "no ping", (*LINES, "x" * 9999), (ALARM,))
    failure = failure_of("promote", error)
    assert (failure.error, failure.endpoint, failure.reason) == ("DeploymentRolledBack", "iris", "no ping")
    assert (failure.wanted_config, failure.live_config, failure.alarms) == ("new", "old", (ALARM,))
    assert len(failure.log_lines) == MAX_LOG_LINES and len(failure.log_lines[-1]) == LINE_MAX
    assert f"no ping; {ALARM}" in failure.message
    assert from_xcom("promote", to_xcom(failure)) == failure


@pytest.mark.parametrize(
    "error", [BatchFailed("j", "Failed", "bad rows", LINES), BenchmarkFailed("j", "FAILED", "4xx")]
)
def test_a_job_is_named(error: Exception) -> None:
    kept = to_xcom(failure_of("recommend", error))
    assert kept["job"] == "j" and "reason" in kept and "endpoint" not in kept


def test_any_other_error_and_none_at_all() -> None:
    assert to_xcom(failure_of("report", ValueError("no disk"))) == {
        "task": "report",
        "message": "no disk",
        "error": "ValueError",
    }
    assert from_xcom("report", None) == Failure(task="report", message=UNTOLD)
