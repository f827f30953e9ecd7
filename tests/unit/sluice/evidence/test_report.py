from __future__ import annotations

import dataclasses
import json
from html.parser import HTMLParser
from typing import Any

import pytest
from sluice.errors import EvidenceInvalid
from sluice.evidence.form import sha256_of
from sluice.evidence.report import (
    SCHEMA,
    ContainerEvidence,
    Evidence,
    as_html,
    as_markdown,
    as_text,
    read_evidence,
    to_bytes,
    to_document,
)
from sluice.gate.decision import Decision, Rule, decide
from sluice.gate.metrics import Absence, Measurement, Measurements, Metric, Origin
from sluice.naming import names_for

from tests.fakes.specs import a_spec, digests_of

URI = "s3://models/evidence/iris/x.json"
CANDIDATE = Measurements.of(
    [
        Measurement(Metric.MODEL_LATENCY_MS, 1312.0, "EndpointPerformances of job j"),
        Measurement(
            Metric.COST_PER_MILLION_USD, 7.456940238625975, "recommendation ml.c5.large of job j", Origin.ESTIMATED
        ),
        Absence(Metric.MAX_INVOCATIONS_PER_MINUTE, "the service reported 'NaN', which is not a number", "job j"),
    ]
)
CHAMPION = Measurements.of([Measurement(Metric.MODEL_LATENCY_MS, 0.1 + 0.2, "job old")])
RULES = [
    Rule(metric=Metric.MODEL_LATENCY_MS, max=150),
    Rule(metric=Metric.MAX_INVOCATIONS_PER_MINUTE, min=600),
    Rule(metric=Metric.COST_PER_MILLION_USD, max=25),
    Rule(metric=Metric.COST_PER_MILLION_USD, max_regression_pct=5, against="champion"),
    Rule(metric=Metric.MODEL_LATENCY_MS, max_regression_pct=5, against="champion"),
]


def evidence(**changes: Any) -> Evidence:
    spec = a_spec()
    made = Evidence(
        pipeline="iris",
        run_id="manual__2026-01-01T00:00:00+00:00",
        names=names_for(spec, digests_of(spec)),
        package_arn="arn:package/1",
        containers=(
            ContainerEvidence(image="i", hostname="predict", model_data="s3://b/m.tar.gz", artifact_digest="d"),
        ),
        job="iris-job",
        job_arn="arn:job",
        measured_instance_type="ml.c5.large",
        production_instance_type="ml.c5.large",
        candidate=CANDIDATE,
        champion=CHAMPION,
        champion_package_arn="arn:package/0",
        decision=decide(RULES, CANDIDATE, CHAMPION),
        decided_at="2026-01-01T00:00:00.000+00:00",
    )
    return dataclasses.replace(made, **changes)


VARIANTS = {
    "champion": evidence(),
    "first": evidence(champion=None, champion_package_arn=None, decision=decide(RULES, CANDIDATE, None)),
    "no-benchmark": evidence(
        job=None,
        job_arn=None,
        candidate=Measurements(),
        decision=Decision.undecided("the job ended FAILED"),
        run_id="ü \ud800",
        dry_run=True,
    ),
}


@pytest.fixture(params=VARIANTS)
def variant(request: pytest.FixtureRequest) -> Evidence:
    return VARIANTS[request.param]


def test_what_is_written_is_read_back_equal(variant: Evidence) -> None:
    body = to_bytes(variant)
    assert read_evidence(body, URI, sha256_of(body)) == variant


def test_the_bytes_are_canonical(variant: Evidence) -> None:
    body = to_bytes(variant)
    again = json.loads(body)
    assert to_bytes(read_evidence(body, URI)) == body
    assert json.dumps(again, sort_keys=True, separators=(",", ":")).encode() == body
    assert to_document(variant)["schema"] == SCHEMA
    assert len(sha256_of(body)) == 64


def changed_document(**changes: Any) -> bytes:
    return json.dumps({**to_document(evidence()), **changes}).encode()


