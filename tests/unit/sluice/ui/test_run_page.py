from __future__ import annotations

import json
from typing import Any

import pytest
from sluice.errors import SpecError
from sluice.evidence.rollback import FORM, Proof, RollbackEvidence
from sluice.ui.run_facts import read_facts
from sluice.ui.run_page import run_page

from tests.fakes.evidences import a_document


def an_entry(task_id: str, value: object, *, key: str = "return_value", map_index: int = -1) -> dict[str, Any]:
    return {"task_id": task_id, "map_index": map_index, "key": key, "value": json.dumps(value)}


def a_task(task_id: str, state: str | None, map_index: int = -1) -> dict[str, Any]:
    return {"task_id": task_id, "map_index": map_index, "state": state}


def page(*entries: dict[str, Any], tasks: tuple[dict[str, Any], ...] = (), state: str = "running") -> str:
    told = {"dag_id": "promote__iris", "run_id": "r", "state": state, "tasks": tasks, "entries": entries}
    return run_page(read_facts(json.dumps(told).encode()))


def test_the_verdict_and_its_table_stand_on_the_page() -> None:
    shown = page(an_entry("judge", {"evidence": a_document(latency_ms=397)}))
    assert '<p class="verdict fail">FAIL' in shown
    assert "<td>397 ms</td><td>at most 150</td>" in shown


def test_a_persons_answer_stands_above_the_gates() -> None:
    judged = an_entry("judge", {"evidence": a_document()})
    approved = an_entry("approve", {"evidence": a_document(decided_by="ada")})
    shown = page(judged, approved)
    assert "by ada" in shown
    assert "by gate" not in shown


def test_each_candidate_has_its_table() -> None:
    entries = (
        an_entry("candidates.judge", {"evidence": a_document(latency_ms=number)}, map_index=index)
        for index, number in enumerate((81, 82))
    )
    compared = an_entry("compare", {"evidence": a_document(latency_ms=80)})
    shown = page(*entries, compared)
    assert shown.index("80 ms") < shown.index("81 ms") < shown.index("82 ms")


def test_a_failure_is_shown_with_its_reason_and_the_log_lines_below_it() -> None:
    told = {"error": "DeploymentRolledBack", "message": "it was rolled back: alarm x fired\n  last lines:\n  <boom>"}
    shown = page(an_entry("promote", told, key="failure"), tasks=(a_task("promote", "failed"),))
    assert "<h2>promote failed <code>DeploymentRolledBack</code></h2>" in shown
    assert "<p>it was rolled back: alarm x fired</p>" in shown
    assert "&lt;boom&gt;</pre>" in shown


def test_a_failure_that_was_mended_since_is_not_shown() -> None:
    shown = page(
        an_entry("promote", {"error": "E", "message": "old"}, key="failure"), tasks=(a_task("promote", "success"),)
    )
    assert "old" not in shown


def test_a_task_that_was_killed_before_it_could_say_why_is_shown_too() -> None:
    assert "its log says more" in page(tasks=(a_task("recommend", "failed", 2),))
    assert "recommend [2] failed" in page(tasks=(a_task("recommend", "failed", 2),))


def test_what_the_run_waits_for_is_told() -> None:
    shown = page(tasks=(a_task("recommend", "deferred"), a_task("judge", None)))
    assert "<code>recommend</code>: deferred" in shown
    assert "judge" not in shown


def test_results_are_there_to_unfold_and_the_last_ones_unfolded() -> None:
    shown = page(
        an_entry("report", {"outcome": "promoted", "evidence_uri": "s3://b/e.json", "answer": None, "misses": ["x"]}),
        an_entry("promote", {"endpoint": "iris", "fleet": {"instances": 2}}),
        tasks=(a_task("promote", "success"), a_task("report", "success")),
    )
    report, promote = shown.index("<details open><summary>report<"), shown.index("<details><summary>promote<")
    assert report < promote
    assert "<dt>evidence uri</dt><dd>s3://b/e.json</dd>" in shown
    assert "<dd>{&quot;instances&quot;: 2}</dd>" in shown
    assert "answer" not in shown


def test_a_long_result_is_cut_and_says_so() -> None:
    shown = page(an_entry("housekeep", {"unused": ["x" * 3000]}), tasks=(a_task("housekeep", "success"),))
    assert "... and 1004 characters more" in shown


@pytest.mark.parametrize("result", ["text", ["list"], {"evidence": "no document"}, 7, None])
def test_a_run_of_another_dag_has_nothing_to_show(result: object) -> None:
    assert "Nothing to show: the run is success, and no task" in page(an_entry("judge", result), state="success")


def test_evidence_of_another_version_is_not_guessed_at() -> None:
    shown = page(an_entry("judge", {"evidence": {**a_document(), "schema": "sluice.evidence/99"}}))
    assert "sluice.evidence/99" in shown
    assert "<table>" not in shown


@pytest.mark.parametrize("field", ["dag_id", "tasks", "entries"])
def test_facts_that_lack_something_are_refused_with_its_name(field: str) -> None:
    told = {"dag_id": "d", "run_id": "r", "state": "success", "tasks": [], "entries": []}
    del told[field]
    with pytest.raises(SpecError, match=field):
        read_facts(json.dumps(told).encode())


def test_text_from_outside_never_becomes_markup() -> None:
    evil = "<img src=x onerror=alert(1)>"
    shown = page(
        an_entry("judge", {"evidence": a_document(pipeline=evil, job=evil, decided_by=evil)}),
        an_entry("report", {"outcome": evil, "answer": evil}),
        an_entry(evil, {"error": evil, "message": f"{evil}\n{evil}"}, key="failure"),
        tasks=(a_task(evil, "failed"), a_task(evil, "deferred"), a_task("report", "success")),
    )
    assert "<img" not in shown
    assert shown.count("&lt;img") >= 8


def test_a_rollback_is_shown_with_who_why_and_its_proof() -> None:
    record = RollbackEvidence(
        pipeline="iris",
        run_id="r",
        endpoint="iris",
        outcome="rolled back",
        reason="<wrong> labels",
        by="alice",
        ended_at="2026-03-01T12:00:00.000+00:00",
        from_package_arn="arn:x/2",
        to_package_arn="arn:x/1",
        proof=Proof(config="iris-1", status="InService", sample="row-1.csv", answer="benign"),
    )
    shown = page(an_entry("record", {"rollback": FORM.to_document(record), "evidence_uri": "s3://b/r.json"}))
    assert "<h2>iris: rolled back</h2>" in shown and "<dd>&lt;wrong&gt; labels</dd>" in shown
    assert "<dt>by</dt><dd>alice</dd>" in shown and "iris-1, InService" in shown and "s3://b/r.json" in shown
    other = page(an_entry("record", {"rollback": {"schema": "sluice.rollback/9"}}))
    assert "sluice.rollback/9" in other
