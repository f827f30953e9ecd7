from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from airflow.sdk import Asset
from airflow.sdk.exceptions import AirflowSkipException
from sluice.deployment_errors import DeploymentFailed
from sluice.errors import ArtifactError
from sluice.operators.delete_endpoint import DeleteEndpointOperator
from sluice.operators.deploy_endpoint import DeployEndpointOperator
from sluice.operators.outcome import result_of
from sluice.operators.register_package import RegisterPackageOperator
from sluice.operators.reject import RejectOperator
from sluice.operators.report import ReportOperator
from sluice.operators.verify import VerifyOperator
from sluice.refusals.errors import ServiceRefused

from tests.fakes.candidates import a_candidate, aws_with_artifacts, given
from tests.fakes.sagemaker_api import FakeAws, refusal
from tests.fakes.task_run import RUN_ID, DagRunOnFakeAws, FakeTaskInstance, in_one_dag

CANDIDATE = a_candidate()
REFUSED = {"opens_gate": False, "verdict": "fail", "reason": "too slow", "dry_run": False}
PASSED = {"opens_gate": True, "verdict": "pass", "reason": "all passed", "dry_run": False}


@pytest.fixture
def aws() -> FakeAws:
    """Production serves the candidate, and its package is registered."""
    aws = aws_with_artifacts()
    run = DagRunOnFakeAws(aws)
    run.run(RegisterPackageOperator(task_id="register_package", **given(CANDIDATE)))
    run.run(DeployEndpointOperator(task_id="promote", stage="production", **given(CANDIDATE)))
    aws.calls.clear()
    return aws


@pytest.fixture
def registered(aws: FakeAws) -> dict[str, Any]:
    return {"package_arn": next(iter(aws.packages)), "version": 1, "approval": "PendingManualApproval"}


def verify(aws: FakeAws) -> Any:
    return DagRunOnFakeAws(aws).run(VerifyOperator(task_id="verify", **given(CANDIDATE)))


def test_verify_keeps_productions_answer(aws: FakeAws) -> None:
    assert verify(aws) == {
        "endpoint": "iris",
        "config": CANDIDATE.names.production_config,
        "sample": "row-1.csv",
        "answer": '{"label": "benign"}',
    }


def test_verify_tells_who_waits_for_production_which_version_answered(aws: FakeAws) -> None:
    run, asset = DagRunOnFakeAws(aws), Asset("sagemaker://iris-group")
    result = run.run(VerifyOperator(task_id="verify", package_arn="arn:v1", outlets=[asset], **given(CANDIDATE)))
    told = run.outlet_events[asset].extra
    assert told == {"package_arn": "arn:v1", "endpoint": "iris", "config": result["config"], "run_id": RUN_ID}


def test_verify_asks_an_endpoint_that_aws_maintains_for_it_serves_all_the_same(aws: FakeAws) -> None:
    aws.endpoints["iris"]["EndpointStatus"] = "SystemUpdating"
    assert verify(aws)["answer"] == '{"label": "benign"}'
    aws.endpoints["iris"]["EndpointStatus"] = "Updating"
    with pytest.raises(DeploymentFailed, match="it is Updating"):
        verify(aws)


def test_verify_refuses_another_config(aws: FakeAws) -> None:
    aws.endpoints["iris"]["EndpointConfigName"] = "by-hand"
    with pytest.raises(DeploymentFailed, match="by-hand"):
        verify(aws)


def test_verify_refuses_an_endpoint_that_does_not_answer(aws: FakeAws) -> None:
    aws.invocation = refusal("InvokeEndpoint", "ModelError", "Received server error (500) from predict")
    with pytest.raises(ServiceRefused, match="from predict") as error:
        verify(aws)
    assert error.value.code == "ModelError"


def test_verify_misses_the_sample(aws: FakeAws) -> None:
    aws.objects.clear()
    with pytest.raises(ArtifactError, match="gone"):
        verify(aws)


def reject(aws: FakeAws, *before: Any, **arguments: Any) -> Any:
    operator = RejectOperator(task_id="reject", **arguments)
    run = DagRunOnFakeAws(aws)
    for task_id, message in before:
        run.states[task_id] = "failed"
        if message:
            run.xcoms[task_id, "failure"] = {"error": "X", "message": message}
    in_one_dag(*(DeleteEndpointOperator(task_id=each, endpoint="x") for each, _ in before), operator)
    return run.run(operator)


def approval(aws: FakeAws) -> Any:
    package = next(iter(aws.packages.values()))
    return package["ModelApprovalStatus"], package.get("ApprovalDescription")


def test_a_refusal_is_carried_out_with_its_reason(aws: FakeAws, registered: Any) -> None:
    production = dict(aws.endpoints["iris"])
    result = reject(aws, registered=json.dumps(registered), judged=json.dumps(REFUSED))
    assert result["rejected"] and approval(aws) == ("Rejected", "gate: too slow")
    assert aws.endpoints["iris"] == production and aws.calls == ["update_model_package Rejected"]


