from __future__ import annotations

import io
import json

from include.demo.console import Console
from include.demo.promotion import Onlooker, _follow


def told(*changes: dict[str, object]) -> io.StringIO:
    return io.StringIO("".join(json.dumps(change) + "\n" for change in changes))


def test_a_task_that_waits_in_the_triggerer_is_one_step() -> None:
    out = io.StringIO()
    progress = told(
        {"task": "deploy_staging", "state": "running"},
        {"task": "deploy_staging", "state": "running"},  # it came back from waiting
        {"task": "deploy_staging", "state": "success"},
        {"task": "reject", "state": "running"},
        {"task": "reject", "state": "skipped"},
        {"states": {"deploy_staging": "success", "reject": "skipped"}},
    )
    states, errors = _follow(progress, Onlooker(Console(out), {}))
    assert states == {"deploy_staging": "success", "reject": "skipped"}
    assert errors == {}
    assert [line.split()[:2] for line in out.getvalue().splitlines()] == [["✓", "deploy_staging"], ["–", "reject"]]


def test_the_error_of_a_failed_task_is_kept() -> None:
    out = io.StringIO()
    progress = told(
        {"task": "preflight", "state": "running"}, {"task": "preflight", "state": "failed", "error": "no such object"}
    )
    states, errors = _follow(progress, Onlooker(Console(out), {}))
    assert (states, errors) == ({}, {"preflight": "no such object"})
    assert out.getvalue().startswith("  ✗ preflight")
