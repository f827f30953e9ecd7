"""Notifications as Airflow sends them: which tasks tell, through which notifier, and what happens when it cannot."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import yaml
from airflow.providers.amazon.aws.hooks.sns import SnsHook
from airflow.serialization.serialized_objects import DagSerialization
from sluice.dag_factory import build
from sluice.errors import SpecError
from sluice.notifier import SluiceNotifier
from sluice.plans.batch_transform import BATCH_TRANSFORM
from sluice.plans.promotion import PROMOTION
from sluice.plans.rebenchmark import REBENCHMARK
from sluice.specs import providers
from sluice.specs.folder import read_files, read_folder
from sluice.specs.notify import Event

from tests.fakes.mail_server import mail_server
from tests.fakes.specs import a_spec, spec_document

TOPIC = "arn:aws:sns:eu-west-1:123456789012:releases"
SNS = {"sns": {"topic_arn": TOPIC}, "on": ["promoted", "refused", "failed"]}
MAIL = {"email": {"to": ["team@example.com", "boss@example.com"]}}
SLACK = {"slack": {"channel": "#models"}}
REFUSED = {"outcome": "refused", "verdict": "fail", "reason": "{{ 1/0 }}", "package_arn": "arn:v7", "failures": []}


def context(result: Any = None, **more: Any) -> Any:
    pulled = {"report": result, "judge": result}
    ti = SimpleNamespace(
        dag_id="promote__iris", run_id="r", task_id="report", xcom_pull=lambda task_ids: pulled[task_ids]
    )
    return {"ti": ti, **more}


def notifier(*channels: Any, **given: Any) -> SluiceNotifier:
    return SluiceNotifier(pipeline="iris", channels=channels, connection="aws_default", **given)


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []

    def publish(hook: SnsHook, **given: Any) -> None:
        sent.append({**given, "connection": hook.aws_conn_id, "region": hook.region_name})

    monkeypatch.setattr(SnsHook, "publish_to_target", publish)
    return sent


def test_sns_is_told_by_the_specs_connection_in_the_topics_region(published: list[dict[str, Any]]) -> None:
    notifier(SNS)(context(REFUSED))
    (sent,) = published
    assert (sent["connection"], sent["region"], sent["target_arn"]) == ("aws_default", "eu-west-1", TOPIC)
    assert sent["subject"] == "Sluice: iris was refused by the gate"
    assert "version: arn:v7" in sent["message"]
    assert "reason: {{ 1/0 }}" in sent["message"], "what people say is no template"


def test_only_who_asked_is_told(published: list[dict[str, Any]]) -> None:
    notifier(SNS, event=Event.WAITING_FOR_APPROVAL, told_by="judge")(context(REFUSED))
    notifier(SNS)(context({"outcome": "dry run"}))
    assert published == []
    notifier({**SNS, "on": ["waiting_for_approval"]}, event="waiting_for_approval", told_by="judge")(context(REFUSED))
    assert published[0]["subject"] == "Sluice: iris waits for approval"


def test_a_failed_task_is_told_with_its_error(published: list[dict[str, Any]]) -> None:
    notifier(SNS, event=Event.FAILED)(context(exception=ValueError("no disk")))
    notifier(SNS, event=Event.FAILED)(context())
    assert "failed: report: no disk" in published[0]["message"]
    assert "see the log" in published[1]["message"]


def test_mail_reaches_everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    with mail_server() as server:
        extra = {"disable_ssl": True, "disable_tls": True, "from_email": "sluice@example.com"}
        at = {"conn_type": "smtp", "host": "127.0.0.1", "port": server.port, "extra": extra}
        monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", json.dumps(at))
        notifier(MAIL)(context(REFUSED))
        (mail,) = server.mails
    assert mail["subject"] == "Sluice: iris was refused by the gate" and mail["from"] == "sluice@example.com"
    assert mail["to"] == "team@example.com, boss@example.com"
    body = mail.get_body()
    assert body is not None and "arn:v7" in body.get_content()


class FakeSlack:
    """Slack's notifier as far as it is used, where its provider is not installed."""

    sent: list[dict[str, Any]] = []  # noqa: RUF012 - read by the test

    def __init__(self, **given: Any) -> None:
        self.given = given

    def notify(self, context: Any) -> None:
        self.sent.append(self.given)