def test_a_failure_on_the_way_is_a_reason_too(aws: FakeAws, registered: Any) -> None:
    before = ("deploy_staging", "rolled back"), ("recommend", None)
    result = reject(aws, *before, registered=registered, judged=None)
    assert result["reasons"][0] == "deploy_staging: rolled back"
    assert result["reasons"][1].startswith("recommend: it left no message")
    assert approval(aws)[0] == "Rejected"


def test_nothing_registered_is_said(aws: FakeAws) -> None:
    result = reject(aws, ("preflight", "bad artifact"), registered="null", judged="null")
    assert result["package_arn"] is None and "nothing had been registered" in result["note"]
    assert aws.calls == []


def test_a_version_approved_before_stays_so_when_a_run_breaks_off(aws: FakeAws, registered: Any) -> None:
    registered["approval"] = "Approved"
    assert not reject(aws, ("deploy_staging", "no capacity"), registered=registered)["rejected"]
    assert reject(aws, registered=registered, judged=REFUSED)["rejected"]


def test_what_production_serves_is_not_rejected_when_it_was_only_measured_again(aws: FakeAws, registered: Any) -> None:
    registered["approval"] = "Approved"
    result = reject(aws, registered=registered, judged=REFUSED, asked=json.dumps({"measuring": {"round": "r"}}))
    assert not result["rejected"] and "production serves it" in result["note"] and aws.calls == []
    assert reject(aws, registered=registered, judged=REFUSED, asked='{"measuring": null}')["rejected"]


def test_a_dry_run_rejects_nothing(aws: FakeAws, registered: Any) -> None:
    result = reject(aws, ("recommend", "failed"), registered=registered, is_dry_run="true")
    assert not result["rejected"] and aws.calls == []


def test_nothing_to_reject_is_a_skip(aws: FakeAws, registered: Any) -> None:
    with pytest.raises(AirflowSkipException):
        reject(aws, registered=registered, judged=PASSED)


def report(aws: FakeAws, *failed: tuple[str, str], **arguments: Any) -> Any:
    operator = ReportOperator(task_id="report", **{**given(CANDIDATE), "judged": None, **arguments})
    run = DagRunOnFakeAws(aws)
    for task_id, message in failed:
        run.states[task_id], run.xcoms[task_id, "failure"] = "failed", {"error": "X", "message": message}
    in_one_dag(*(DeleteEndpointOperator(task_id=each, endpoint="x") for each, _ in failed), operator)
    return run.run(operator)


def test_a_run_that_broke_off_leaves_undecided_evidence(aws: FakeAws, registered: Any) -> None:
    result = report(aws, ("recommend", "stopped"), registered=registered)
    assert result["outcome"] == "failed" and result["failures"] == [
        {"task": "recommend", "error": "X", "message": "stopped"}
    ]
    document = json.loads(aws.objects[result["evidence_uri"]])
    assert document["decision"]["verdict"] == "inconclusive" and "stopped" in document["decision"]["reason"]
    assert [each["message"] for each in document["failures"]] == ["stopped"]
    assert hashlib.sha256(aws.objects[result["evidence_uri"]]).hexdigest() == result["evidence_sha256"]
    # The package goes on naming the evidence of its last decision.
    assert "sluice:evidence" not in aws.packages[registered["package_arn"]]["CustomerMetadataProperties"]


def test_nothing_registered_leaves_no_evidence(aws: FakeAws) -> None:
    result = report(aws, ("preflight", "bad"), candidate="null", registered="null", judged="null")
    assert (result["outcome"], result["evidence_uri"]) == ("failed", None)
    assert aws.calls == []


@pytest.mark.parametrize(
    ("judged", "outcome"), [(PASSED, "promoted"), (REFUSED, "refused"), ({**PASSED, "dry_run": True}, "dry run")]
)
def test_the_outcome_and_the_way_to_the_evidence(
    aws: FakeAws, registered: Any, judged: dict[str, Any], outcome: str
) -> None:
    undecided = report(aws, ("x", "y"), registered=registered)
    document = json.loads(aws.objects[undecided["evidence_uri"]])
    result = report(aws, registered=registered, judged={**judged, "evidence": document}, verified={"answer": "benign"})
    assert result["outcome"] == outcome and result["answer"] == "benign"
    metadata = aws.packages[registered["package_arn"]]["CustomerMetadataProperties"]
    assert metadata["sluice:evidence"] == result["evidence_uri"]
    assert metadata["sluice:evidence-sha256"] == result["evidence_sha256"]


def test_a_result_of_another_attempt_is_none() -> None:
    run = DagRunOnFakeAws(FakeAws())
    run.xcoms["judge", "return_value"] = REFUSED
    ti = FakeTaskInstance(run, "reject")
    for state, expected in (("upstream_failed", None), ("success", REFUSED)):
        run.states["judge"] = state
        assert result_of(ti, "judge") == expected
