"""A person's word between the gate and production, as Airflow hands it over."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from airflow.providers.standard.operators import hitl
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, RetryAction
from sluice.errors import AnswerUnusable, EvidenceInvalid, SpecError
from sluice.evidence.report import read_evidence, to_document
from sluice.gate.decision import Decision
from sluice.operators.approve import REASON_MAX, ApproveOperator
from sluice.operators.base import RETRY_WHAT_MAY_PASS
from sluice.operators.findings import Findings
from sluice.operators.promote import PromoteOperator
from sluice.operators.reject import RejectOperator

from tests.fakes.candidates import a_candidate, given
from tests.fakes.sagemaker_api import FakeAws
from tests.fakes.specs import a_spec
from tests.fakes.task_run import DagRunOnFakeAws

ARN = "arn:aws:sagemaker:us-east-1:123456789012:model-package/iris-group/1"
ALICE = {"id": "7", "name": "alice"}
CANARY = {"type": "canary", "percent": 10}
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def shown(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """What Airflow is asked to show to people."""
    request: dict[str, Any] = {}
    monkeypatch.setattr(hitl, "upsert_hitl_detail", lambda **given: request.update(given))
    yield request


def judged(spec: Any) -> dict[str, Any]:
    evidence = Findings(decision=Decision.passed(())).as_evidence(a_candidate(spec), ARN, "a run")
    return {
        "verdict": "pass",
        "reason": "all 2 rules passed",
        "opens_gate": True,
        "dry_run": False,
        "fleet": None,
        "recommendation": None,
        "evidence": to_document(evidence),
    }


class Asked:
    """A promotion that waits for a person."""

    def __init__(self, **changes: Any) -> None:
        self.spec = a_spec(**{"gate__approval": {"required": True}, **changes})
        self.run = DagRunOnFakeAws(FakeAws())
        self.task = ApproveOperator(task_id="approve", pipeline=self.spec, judged=json.dumps(judged(self.spec)))
        self.task.dag = DAG("a_dag", schedule=None)
        promote = EmptyOperator(task_id="promote", dag=self.task.dag)
        self.task >> promote >> EmptyOperator(task_id="verify", dag=self.task.dag)

    def answered(self, option: str, user: Any = ALICE, **params: Any) -> Any:
        self.run.answer = {
            "chosen_options": [option],
            "params_input": params,
            "responded_at": NOON,
            "responded_by_user": user,
            "timedout": user is None,
        }
        return self.run.run(self.task)


def test_the_form_shows_the_evidence_and_asks_for_the_canary(shown: dict[str, Any]) -> None:
    asked = Asked(
        production__deployment=CANARY,
        gate__approval={"required": True, "timeout_hours": 2, "assigned_users": ["7", "bob"]},
    )
    asked.answered("Approve")
    assert shown["subject"] == "Promote iris to iris?" and ARN in shown["body"]
    assert (shown["options"], shown["defaults"]) == (["Approve", "Reject"], ["Reject"])
    assert [user["id"] for user in shown["assigned_users"]] == ["7", "bob"]
    percent = shown["params"]["percent"]
    assert (percent["value"], percent["schema"]["minimum"], percent["schema"]["maximum"]) == (10, 1, 50)
    assert set(shown["params"]) == {"percent", "reason"}
    assert asked.run.waits[0].timeout == timedelta(hours=2)


@pytest.mark.parametrize("deployment", [None, {"type": "all_at_once"}])
def test_no_share_is_asked_for_where_none_moves(shown: dict[str, Any], deployment: Any) -> None:
    result = Asked(production__deployment=deployment).answered("Approve")
    assert set(shown["params"]) == {"reason"} and result["percent"] is None


def test_a_person_approves() -> None:
    asked = Asked(production__deployment=CANARY)
    result = asked.answered("Approve", percent=5, reason="looks \n good")
    assert (result["opens_gate"], result["percent"], asked.run.states) == (True, 5, {"approve": "success"})
    assert result["reason"].endswith("; approved by alice (7): looks good; 5 % at a time instead of 10 %")
    evidence = read_evidence(json.dumps(result["evidence"]).encode(), "approve")
    assert (evidence.decided_by, evidence.decided_at) == ("alice (7)", "2026-03-01T12:00:00.000+00:00")
    assert evidence.decision.reason == result["reason"]


def test_what_is_left_out_stays_as_the_form_has_it() -> None:
    result = Asked(production__deployment=CANARY).answered("Approve", {"id": "alice", "name": "alice"})
    assert result["percent"] == 10 and result["reason"].endswith("; approved by alice")


@pytest.mark.parametrize(
    ("user", "why", "who", "said"),
    [
        (ALICE, "too risky", "alice (7)", "refused by alice (7): too risky"),
        (None, "", "nobody", "refused: nobody answered within 24 h"),
    ],
)
def test_a_refusal_closes_the_gate_and_says_whose_it_is(user: Any, why: str, who: str, said: str) -> None:
    asked = Asked()
    result = asked.answered("Reject", user, reason=why)
    assert asked.run.states == {"approve": "success", "promote": "skipped"}
    assert (result["verdict"], result["opens_gate"], result["reason"]) == ("fail", False, said)
    evidence = read_evidence(json.dumps(result["evidence"]).encode(), "approve")
    assert (evidence.decided_by, evidence.decision.reason) == (who, said)
    reject = RejectOperator(task_id="reject", registered={"package_arn": ARN, "approval": "Pending"}, judged=result)
    asked.run.aws.packages[ARN] = {}
    reject.dag = asked.task.dag
    assert asked.run.run(reject)["reasons"] == [f"gate: {said}"]


@pytest.mark.parametrize(
    ("changes", "params", "problem"),
    [
        ({}, {"percent": 60}, "60"),
        ({}, {"percent": "all"}, "all"),
        ({}, {"percnt": 5}, "percnt"),
        ({}, {"reason": "x" * (REASON_MAX + 1)}, "too long"),
        # A smaller share is more shares, whose waits together are longer than AWS may take.
        (
            {"production__deployment": {"type": "linear", "percent": 50, "timeout_seconds": 700}},
            {"percent": 10},
            "production.deployment.timeout_seconds",
        ),
    ],
)
def test_an_answer_that_cannot_be_used_decides_nothing(
    changes: dict[str, Any], params: dict[str, Any], problem: str
) -> None:
    asked = Asked(**{"production__deployment": CANARY, **changes})
    with pytest.raises(AnswerUnusable, match=problem) as unusable:
        asked.answered("Approve", **params)
    assert asked.run.states == {"approve": "failed"}
    assert asked.run.xcoms["approve", "failure"]["error"] == "AnswerUnusable"
    assert RETRY_WHAT_MAY_PASS.evaluate(unusable.value, 1, 2).action is RetryAction.DEFAULT  # so it asks again


def test_evidence_that_is_none_is_not_shown(shown: dict[str, Any]) -> None:
    asked = Asked()
    asked.task.judged = {"evidence": {"schema": "x"}}
    with pytest.raises(EvidenceInvalid):
        asked.answered("Approve")
    assert shown == {}


def test_production_moves_by_the_share_that_was_approved() -> None:
    candidate = a_candidate(a_spec(production__deployment=CANARY))
    aws = FakeAws()
    run = DagRunOnFakeAws(aws)
    names = {"ModelPackageArn": ARN, "ModelPackageGroupName": "iris-group", "ModelPackageVersion": 1}
    aws.packages[ARN] = {**names, "ModelPackageStatus": "Completed"}
    aws.create_endpoint(EndpointName="iris", EndpointConfigName="old", Tags=[])
    aws.settle()
    promote = PromoteOperator(task_id="promote", package_arn=ARN, reason="ok", percent="5", **given(candidate))
    run.run(promote)
    (deployment,) = aws.deployments
    assert deployment is not None
    assert deployment["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"]["CanarySize"]["Value"] == 5


@pytest.mark.parametrize(
    ("approval", "path"),
    [
        ({}, "gate.approval.required"),
        ({"required": True, "timeout_hours": 0}, "gate.approval.timeout_hours"),
        ({"required": True, "timeout_hours": 721}, "gate.approval.timeout_hours"),
        ({"required": True, "assigned_users": [" "]}, "gate.approval.assigned_users[0]"),
    ],
)
def test_how_approval_may_be_asked_for(approval: dict[str, Any], path: str) -> None:
    with pytest.raises(SpecError) as error:
        a_spec(gate__approval=approval)
    assert error.value.path == path
