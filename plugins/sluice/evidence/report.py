"""The record of a decision: an evidence document for machines, and the same as text, Markdown and HTML for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from typing import Any

from sluice.evidence.failure import Failure
from sluice.evidence.form import EvidenceForm
from sluice.gate.comparison import Compared
from sluice.gate.decision import Basis, Decision, RuleResult
from sluice.gate.metrics import Measurement, Measurements, Origin, number_text
from sluice.naming import Names

SCHEMA = "sluice.evidence/1"
"""A new number when a reader of the old one would misread the new one."""
COLUMNS = ("metric", "observed", "limit", "margin", "verdict")
GATE = "gate"


@dataclass(frozen=True, kw_only=True)
class ContainerEvidence:
    """One container as it was judged."""

    image: str
    hostname: str | None = None
    model_data: str | None = None
    artifact_digest: str | None = None


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Everything that one decision rests on. Times are ISO 8601 in UTC, as text."""

    pipeline: str
    run_id: str
    names: Names
    package_arn: str
    containers: tuple[ContainerEvidence, ...]
    job: str | None
    job_arn: str | None
    measured_instance_type: str
    production_instance_type: str
    candidate: Measurements
    champion: Measurements | None
    champion_package_arn: str | None
    decision: Decision
    decided_at: str
    decided_by: str = GATE
    dry_run: bool = False
    considered: tuple[str, ...] = ()
    """The fleets among which this run has chosen, cheapest first, each with the gate's word; empty without a choice."""
    production_environment: Mapping[str, str] = field(default_factory=dict)
    """Variables that the chosen fleet was measured with: `package_arn` holds them in every container."""
    measured_package_arn: str | None = None
    """The version on the staging endpoint, where that is not `package_arn`: the same without those variables."""
    failures: tuple[Failure, ...] = ()
    """What broke, before the gate or after it, with AWS's reason, alarms and the containers' log lines."""

    compared: tuple[Compared, ...] = ()
    """The candidates among which this run has chosen, the best first; empty without a choice."""

    def for_version(self, package_arn: str) -> Evidence:
        """The same for the version that goes on, where that is not the measured one."""
        if package_arn == self.package_arn:
            return self
        return replace(self, package_arn=package_arn, measured_package_arn=self.package_arn)


FORM = EvidenceForm(SCHEMA, Evidence)


def to_document(evidence: Evidence) -> dict[str, Any]:
    """A JSON-able dict with a `schema` member."""
    return FORM.to_document(evidence)


def to_bytes(evidence: Evidence) -> bytes:
    """The canonical bytes of the document (ASCII JSON): what goes to S3 and is hashed."""
    return FORM.to_bytes(evidence)


def read_evidence(body: bytes, uri: str, sha256: str | None = None) -> Evidence:
    """The inverse of `to_bytes`; EvidenceInvalid when the hash differs, it is no JSON, or of another schema."""
    return FORM.read(body, uri, sha256)


def as_text(evidence: Evidence) -> str:
    """Verdict, table and where the numbers came from, for a terminal: about 100 columns wide."""
    rows = [COLUMNS, *(_row(result) for result in evidence.decision.results)]
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    under = "  ".join("-" * width for width in widths)
    table = [lines[0], under, *lines[1:], ""] if evidence.decision.results else []
    beside = [*("  ".join(row) for row in _compared(evidence)), ""] if evidence.compared else []
    return "\n".join([f"{evidence.pipeline}: {_headline(evidence)}", "", *table, *beside, *_notes(evidence)]).rstrip()


def as_markdown(evidence: Evidence) -> str:
    """The decision as a Markdown document with the table of rules."""
    rows = [COLUMNS, tuple("---" for _ in COLUMNS), *(_row(result) for result in evidence.decision.results)]
    table = _markdown_table(rows)
    if evidence.compared:
        head, *others = _compared(evidence)
        table += ["", *_markdown_table([head, tuple("---" for _ in head), *others])]
    notes = [f"- {_markdown_cell(note)}" for note in _notes(evidence)]
    facts = [f"- {name}: `{value}`" for name, value in _facts(evidence)]
    title = f"# {evidence.pipeline}: {_markdown_cell(_headline(evidence))}"
    return "\n".join([title, "", *table, "", *notes, *facts, ""])


def as_html(evidence: Evidence) -> str:
    """The decision as one HTML page that needs nothing from anywhere else."""
    title = f"{escape(evidence.pipeline)}: {evidence.decision.verdict.value}"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{title}</title><style>{STYLE}</style></head>"
        f"<body>{html_body(evidence)}</body></html>\n"
    )


def html_body(evidence: Evidence) -> str:
    """What stands in the page of `as_html`, to be shown by the rules of STYLE."""
    head = "".join(f"<th>{cell}</th>" for cell in COLUMNS)
    rows = "".join(_html_row(result) for result in evidence.decision.results)
    notes = "".join(f"<li>{escape(note)}</li>" for note in _notes(evidence))
    facts = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in _facts(evidence))
    return (
        f"<h1>{escape(evidence.pipeline)}</h1>"
        f'<p class="verdict {evidence.decision.verdict.value}">{escape(_headline(evidence))}</p>'
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{_html_compared(evidence)}"
        f"<ul>{notes}</ul><dl>{facts}</dl>"
    )


STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:15px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.4rem .7rem;border-bottom:1px solid #8884}"
    "dt{font-weight:600}dd{margin:0 0 .4rem;overflow-wrap:anywhere;font-family:ui-monospace,monospace}"
    ".verdict{font-size:1.2rem;font-weight:600}.pass{color:#197a3d}.fail{color:#c5221f}.inconclusive{color:#a56300}"
)


def _html_row(result: RuleResult) -> str:
    *cells, verdict = _row(result)
    first = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
    last = f'<td class="{result.verdict.value}">{escape(verdict)}</td>'
    return f'<tr title="{escape(result.source)}">{first}{last}</tr>'


def _html_compared(evidence: Evidence) -> str:
    if not evidence.compared:
        return ""
    head, *rows = _compared(evidence)
    cells = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<h2>Candidates</h2><table><thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table>"


def _markdown_table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    return ["| " + " | ".join(_markdown_cell(cell) for cell in row) + " |" for row in rows]


def _compared(evidence: Evidence) -> list[tuple[str, ...]]:
    """The candidates side by side, under their heads; none without several."""
    rows = [
        (
            f"{each.name} (chosen)" if each.chosen else each.name,
            each.verdict,
            *("no number" if number is None else number_text(number) for number in each.numbers),
        )
        for each in evidence.compared
    ]
    return [("candidate", "verdict", "USD/million", "ms", "requests/min"), *rows]


def _beside(candidate: Compared) -> str:
    return f"candidate {candidate.name} ({candidate.package_arn or 'not registered'}): {candidate.reason}"


def _markdown_cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _headline(evidence: Evidence) -> str:
    dry = " (dry run: nothing is promoted)" if evidence.dry_run else ""
    return f"{evidence.decision.verdict.value.upper()}: {evidence.decision.reason}{dry}"


def _row(result: RuleResult) -> tuple[str, ...]:
    """One line of the table, a cell for each of COLUMNS; limit and margin are in the unit of what was observed."""
    margin = "-" if result.margin is None else f"{'+' if result.margin >= 0 else ''}{number_text(result.margin)}"
    return (result.rule.metric.value, _observed(result.observed), _limit(result), margin, _verdict(result))


def _observed(observed: Measurement | None) -> str:
    if observed is None:
        return "no number"
    word = f" ({Origin.ESTIMATED.value})" if observed.origin is Origin.ESTIMATED else ""
    return f"{number_text(observed.value)} {observed.unit}{word}"


def _limit(result: RuleResult) -> str:
    rule = result.rule
    bound = "at least" if rule.bounds_below else "at most"
    if rule.absolute_limit is not None:
        return f"{bound} {number_text(rule.absolute_limit)}"
    allowed = f"{number_text(rule.max_regression_pct or 0.0)} % worse than champion"
    return f"at most {allowed}" if result.limit is None else f"{bound} {number_text(result.limit)} ({allowed})"


def _verdict(result: RuleResult) -> str:
    compared = result.basis is Basis.COMPARED
    return result.verdict.value if compared else f"{result.verdict.value} ({result.basis.value})"


def _notes(evidence: Evidence) -> list[str]:
    """What the table leaves out: why a rule was not compared, and where each number came from."""
    results = evidence.decision.results
    notes = [f"{each.rule.metric}: {each.reason}" for each in results if each.basis is not Basis.COMPARED]
    for each in results:
        notes += [_source("", each.observed)] if each.observed else []
        notes += [_source("champion's ", each.champion)] if each.champion else []
    notes += [f"considered: {each}" for each in evidence.considered]
    notes += [f"failed: {each}" for each in evidence.failures]
    notes += [_beside(each) for each in evidence.compared if not each.chosen]
    if evidence.production_instance_type != evidence.measured_instance_type:
        notes.append(
            f"the numbers are from {evidence.measured_instance_type}, and production runs on "
            f"{evidence.production_instance_type}"
        )
    if evidence.production_environment:
        variables = " ".join(f"{name}={value}" for name, value in evidence.production_environment.items())
        notes.append(f"every container of production has {variables}, as the chosen recommendation was measured")
    return list(dict.fromkeys(notes))


def _source(whose: str, number: Measurement) -> str:
    return f"{whose}{number.metric}: {number.origin.value}, {number.source}"


def _facts(evidence: Evidence) -> list[tuple[str, str]]:
    facts = [
        ("package", evidence.package_arn),
        ("measured package", evidence.measured_package_arn),
        ("content", f"sha256:{evidence.names.content}"),
        ("job", evidence.job),
        ("champion", evidence.champion_package_arn),
        ("decided", f"{evidence.decided_at} by {evidence.decided_by}"),
        ("run", evidence.run_id),
    ]
    return [(name, value) for name, value in facts if value]