def without_a_name() -> bytes:
    document = to_document(evidence())
    del document["names"]["model"]
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "schema is None"),
        (b"{}", "schema is None"),
        (changed_document(schema="sluice.evidence/2"), "'sluice.evidence/2'"),
        (changed_document(verdict="pass"), "verdict"),
        (changed_document(pipeline=7), "pipeline"),
        (
            changed_document(
                candidate={"present": [{"metric": "model_latency_ms", "value": float("nan"), "source": ""}]}
            ),
            "finite",
        ),
        (without_a_name(), "names.model"),
    ],
)
def test_a_document_that_is_not_one_of_ours_is_refused(body: bytes, says: str) -> None:
    with pytest.raises(EvidenceInvalid) as caught:
        read_evidence(body, URI)
    assert says in str(caught.value)
    assert URI in str(caught.value)


def test_a_single_changed_byte_is_noticed() -> None:
    body = to_bytes(evidence())
    with pytest.raises(EvidenceInvalid, match="changed"):
        read_evidence(body.replace(b"1312", b"1311"), URI, sha256_of(body))


def test_the_text_shows_every_rule_with_what_was_observed_and_by_how_much() -> None:
    text = as_text(evidence())
    lines = text.splitlines()
    assert lines[0].startswith("iris: FAIL: 2 of 5 rules fail: ")
    cells = [[cell for cell in line.split("  ") if cell] for line in lines[2:9]]
    assert [[cell.strip() for cell in row] for row in cells[:1] + cells[2:]] == [
        ["metric", "observed", "limit", "margin", "verdict"],
        ["model_latency_ms", "1,312 ms", "at most 150", "-1,162", "fail"],
        ["max_invocations_per_minute", "no number", "at least 600", "-", "inconclusive (no number)"],
        ["cost_per_million_usd", "7.4569 USD/million (estimated)", "at most 25", "+17.5431", "pass"],
        [
            "cost_per_million_usd",
            "7.4569 USD/million (estimated)",
            "at most 5 % worse than champion",
            "-",
            "inconclusive (no number)",
        ],
        ["model_latency_ms", "1,312 ms", "at most 0.315 (5 % worse than champion)", "-1,311.685", "fail"],
    ]


def test_the_text_says_where_each_number_came_from_once() -> None:
    assert as_text(evidence()).split("\n\n")[2].splitlines() == [
        "max_invocations_per_minute: the service reported 'NaN', which is not a number",
        "cost_per_million_usd: champion: it was not measured",
        "model_latency_ms: measured, EndpointPerformances of job j",
        "cost_per_million_usd: estimated, recommendation ml.c5.large of job j",
        "champion's model_latency_ms: measured, job old",
    ]


def test_a_first_version_is_shown_to_have_passed_for_want_of_a_champion() -> None:
    for render in (as_text, as_markdown, as_html):
        assert "pass (no champion yet)" in render(VARIANTS["first"])
        assert "no champion yet" not in render(VARIANTS["champion"])


def test_a_decision_without_rules_can_be_shown() -> None:
    text = as_text(VARIANTS["no-benchmark"])
    assert text == "iris: INCONCLUSIVE: the job ended FAILED (dry run: nothing is promoted)"


def test_numbers_from_other_instances_than_productions_are_pointed_out() -> None:
    note = "the numbers are from ml.c5.large, and production runs on ml.m5.large"
    assert note in as_text(evidence(production_instance_type="ml.m5.large"))
    assert "production runs on" not in as_text(evidence())


def test_markdown_is_a_table_that_no_cell_breaks(variant: Evidence) -> None:
    text = as_markdown(dataclasses.replace(variant, pipeline="iris"))
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len(rows) == 2 + len(variant.decision.results)
    assert {row.count("|") for row in rows} == {6}


class Tags(HTMLParser):
    """Checks nesting, and collects text and every address that a page would load."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.addresses: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "meta":
            self.open.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href")]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_is_whole_and_needs_nothing_else(variant: Evidence) -> None:
    page = Tags()
    page.feed(as_html(variant))
    assert page.open == []
    assert page.addresses == []
    assert variant.decision.reason in page.text


def test_the_page_runs_no_text_of_others() -> None:
    hostile = '<script>alert("x")</script>'
    decision = Decision.undecided(hostile)
    page = as_html(evidence(decision=decision, package_arn=hostile, run_id=hostile, pipeline=hostile))
    assert "<script" not in page
    assert "&lt;script&gt;" in page