def test_slack_is_told_by_its_notifier(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("airflow.providers.slack.notifications.slack")
    module.__dict__["SlackNotifier"] = FakeSlack
    monkeypatch.setitem(sys.modules, "airflow.providers.slack.notifications.slack", module)
    notifier(SLACK)(context(REFUSED))
    (sent,) = FakeSlack.sent
    assert (sent["slack_conn_id"], sent["channel"]) == ("slack_api_default", "#models")
    assert sent["text"].startswith("iris was refused by the gate")


def test_slacks_own_notifier_sends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    slack = pytest.importorskip("airflow.providers.slack.hooks.slack")
    calls: list[tuple[str, Any]] = []
    monkeypatch.setenv("AIRFLOW_CONN_SLACK_API_DEFAULT", json.dumps({"conn_type": "slack", "password": "xoxb-fake"}))
    monkeypatch.setattr(slack.SlackHook, "call", lambda hook, method, json: calls.append((method, json)))
    notifier(SLACK)(context(REFUSED))
    ((method, body),) = calls
    assert (method, body["channel"]) == ("chat.postMessage", "#models") and "version: arn:v7" in body["text"]


def test_what_cannot_be_sent_is_told_in_the_log_and_others_are_told_all_the_same(
    published: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", json.dumps({"conn_type": "smtp", "host": "127.0.0.1", "port": 1}))
    notifier(MAIL, SNS)(context(REFUSED))
    assert "could not tell team@example.com, boss@example.com" in capsys.readouterr().out
    assert len(published) == 1


def test_the_tasks_that_tell() -> None:
    spec = a_spec(notify=[SNS], gate__approval={"required": True}, staging__after_gate="delete")
    dag = build(PROMOTION, spec)
    report: Any = dag.get_task("report")
    (ended,), (failed,) = report.on_success_callback, report.on_failure_callback
    assert (ended.event, failed.event) == (None, Event.FAILED)
    approve: Any = dag.get_task("approve")
    (asks,) = approve.notifiers
    assert (asks.event, asks.told_by) == (Event.WAITING_FOR_APPROVAL, "judge")
    assert dag.get_task("delete_staging").on_failure_callback
    # What fails before `report` is told by it.
    assert not dag.get_task("deploy_staging").on_failure_callback
    batch = a_spec(
        notify=[SNS], batch={"input": "s3://models/in", "output": "s3://models/out", "instance_type": "ml.m5.large"}
    )
    assert all(task.on_failure_callback for task in build(BATCH_TRANSFORM, batch).tasks)
    measured = build(REBENCHMARK, a_spec(notify=[SNS], rebenchmark={}))
    found: Any = measured.get_task("open_promotion")
    assert (found.on_success_callback[0].event, found.on_success_callback[0].told_by) == (Event.FINDING, "compare")
    assert "report" in DagSerialization.from_dict(DagSerialization.to_dict(dag)).task_dict


def test_without_channels_nothing_is_called() -> None:
    for task in build(PROMOTION, a_spec(gate__approval={"required": True})).tasks:
        assert not task.on_success_callback and not task.on_failure_callback


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "iris.yaml").write_text(yaml.safe_dump(spec_document(notify=[SNS, SLACK])))
    return tmp_path


@pytest.mark.parametrize("is_there", [True, False])
def test_a_missing_provider_breaks_its_own_spec_and_names_the_package(
    folder: Path, monkeypatch: pytest.MonkeyPatch, is_there: bool
) -> None:
    found: Callable[[str], object] = lambda name: object() if is_there or "slack" not in name else None  # noqa: E731
    monkeypatch.setattr(providers, "find_spec", found)
    errors = [str(error) for error in read_folder(folder).errors]
    if is_there:
        assert errors == []
    else:
        assert errors == [
            f"{folder / 'iris.yaml'}: notify[1].slack: "
            "needs apache-airflow-providers-slack: install it where Airflow runs"
        ]
    assert read_files([folder / "iris.yaml"]).errors == (), "a spec is checked where Airflow is not"


def test_a_promotion_that_is_late_is_told_by_the_triggerer(monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.sdk._shared.module_loading import import_string

    late = {"email": {"to": ["team@example.com"]}, "on": ["late"]}
    dag: Any = build(PROMOTION, a_spec(notify=[late], deadline_minutes=90))
    assert build(BATCH_TRANSFORM, a_spec(notify=[late], deadline_minutes=90)).deadline in (None, [])
    (alert,) = dag.deadline
    assert alert.interval == timedelta(minutes=90)
    stored = json.loads(json.dumps(alert.callback.serialize()))
    with mail_server() as server:
        extra = {"disable_ssl": True, "disable_tls": True, "from_email": "sluice@example.com"}
        at = {"conn_type": "smtp", "host": "127.0.0.1", "port": server.port, "extra": extra}
        monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", json.dumps(at))
        run = {"dag_id": "promote__iris", "dag_run_id": "r7", "state": "running"}
        given = {"dag_run": run, "deadline": {"id": "1", "deadline_time": "2026-03-01T12:00:00Z"}}

        async def as_the_triggerer_does() -> None:
            await import_string(stored["path"])(**stored["kwargs"], context=given)

        asyncio.run(as_the_triggerer_does())
        (mail,) = server.mails
    assert mail["subject"] == "Sluice: iris is late"
    body = mail.get_body()
    assert body is not None and "it should have ended by 2026-03-01T12:00:00Z" in body.get_content()
    assert "r7" in body.get_content()


def test_a_deadline_that_nobody_hears_of_or_that_airflow_lacks(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SpecError, match="no channel for the event late"):
        a_spec(notify=[SNS], deadline_minutes=90)
    late = spec_document(notify=[{**SNS, "on": ["late"]}], deadline_minutes=90)
    (folder / "iris.yaml").write_text(yaml.safe_dump(late))
    assert read_folder(folder).errors == ()
    monkeypatch.setattr(providers, "find_spec", lambda name: None)
    assert "needs Airflow 3.1" in str(read_folder(folder).errors[0])


def test_what_cannot_even_be_made_out_fails_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    notifier(SNS, event=Event.WAITING_FOR_APPROVAL, told_by="gone")(context())
    assert "could not tell anybody" in capsys.readouterr().out
