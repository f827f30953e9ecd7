"""A run as HTML: the verdict with its table, what failed and why, and where production stands now."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from sluice.errors import EvidenceInvalid
from sluice.evidence.report import html_body, read_evidence
from sluice.evidence.rollback import FORM
from sluice.evidence.rollback import facts as record_facts
from sluice.ui.run_facts import Failure, RunFacts, TaskFacts

LAST = ("report", "record", "compare", "check_batch", "housekeep")
"""The tasks whose results say what a run came to; the others' are folded."""
DOCUMENTS = ("evidence", "rollback")
"""Members that are shown as what they are, above."""
EMPTY: tuple[Any, ...] = (None, "", [], {})
CHARS = 2000  # of one member: housekeeping lists up to 200 things


def run_page(facts: RunFacts) -> str:
    """The page's content; everything that came from outside is escaped."""
    parts = [
        *(_failure(each) for each in facts.failures()),
        *(_evidence(each) for each in facts.evidence()),
        *_rollback(facts.result("record")),
        *_waiting(facts.waiting()),
        *_results(facts),
    ]
    if not parts:
        return (
            f"<p>Nothing to show: the run is {escape(facts.state)}, and no task of it has left a result of Sluice.</p>"
        )
    return "".join(parts)


def _failure(failure: Failure) -> str:
    first, _, rest = failure.message.partition("\n")
    lines = f"<pre>{escape(rest)}</pre>" if rest else ""
    error = f" <code>{escape(failure.error)}</code>" if failure.error else ""
    return (
        f'<section class="failed"><h2>{escape(failure.task)} failed{error}</h2><p>{escape(first)}</p>{lines}</section>'
    )


def _evidence(document: Mapping[str, Any]) -> str:
    try:
        evidence = read_evidence(json.dumps(document).encode(), "the evidence document")
    except EvidenceInvalid as error:
        return f'<section class="failed"><p>{escape(str(error))}</p></section>'
    return f"<section>{html_body(evidence)}</section>"


def _rollback(result: Mapping[str, Any]) -> Iterable[str]:
    if not isinstance(result.get("rollback"), dict):
        return
    try:
        record = FORM.read(json.dumps(result["rollback"]).encode(), "the record of the rollback")
    except EvidenceInvalid as error:
        yield f'<section class="failed"><p>{escape(str(error))}</p></section>'
        return
    told = [*record_facts(record), ("evidence", str(result.get("evidence_uri", "")))]
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in told)
    yield f"<section><h2>{escape(record.endpoint)}: {escape(record.outcome)}</h2><dl>{rows}</dl></section>"


def _waiting(tasks: Iterable[TaskFacts]) -> Iterable[str]:
    labels = [f"<li><code>{escape(each.label)}</code>: {escape(str(each.state))}</li>" for each in tasks]
    if labels:
        yield f"<section><h2>Waiting</h2><ul>{''.join(labels)}</ul></section>"


def _results(facts: RunFacts) -> Iterable[str]:
    """What each task came to, the last first: that is what people look for."""
    for task in reversed(facts.tasks):
        members = facts.result(task.task_id, task.map_index)
        told = [(name, value) for name, value in members.items() if name not in DOCUMENTS and value not in EMPTY]
        if told:
            opened = " open" if task.task_id in LAST else ""
            rows = "".join(_row(name, value) for name, value in told)
            yield f"<details{opened}><summary>{escape(task.label)}</summary><dl>{rows}</dl></details>"


def _row(name: str, value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    cut = text if len(text) <= CHARS else f"{text[:CHARS]} ... and {len(text) - CHARS} characters more"
    return f"<dt>{escape(name.replace('_', ' '))}</dt><dd>{escape(cut)}</dd>"
