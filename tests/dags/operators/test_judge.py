from __future__ import annotations

import json
from typing import Any

import pytest
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG
from sluice.evidence.report import read_evidence
from sluice.operators.judge import JudgeOperator
from sluice.operators.promote import PromoteOperator
from sluice.operators.recommend import RecommendOperator
from sluice.operators.register_package import RegisterPackageOperator
from sluice.operators.report import ReportOperator
from sluice.requests import resources as resource_requests

from tests.fakes.candidates import a_candidate, given
from tests.fakes.sagemaker_api import FakeAws, completed_job
from tests.fakes.specs import a_spec
from tests.fakes.task_run import DagRunOnFakeAws

BRANCHES = {"when_open": "promote", "when_closed": "reject", "when_dry": "report"}
AGAINST_CHAMPION = [{"metric": "model_latency_ms", "max_regression_pct": 10, "against": "champion"}]


class Measured:
    """A candidate that has been registered and measured on the fake AWS."""

    def __init__(self, aws: FakeAws, numbers: dict[str, Any] | None = None, **changes: Any) -> None:
        self.aws, self.candidate = aws, a_candidate(a_spec(**changes))
        self.given = given(self.candidate)
        self.dag_run = DagRunOnFakeAws(aws)
        aws.job_results = [numbers or completed_job()]
        self.registered = self.dag_run.run(RegisterPackageOperator(task_id="register_package", **self.given))
        self.arn = self.registered["package_arn"]
        recommend = RecommendOperator(task_id="recommend", package_arn=self.arn, **self.given)
        self.job = self.dag_run.run(recommend)["job"]

    def judge(self, **more: Any) -> tuple[Any, set[str]]:
        """The result, and which of the three tasks after it are skipped."""
        operator = JudgeOperator(task_id="judge", package_arn=self.arn, job=self.job, **self.given, **more)
        operator.dag = DAG("a_dag", schedule=None)
        operator >> [EmptyOperator(task_id=task_id, dag=operator.dag) for task_id in BRANCHES.values()]
        result = self.dag_run.run(operator)
        return result, {task_id for task_id, state in self.dag_run.states.items() if state == "skipped"}

    def promote_and_report(self, judged: Any) -> None:
        self.aws.create_model(ModelName=self.candidate.names.model, Containers=[{"ModelPackageName": self.arn}])
        self.dag_run.run(PromoteOperator(task_id="promote", package_arn=self.arn, reason="ok", **self.given))
        report = ReportOperator(task_id="report", registered=self.registered, judged=judged, **self.given)
        report.dag = DAG("a_dag", schedule=None)
        self.dag_run.run(report)


def test_all_rules_passed_opens_the_gate() -> None:
    result, skipped = Measured(FakeAws()).judge(**BRANCHES)
    assert (result["verdict"], result["opens_gate"], skipped) == ("pass", True, {"reject", "report"})


def test_a_number_beyond_its_limit_closes_it_and_is_named() -> None:
    measured = Measured(FakeAws(), completed_job(latency_ms=500))
    result, skipped = measured.judge(**BRANCHES)
    assert (result["verdict"], skipped) == ("fail", {"promote", "report"})
    assert "model_latency_ms: 500 ms" in result["reason"]


@pytest.mark.parametrize("nothing", [float("nan"), "NaN", None])
def test_no_number_never_opens_it(nothing: Any) -> None:
    measured = Measured(FakeAws(), completed_job(latency_ms=nothing))
    result, skipped = measured.judge(**BRANCHES)
    assert (result["verdict"], result["opens_gate"], skipped) == ("inconclusive", False, {"promote", "report"})


@pytest.mark.parametrize("latency_ms", [1, 500])
def test_a_dry_run_goes_on_to_the_report_only(latency_ms: float) -> None:
    measured = Measured(FakeAws(), completed_job(latency_ms=latency_ms))
    result, skipped = measured.judge(is_dry_run="true", **BRANCHES)
    assert skipped == {"promote", "reject"} and result["dry_run"] is True


def test_without_branches_it_only_judges() -> None:
    assert Measured(FakeAws()).judge()[1] == set()


def test_the_evidence_says_what_was_judged() -> None:
    import json

    measured = Measured(FakeAws())
    result, _ = measured.judge()
    evidence = read_evidence(json.dumps(result["evidence"]).encode(), "here")
    assert evidence.job == measured.job and evidence.package_arn == measured.arn
    assert evidence.containers[0].artifact_digest == measured.candidate.digests[evidence.containers[0].model_data or ""]


