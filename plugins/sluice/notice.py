"""What people are told, as a value: of which run, what came of it, which rule failed by how much, and where to look.

One `Notice` is rendered for each kind of channel: a subject, plain text, and HTML. Nothing here sends anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import quote

from sluice.specs.notify import Event

SUBJECT_MAX = 100
"""SNS: a subject is ASCII text of less than 100 characters, without line breaks (Publish, `Subject`)."""
FACT_MAX = 2000
"""Characters of one fact. Slack recommends at most 4,000 for a whole message, and cuts at 40,000 (chat.postMessage)."""
UNTOLD = "no message was left; see the log"

TOLD: Mapping[Event, str] = {
    Event.PROMOTED: "was promoted",
    Event.REFUSED: "was refused by the gate",
    Event.FAILED: "failed",
    Event.WAITING_FOR_APPROVAL: "waits for approval",
    Event.FINDING: "has a finding",
    Event.ROLLED_BACK: "was rolled back",
    Event.LATE: "is late",
}
OUTCOMES: Mapping[str, Event] = {
    "promoted": Event.PROMOTED,
    "refused": Event.REFUSED,
    "failed": Event.FAILED,
    "rolled back": Event.ROLLED_BACK,
    "finding": Event.FINDING,
}
"""What a last task's `outcome` is told as. A dry run's is told to nobody: it changes nothing."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """The DAG run that a notice is about. `base_url` is that of Airflow's UI, None where it is not known."""

    dag_id: str
    run_id: str
    base_url: str | None = None

    @property
    def url(self) -> str | None:
        """The run's page in Airflow."""
        if not self.base_url:
            return None
        return f"{self.base_url.rstrip('/')}/dags/{quote(self.dag_id, safe='')}/runs/{quote(self.run_id, safe='')}"


@dataclass(frozen=True, kw_only=True)
class Notice:
    """One piece of news. `facts` are names with what is to be said, in order."""

    event: Event
    pipeline: str
    facts: tuple[tuple[str, str], ...]

    @property
    def subject(self) -> str:
        """One line of ASCII, short enough for SNS."""
        line = f"Sluice: {self.pipeline} {TOLD[self.event]}".encode("ascii", "replace").decode()
        return line if len(line) < SUBJECT_MAX else line[: SUBJECT_MAX - 4] + "..."

    @property
    def text(self) -> str:
        """For SNS and Slack."""
        return "\n".join([f"{self.pipeline} {TOLD[self.event]}", "", *(f"{name}: {said}" for name, said in self.facts)])

    @property
    def html(self) -> str:
        """For e-mail. Links lead on; everything else is text."""
        rows = "".join(f"<dt><b>{escape(name)}</b></dt><dd>{_as_html(said)}</dd>" for name, said in self.facts)
        return f"<h2>{escape(self.pipeline)} {TOLD[self.event]}</h2><dl>{rows}</dl>"


def _as_html(said: str) -> str:
    text = escape(said)
    if said.startswith(("http://", "https://")):
        return f'<a href="{text}">{text}</a>'
    return text.replace("\n", "<br>")


def event_of(result: Mapping[str, Any]) -> Event | None:
    """What a last task's result is told as; None for nothing to tell."""
    return OUTCOMES.get(str(result.get("outcome")))


def notice_of(event: Event, pipeline: str, run: Run, result: Mapping[str, Any]) -> Notice:
    """The notice of one event.

    Taken from `result` where it is there: `package_arn` (or `to_package_arn` and `from_package_arn`), `verdict`,
    `reason`, `misses` (one line a rule), `failures` (`{"task", "message"}`), `evidence_uri`, `by`.
    """
    failures = [f"{each['task']}: {each['message']}" for each in result.get("failures") or ()]
    arn = result.get("to_package_arn") or result.get("package_arn")
    said = [
        ("version", arn),
        ("instead of", result.get("from_package_arn")),
        ("verdict", result.get("verdict")),
        ("reason", result.get("reason")),
        *(("rule", miss) for miss in result.get("misses") or ()),
        *(("failed", failure) for failure in failures),
        ("by", result.get("by")),
        ("evidence", result.get("evidence_uri")),
        ("run", run.url or f"{run.dag_id}, {run.run_id}"),
    ]
    return Notice(event=event, pipeline=pipeline, facts=_shortened(said))


def _shortened(said: Sequence[tuple[str, Any]]) -> tuple[tuple[str, str], ...]:
    told = ((name, str(value)) for name, value in said if value)
    return tuple((name, text if len(text) <= FACT_MAX else text[: FACT_MAX - 4] + " ...") for name, text in told)
