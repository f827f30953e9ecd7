"""What people are told, and of which channel a spec may speak."""

from __future__ import annotations

from typing import Any

import pytest
from sluice.errors import SpecError
from sluice.gate.decision import Rule, decide
from sluice.gate.metrics import Measurement, Measurements, Metric
from sluice.notice import FACT_MAX, SUBJECT_MAX, Run, event_of, notice_of
from sluice.specs.notify import Event, NotifySpec

from tests.fakes.specs import a_spec

TOPIC = "arn:aws:sns:eu-west-1:123456789012:releases"
RUN = Run(dag_id="promote__iris", run_id="manual__2026-01-01T00:00:00+00:00", base_url="https://airflow.example/af/")
URL = "https://airflow.example/af/dags/promote__iris/runs/manual__2026-01-01T00%3A00%3A00%2B00%3A00"


def test_every_channel_and_event() -> None:
    told = a_spec(
        notify=[
            {"sns": {"topic_arn": TOPIC}, "on": ["promoted", "refused"]},
            {"slack": {"channel": "#models"}},
            {"email": {"to": ["team@example.com"], "connection": "mail"}},
        ]
    ).notify
    assert told[0].on == (Event.PROMOTED, Event.REFUSED) and told[1].on == tuple(Event)
    assert told[0].sns is not None and (told[0].sns.region, told[0].sns.connection) == ("eu-west-1", None)
    assert told[1].slack is not None and told[1].slack.connection == "slack_api_default"
    assert a_spec().notify == ()


@pytest.mark.parametrize(
    ("entry", "path"),
    [
        ({}, "notify[0]"),
        ({"sns": {"topic_arn": TOPIC}, "slack": {"channel": "#x"}}, "notify[0]"),
        ({"sns": {"topic_arn": "releases"}}, "notify[0].sns.topic_arn"),
        ({"email": {"to": []}}, "notify[0].email.to"),
        ({"email": {"to": ["a@b, c@d"]}}, "notify[0].email.to[0]"),
        ({"slack": {"channel": "#x"}, "on": ["promotd"]}, "notify[0].on[0]"),
        ({"slack": {"channel": "#x"}, "on": []}, "notify[0].on"),
        ({"teams": {"channel": "#x"}}, "notify[0].teams"),
    ],
)
def test_a_channel_that_cannot_be_used_is_named(entry: dict[str, Any], path: str) -> None:
    with pytest.raises(SpecError) as error:
        a_spec(notify=[entry])
    assert error.value.path == path


def test_a_refusal_says_which_rule_by_how_much_and_where_to_look() -> None:
    rules = (Rule(metric=Metric.MODEL_LATENCY_MS, max=120), Rule(metric=Metric.COST_PER_MILLION_USD, max=25))
    decision = decide(rules, Measurements((Measurement(Metric.MODEL_LATENCY_MS, 150, "job j"),)))
    result = {
        "outcome": "refused",
        "verdict": decision.verdict.value,
        "misses": [each.miss for each in decision.results],
        "package_arn": "arn:v7",
        "evidence_uri": "s3://models/evidence/e.json",
        "failures": [],
    }
    notice = notice_of(Event.REFUSED, "iris", RUN, result)
    assert notice.text.splitlines() == [
        "iris was refused by the gate",
        "",
        "version: arn:v7",
        "verdict: fail",
        "rule: model_latency_ms: 150 ms, allowed at most 120, missed by 30 ms (25 %)",
        "rule: cost_per_million_usd could not be judged: it was not measured",
        "evidence: s3://models/evidence/e.json",
        f"run: {URL}",
    ]
    assert f'<a href="{URL}">' in notice.html


def test_what_passed_was_not_missed() -> None:
    passed = decide((Rule(metric=Metric.MODEL_LATENCY_MS, max=0),), Measurements((_latency(0),)))
    missed = decide((Rule(metric=Metric.MODEL_LATENCY_MS, max=0),), Measurements((_latency(3),)))
    assert passed.results[0].miss is None
    assert missed.results[0].miss == "model_latency_ms: 3 ms, allowed at most 0, missed by 3 ms"


def _latency(ms: float) -> Measurement:
    return Measurement(Metric.MODEL_LATENCY_MS, ms, "job j")


def test_texts_keep_within_what_channels_take_and_html_is_text() -> None:
    failures = [{"task": "deploy_staging", "message": "<script>\n" + "x" * 5000}]
    notice = notice_of(Event.FAILED, "é" * 200, Run(dag_id="d", run_id="r"), {"failures": failures})
    assert len(notice.subject) < SUBJECT_MAX and notice.subject.isascii()
    assert all(len(said) <= FACT_MAX for _, said in notice.facts)
    assert "<script>" not in notice.html and "&lt;script&gt;<br>" in notice.html
    assert notice.text.endswith("run: d, r")


@pytest.mark.parametrize(("outcome", "event"), [("promoted", Event.PROMOTED), ("dry run", None), (None, None)])
def test_an_outcome_is_an_event(outcome: str | None, event: Event | None) -> None:
    assert event_of({"outcome": outcome}) is event


def test_a_channel_alone_is_for_everything() -> None:
    assert set(NotifySpec(sns=None, slack=None, email=a_mail()).on) == set(Event)


def a_mail() -> Any:
    from sluice.specs.notify import EmailChannel

    return EmailChannel(to=("a@example.com",))