def test_against_the_champion_of_an_earlier_promotion() -> None:
    aws = FakeAws()
    champion = Measured(aws, completed_job(latency_ms=20), gate__rules=AGAINST_CHAMPION)
    judged, _ = champion.judge()
    assert "no champion yet" in judged["evidence"]["decision"]["results"][0]["reason"]
    champion.promote_and_report(judged)

    slower = Measured(aws, completed_job(latency_ms=30), gate__rules=AGAINST_CHAMPION, containers__0__image="new:2")
    assert slower.judge()[0]["verdict"] == "fail"
    close = Measured(aws, completed_job(latency_ms=21), gate__rules=AGAINST_CHAMPION, containers__0__image="new:3")
    result, _ = close.judge()
    assert result["verdict"] == "pass"
    assert result["evidence"]["champion_package_arn"] == champion.arn


@pytest.mark.parametrize("damage", ["lost", "changed", "never written"])
def test_a_champion_whose_numbers_cannot_be_had_is_not_the_same_as_none(damage: str) -> None:
    aws = FakeAws()
    champion = Measured(aws, gate__rules=AGAINST_CHAMPION)
    champion.promote_and_report(champion.judge()[0])
    uri = aws.packages[champion.arn]["CustomerMetadataProperties"]["sluice:evidence"]
    if damage == "lost":
        del aws.objects[uri]
    elif damage == "changed":
        aws.objects[uri] = aws.objects[uri].replace(b"20", b"21")
    else:
        aws.packages[champion.arn]["CustomerMetadataProperties"] = {}
    candidate = Measured(aws, gate__rules=AGAINST_CHAMPION, containers__0__image="new:2")
    assert candidate.judge()[0]["verdict"] == "inconclusive"


def test_a_version_that_production_was_rolled_back_from_needs_a_persons_word() -> None:
    measured = Measured(FakeAws())
    package = measured.aws.packages[measured.arn]
    request = resource_requests.withdraw_package(measured.arn, "wrong labels", "2026-03-01T12:00:00+00:00")
    measured.aws.update_model_package(**request)
    result, skipped = measured.judge(**BRANCHES)
    assert (result["verdict"], skipped) == ("fail", {"promote", "report"})
    assert "2026-03-01" in result["reason"] and "wrong labels" in result["reason"]
    package["ModelApprovalStatus"] = "Approved"
    assert measured.judge()[0]["verdict"] == "pass"


CHOOSING: dict[str, Any] = {"production": {"endpoint": "iris", "instance": "cheapest_passing"}}


def recommended(instance_type: str, per_hour: float, latency_ms: float, instances: int = 1) -> dict[str, Any]:
    metrics = {"CostPerHour": per_hour, "CostPerInference": 1e-6, "MaxInvocations": 900, "ModelLatency": latency_ms}
    configuration = {"InstanceType": instance_type, "InitialInstanceCount": instances}
    return {"Metrics": metrics, "EndpointConfiguration": configuration, "ModelConfiguration": {}}


def test_the_cheapest_recommended_fleet_that_passes_is_production_and_the_evidence_says_among_which() -> None:
    fleets = [recommended("ml.m5.large", 0.115, 500), recommended("ml.c5.xlarge", 0.408, 20, 2)]
    measured = Measured(FakeAws(), {**completed_job(latency_ms=900), "InferenceRecommendations": fleets}, **CHOOSING)
    result, skipped = measured.judge(**BRANCHES)
    assert (result["verdict"], skipped) == ("pass", {"reject", "report"})
    assert result["fleet"] == {"instance_type": "ml.c5.xlarge", "instances": 2, "environment": {}}
    promote = PromoteOperator(
        task_id="promote", package_arn=measured.arn, reason="ok", fleet=json.dumps(result["fleet"]), **measured.given
    )
    config = measured.dag_run.run(promote)["config"]
    (variant,) = measured.aws.configs[config]["ProductionVariants"]
    assert (variant["InstanceType"], variant["InitialInstanceCount"]) == ("ml.c5.xlarge", 2)
    evidence = read_evidence(json.dumps(result["evidence"]).encode(), "judge")
    assert evidence.production_instance_type == evidence.measured_instance_type == "ml.c5.xlarge"
    assert evidence.names.production_config == config
    assert [each.split(",")[0] for each in evidence.considered] == ["1 x ml.m5.large", "2 x ml.c5.xlarge"]


def test_no_recommended_fleet_passes_and_none_is_there() -> None:
    slow = {**completed_job(), "InferenceRecommendations": [recommended("ml.m5.large", 0.115, 500)]}
    assert Measured(FakeAws(), slow, **CHOOSING).judge()[0]["verdict"] == "fail"
    none = {**completed_job(), "InferenceRecommendations": []}
    result = Measured(FakeAws(), none, **CHOOSING).judge()[0]
    assert (result["verdict"], result["fleet"]) == ("inconclusive", None)
