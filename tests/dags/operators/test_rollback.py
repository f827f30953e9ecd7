"""Back to an earlier version: which one, by what way, and what becomes of the one that production leaves."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk.exceptions import AirflowSkipException
from sluice.errors import NoVersion, SpecError
from sluice.evidence.rollback import FORM
from sluice.notice import event_of
from sluice.operators.choose_version import ChooseVersionOperator
from sluice.operators.create_model import CreateModelOperator
from sluice.operators.deploy_endpoint import DeployEndpointOperator
from sluice.operators.preflight import PreflightOperator
from sluice.operators.promote import PromoteOperator
from sluice.operators.record_rollback import RecordRollbackOperator
from sluice.operators.register_package import RegisterPackageOperator
from sluice.operators.withdraw import WithdrawOperator
from sluice.specs.notify import Event

from tests.fakes.candidates import aws_with_artifacts
from tests.fakes.sagemaker_api import FakeAws
from tests.fakes.specs import a_spec
from tests.fakes.task_run import DagRunOnFakeAws, in_one_dag

GUARDED = {"type": "canary", "percent": 10, "alarms": ["iris-5xx"]}


def promote(aws: FakeAws, image: str) -> str:
    """A version with this image in production; its ARN."""
    spec = a_spec(containers__0__image=image)
    run = DagRunOnFakeAws(aws)
    candidate = run.run(PreflightOperator(task_id="preflight", pipeline=spec))
    given: dict[str, Any] = {"pipeline": spec, "candidate": candidate}
    arn = run.run(RegisterPackageOperator(task_id="register_package", **given))["package_arn"]
    run.run(CreateModelOperator(task_id="create_model", package_arn=arn, **given))
    run.run(PromoteOperator(task_id="promote", package_arn=arn, reason="all rules passed", **given))
    return str(arn)


def choose(aws: FakeAws, package_arn: str = "") -> Any:
    return DagRunOnFakeAws(aws).run(
        ChooseVersionOperator(task_id="choose_version", pipeline=a_spec(), package_arn=package_arn)
    )


@pytest.fixture
def aws() -> FakeAws:
    return aws_with_artifacts()


def test_the_version_approved_before_productions_and_its_old_names_again(aws: FakeAws) -> None:
    first, second = promote(aws, "a:1"), promote(aws, "a:2")
    config = aws.endpoints["iris"]["EndpointConfigName"]
    promote(aws, "a:1")  # the second is not the newest that was live, but still the newer version
    assert promote(aws, "a:2") == second and aws.endpoints["iris"]["EndpointConfigName"] == config
    chosen = choose(aws)
    assert chosen == {"package_arn": first, "version": 1, "leaves": second, "config": config, "fleet": None}
    spec, run = a_spec(containers__0__image="a:3", production__deployment=GUARDED), DagRunOnFakeAws(aws)
    aws.alarms["iris-5xx"] = "ALARM"
    preflight = PreflightOperator(task_id="preflight", pipeline=spec, package_arn=chosen["package_arn"])
    given: dict[str, Any] = {"pipeline": spec, "candidate": run.run(preflight)}
    assert run.run(CreateModelOperator(task_id="create_model", package_arn=first, **given))["created"] is False
    deploy = DeployEndpointOperator(task_id="roll_back", stage="production", guarded=False, **given)
    assert run.run(deploy)["config"] != config
    assert aws.deployments[-1] is None
    assert choose(aws, first)["leaves"] == ""


def test_a_rejected_version_is_passed_over_and_refused_by_name(aws: FakeAws) -> None:
    first, second = promote(aws, "a:1"), promote(aws, "a:2")
    promote(aws, "a:3")
    aws.packages[second]["ModelApprovalStatus"] = "Rejected"
    assert choose(aws)["package_arn"] == first
    with pytest.raises(NoVersion, match="is Rejected"):
        choose(aws, second)


def test_nothing_to_go_back_to(aws: FakeAws) -> None:
    with pytest.raises(NoVersion, match="no production endpoint iris"):
        choose(aws)
    promote(aws, "a:1")
    with pytest.raises(NoVersion, match="no version before 1 is Approved"):
        choose(aws)
    (model,) = aws.models.values()
    model["Containers"] = [{"Image": "by-hand"}]
    with pytest.raises(NoVersion, match="name the one to go back to"):
        choose(aws)


def test_the_version_that_production_leaves_is_rejected_with_the_reason(aws: FakeAws) -> None:
    arn = promote(aws, "a:1")
    result = DagRunOnFakeAws(aws).run(WithdrawOperator(task_id="withdraw", package_arn=arn, reason="wrong\nlabels"))
    package = aws.packages[arn]
    assert (package["ModelApprovalStatus"], package["ApprovalDescription"]) == ("Rejected", "wrong labels")
    assert package["CustomerMetadataProperties"]["sluice:withdrawn"] == result["withdrawn"]


def test_without_a_version_there_is_nothing_to_withdraw(aws: FakeAws) -> None:
    with pytest.raises(AirflowSkipException):
        DagRunOnFakeAws(aws).run(WithdrawOperator(task_id="withdraw", package_arn="", reason="x"))
    assert aws.calls == []


def test_an_adopted_version_is_not_registered_again(aws: FakeAws) -> None:
    arn = promote(aws, "a:1")
    spec, run = a_spec(containers__0__image="a:2"), DagRunOnFakeAws(aws)
    candidate = run.run(PreflightOperator(task_id="preflight", pipeline=spec, package_arn=arn))
    registered = run.run(RegisterPackageOperator(task_id="register_package", pipeline=spec, candidate=candidate))
    assert registered == {"package_arn": arn, "version": 1, "approval": "Approved"}
    assert len(aws.packages) == 1


def test_an_adopted_version_is_taken_as_it_is_or_not_at_all(aws: FakeAws) -> None:
    arn = promote(aws, "a:1")
    other = {"predict": "s3://models/other/model.tar.gz"}
    for wanted, said in (
        ({"package_arn": arn, "model_data": other}, "one or the other"),
        ({"package_arn": f"{arn}9"}, "there is no"),
    ):
        with pytest.raises(SpecError, match=said):
            DagRunOnFakeAws(aws).run(PreflightOperator(task_id="preflight", pipeline=a_spec(), **wanted))


def record(run: DagRunOnFakeAws, chosen: Any, **given: Any) -> Any:
    operator = RecordRollbackOperator(
        task_id="record", pipeline=a_spec(), reason="wrong labels", chosen=json.dumps(chosen), **given
    )
    in_one_dag(*(EmptyOperator(task_id=each) for each in ("roll_back", "verify", "withdraw")), operator)
    return run.run(operator, dag_run=SimpleNamespace(triggering_user_name="alice"))


def test_a_rollback_leaves_who_why_which_versions_and_the_proof(aws: FakeAws) -> None:
    first, second = promote(aws, "a:1"), promote(aws, "a:2")
    run, chosen = DagRunOnFakeAws(aws), choose(aws)
    withdrawn = run.run(WithdrawOperator(task_id="withdraw", package_arn=second, reason="wrong labels"))
    result = record(
        run,
        chosen,
        deployed={"endpoint": "iris", "config": "iris-production-1", "status": "InService"},
        verified={"endpoint": "iris", "config": "iris-production-1", "sample": "row-1.csv", "answer": "benign"},
        withdrawn=json.dumps(withdrawn),
    )
    kept = FORM.read(aws.objects[result["evidence_uri"]], "S3", result["evidence_sha256"])
    assert (kept.outcome, kept.by, kept.reason) == ("rolled back", "alice", "wrong labels")
    assert (kept.from_package_arn, kept.to_package_arn, kept.to_version) == (second, first, 1)
    assert kept.proof is not None and kept.proof.answer == "benign" and kept.withdrawn_at == withdrawn["withdrawn"]
    metadata = aws.packages[second]["CustomerMetadataProperties"]
    assert metadata["sluice:rollback"] == result["evidence_uri"]
    assert metadata["sluice:rollback-sha256"] == result["evidence_sha256"]
    assert "sluice:rollback" not in aws.packages[first]["CustomerMetadataProperties"]
    assert event_of(result) is Event.ROLLED_BACK


def test_a_rollback_that_failed_is_recorded_as_well(aws: FakeAws) -> None:
    run = DagRunOnFakeAws(aws)
    run.states["roll_back"] = "failed"
    run.xcoms["roll_back", "failure"] = {"error": "DeploymentFailed", "message": "no capacity"}
    result = record(run, None)
    kept = FORM.read(aws.objects[result["evidence_uri"]], "S3")
    assert (kept.outcome, [*map(str, kept.failures)], kept.proof) == ("failed", ["roll_back: no capacity"], None)
    assert result["failures"] == [{"task": "roll_back", "error": "DeploymentFailed", "message": "no capacity"}]
    assert event_of(result) is Event.FAILED


def test_a_fleet_that_runs_choose_stays_what_it_is_now(aws: FakeAws) -> None:
    promote(aws, "a:1")
    promote(aws, "a:2")
    choosing = a_spec(production={"endpoint": "iris", "instance": "cheapest_passing"})
    operator = ChooseVersionOperator(task_id="choose_version", pipeline=choosing)
    fleet = {"instance_type": "ml.c5.large", "instances": 1, "environment": {}}
    assert DagRunOnFakeAws(aws).run(operator)["fleet"] == fleet
