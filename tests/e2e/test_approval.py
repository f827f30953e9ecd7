"""A promotion that waits for a person, run by Airflow's own task runner; the person answers as the REST API does."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from airflow.dag_processing.dagbag import DagBag

from tests.conftest import PROJECT
from tests.e2e.conftest import Aws

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("connection")]

DAG_FILE = """
from pathlib import Path
from airflow.sdk import DAG
from sluice.dag_factory import build
from sluice.plans.promotion import PROMOTION
from sluice.specs.file import load_spec
dag: DAG = build(PROMOTION, load_spec(Path(__file__).with_suffix(".yaml")))
"""
LOCAL_BUNDLE = "airflow.dag_processing.bundles.local.LocalDagBundle"
BOUND_S = 120.0
TOPIC = "arn:aws:sns:us-east-1:123456789012:releases"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A DAG folder of its own, whose one spec asks for approval; Airflow knows it as a bundle."""
    folder = tmp_path_factory.mktemp("approval")
    spec = yaml.safe_load((PROJECT / "dags" / "pipelines" / "breast_cancer.yaml").read_text())
    spec["pipeline"] = spec["package"]["group"] = "approved"
    spec["staging"]["endpoint"], spec["production"]["endpoint"] = "approved-staging", "approved"
    spec["production"]["deployment"] = {"type": "canary", "percent": 50, "bake_seconds": 0}
    spec["gate"]["approval"] = {"required": True, "assigned_users": ["alice"]}
    spec["notify"] = [{"sns": {"topic_arn": TOPIC}}]
    (folder / "approved.yaml").write_text(yaml.safe_dump(spec))
    (folder / "approved.py").write_text(DAG_FILE)
    return folder


class Person(threading.Thread):
    """Waits until somebody is asked, and answers once."""

    def __init__(self, option: str, params: Mapping[str, Any]) -> None:
        super().__init__(daemon=True)
        self.option, self.params = option, params
        self.seen: dict[str, Any] = {}
        self.over = threading.Event()

    def run(self) -> None:
        for _ in range(int(BOUND_S * 4)):
            if self._answer() or self.over.wait(0.25):
                return

    def _answer(self) -> bool:
        from airflow.api_fastapi.app import init_auth_manager
        from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
        from airflow.api_fastapi.core_api.datamodels.hitl import UpdateHITLDetailPayload
        from airflow.api_fastapi.core_api.routes.public.hitl import update_hitl_detail
        from airflow.models.hitl import HITLDetail
        from airflow.models.taskinstance import TaskInstance
        from airflow.utils.session import create_session
        from sqlalchemy import select

        init_auth_manager()
        with create_session() as session:
            waiting = select(TaskInstance).where(
                TaskInstance.dag_id == "promote__approved", TaskInstance.state == "awaiting_input"
            )
            task = session.scalar(waiting)
            if task is None:
                return False
            detail = session.scalar(select(HITLDetail).where(HITLDetail.ti_id == task.id))
            assert detail is not None
            self.seen = {"body": detail.body, "params": detail.params}
            payload = UpdateHITLDetailPayload(chosen_options=[self.option], params_input=dict(self.params))
            user = SimpleAuthManagerUser(username="alice", role="op")
            update_hitl_detail("promote__approved", task.run_id, "approve", payload, user, session)
            return True


def promote(folder: Path, monkeypatch: pytest.MonkeyPatch, person: Person) -> dict[str, Any]:
    """The results of a run that a person answers."""
    bundle = [{"name": "approval", "classpath": LOCAL_BUNDLE, "kwargs": {"path": str(folder)}}]
    monkeypatch.setenv("AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST", json.dumps(bundle))
    dag = DagBag(dag_folder=str(folder), bundle_path=folder, bundle_name="approval").dags["promote__approved"]
    person.start()
    try:
        ended = dag.test(logical_date=datetime.now(UTC))
    finally:
        person.over.set()
        person.join(BOUND_S)
    tasks = {task.task_id: task for task in ended.get_task_instances()}
    results = {task_id: task.xcom_pull(task_ids=task_id) for task_id, task in tasks.items()}
    assert str(ended.state) == "success", results["report"]
    return results


def subscribed(aws: Aws) -> str:
    """A queue that gets what is told to the topic."""
    sns, sqs = aws.client("sns"), aws.client("sqs")
    assert sns.create_topic(Name=TOPIC.rsplit(":", 1)[-1])["TopicArn"] == TOPIC
    queue = sqs.create_queue(QueueName="releases")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=TOPIC, Protocol="sqs", Endpoint=arn)
    return str(queue)


def told(aws: Aws, queue: str) -> dict[str, str]:
    """Subject -> text of what the queue holds."""
    answer = aws.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
    mails = [json.loads(message["Body"]) for message in answer.get("Messages", ())]
    return {mail["Subject"]: mail["Message"] for mail in mails}


def test_a_person_refuses_and_then_approves(aws: Aws, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sagemaker = aws.client("sagemaker")
    queue = subscribed(aws)
    person = Person("Reject", {"reason": "not before Monday", "percent": 50})
    refused = promote(folder, monkeypatch, person)
    arn = refused["register_package"]["package_arn"]
    assert "model_latency_ms" in person.seen["body"] and arn in person.seen["body"]
    assert person.seen["params"]["percent"]["value"] == 50
    assert refused["report"]["outcome"] == "refused"
    said = sagemaker.describe_model_package(ModelPackageName=arn)
    assert said["ModelApprovalStatus"] == "Rejected"
    assert said["ApprovalDescription"] == "gate: refused by alice: not before Monday"
    endpoints = sagemaker.list_endpoints(NameContains="approved")["Endpoints"]
    assert [each["EndpointName"] for each in endpoints] == ["approved-staging"]

    approved = promote(folder, monkeypatch, Person("Approve", {"reason": "Monday", "percent": 25}))
    assert approved["report"]["outcome"] == "promoted"
    said = sagemaker.describe_model_package(ModelPackageName=arn)
    assert said["ModelApprovalStatus"] == "Approved" and "approved by alice: Monday" in said["ApprovalDescription"]
    evidence = approved["approve"]["evidence"]
    assert evidence["decided_by"] == "alice" and "25 % at a time instead of 50 %" in evidence["decision"]["reason"]

    news = told(aws, queue)
    assert set(news) == {
        "Sluice: approved waits for approval",
        "Sluice: approved was refused by the gate",
        "Sluice: approved was promoted",
    }
    assert "reason: refused by alice: not before Monday" in news["Sluice: approved was refused by the gate"]
    assert f"version: {arn}" in news["Sluice: approved was promoted"]
    assert f"evidence: {approved['report']['evidence_uri']}" in news["Sluice: approved was promoted"]
