"""An environment that a recommendation job found best: it reaches production in a version and a model of its own."""

from __future__ import annotations

import json
from typing import Any

from sluice.dag_factory import build
from sluice.evidence.report import as_html, as_markdown, read_evidence
from sluice.operators.create_model import CreateModelOperator
from sluice.operators.judge import JudgeOperator
from sluice.operators.promote import PromoteOperator
from sluice.operators.recommend import RecommendOperator
from sluice.operators.register_package import RegisterPackageOperator
from sluice.operators.report import ReportOperator
from sluice.operators.verify import VerifyOperator
from sluice.operators.withdraw import WithdrawOperator
from sluice.plans.promotion import PROMOTION
from sluice.specs.pipeline import PipelineSpec

from tests.fakes.candidates import a_candidate, aws_with_artifacts, given
from tests.fakes.sagemaker_api import FakeAws, completed_job
from tests.fakes.specs import a_spec
from tests.fakes.task_run import DagRunOnFakeAws, in_one_dag

THREADS = "OMP_NUM_THREADS"


def spec(**changes: Any) -> PipelineSpec:
    benchmark = {
        "job_type": "Advanced",
        "instance_types": ["ml.c5.large"],
        "traffic": {"stairs": {"duration_in_seconds": 120, "number_of_steps": 2, "users_per_step": 1}},
        "environment_ranges": {THREADS: ["1", "2"]},
        "stop": {"max_invocations": 600},
    }
    return a_spec(benchmark=benchmark, production__instance="cheapest_passing", **changes)


def recommended(threads: str, usd_per_inference: float) -> dict[str, Any]:
    return {
        "RecommendationId": f"job/threads{threads}",
        "Metrics": {
            "CostPerHour": 0.102,
            "CostPerInference": usd_per_inference,
            "MaxInvocations": 900,
            "ModelLatency": 20,
        },
        "EndpointConfiguration": {"InstanceType": "ml.c5.large", "InitialInstanceCount": 1},
        "ModelConfiguration": {
            "EnvironmentParameters": [{"Key": THREADS, "ValueType": "string", "Value": threads}],
        },
    }


class Promotion:
    """A run of the tasks that a spec with environment ranges has, as the plan gives them their arguments."""

    def __init__(self, aws: FakeAws, wanted: PipelineSpec) -> None:
        self.aws, self.run = aws, DagRunOnFakeAws(aws)
        self.given = given(a_candidate(wanted))
        aws.job_results = [
            {**completed_job(), "InferenceRecommendations": [recommended("1", 2e-6), recommended("2", 1e-6)]}
        ]
        self.registered = self.run.run(RegisterPackageOperator(task_id="register_package", **self.given))
        arn = self.registered["package_arn"]
        job = self.run.run(RecommendOperator(task_id="recommend", package_arn=arn, **self.given))["job"]
        self.judged = self.run.run(JudgeOperator(task_id="judge", package_arn=arn, job=job, **self.given))

    def to_production(self) -> dict[str, Any]:
        chosen = {**self.given, "fleet": json.dumps(self.judged["fleet"])}
        tuned = self.run.run(RegisterPackageOperator(task_id="register_tuned", **chosen))
        package = {"package_arn": tuned["package_arn"]}
        self.run.run(CreateModelOperator(task_id="create_tuned_model", **chosen, **package))
        self.run.run(PromoteOperator(task_id="promote", reason="ok", **chosen, **package))
        verified = self.run.run(VerifyOperator(task_id="verify", **chosen, **package))
        report = ReportOperator(task_id="report", registered=tuned, judged=self.judged, verified=verified, **self.given)
        in_one_dag(report)
        return {"tuned": tuned, "report": self.run.run(report)}


def test_the_best_environment_reaches_production_with_every_container_and_the_evidence_says_so() -> None:
    aws = aws_with_artifacts(spec())
    promotion = Promotion(aws, spec())
    assert promotion.judged["fleet"] == {"instance_type": "ml.c5.large", "instances": 1, "environment": {THREADS: "2"}}
    done = promotion.to_production()
    arn, measured = done["tuned"]["package_arn"], promotion.registered["package_arn"]
    assert arn != measured and aws.packages[arn]["ModelApprovalStatus"] == "Approved"
    assert aws.packages[measured]["ModelApprovalStatus"] == "PendingManualApproval"
    containers = aws.packages[arn]["InferenceSpecification"]["Containers"]
    assert [each["Environment"][THREADS] for each in containers] == ["2", "2"]
    assert containers[0]["Environment"]["SAGEMAKER_PROGRAM"] == "inference.py"
    (variant,) = aws.configs[aws.endpoints["iris"]["EndpointConfigName"]]["ProductionVariants"]
    assert aws.models[variant["ModelName"]]["Containers"] == [{"ModelPackageName": arn}]
    uri = done["report"]["evidence_uri"]
    assert aws.packages[arn]["CustomerMetadataProperties"]["sluice:evidence"] == uri
    evidence = read_evidence(aws.objects[uri], uri)
    assert (evidence.package_arn, evidence.measured_package_arn) == (arn, measured)
    assert evidence.production_environment == {THREADS: "2"}
    assert evidence.names.model == variant["ModelName"]
    for page in (as_markdown(evidence), as_html(evidence)):
        assert "every container of production has OMP_NUM_THREADS=2" in page and measured in page


def test_the_same_again_makes_nothing_new() -> None:
    aws = aws_with_artifacts(spec())
    first = Promotion(aws, spec()).to_production()
    before = len(aws.packages), len(aws.models), len(aws.configs), aws.endpoints["iris"]["EndpointConfigName"]
    assert Promotion(aws, spec()).to_production()["tuned"] == {**first["tuned"], "approval": "Approved"}
    assert (len(aws.packages), len(aws.models), len(aws.configs), aws.endpoints["iris"]["EndpointConfigName"]) == before


def test_a_version_that_production_was_rolled_back_from_does_not_come_back_by_its_environment() -> None:
    aws = aws_with_artifacts(spec())
    done = Promotion(aws, spec()).to_production()
    withdraw = WithdrawOperator(task_id="withdraw", package_arn=done["tuned"]["package_arn"], reason="wrong labels")
    DagRunOnFakeAws(aws).run(withdraw)
    judged = Promotion(aws, spec()).judged
    assert not judged["opens_gate"] and "rolled back from version 2" in judged["reason"]


def test_the_plan_has_the_two_steps_only_where_environments_are_compared() -> None:
    assert "register_tuned" not in build(PROMOTION, a_spec()).task_dict
    for approval in (None, {"required": True}):
        dag = build(PROMOTION, spec(gate__approval=approval) if approval else spec())
        assert dag.get_task("register_tuned").upstream_task_ids == {"judge"}
        assert dag.get_task("judge").__dict__["when_open"] == "register_tuned"
        last = "approve" if approval else "create_tuned_model"
        assert dag.get_task("promote").upstream_task_ids == {last}
        for task_id in ("promote", "verify"):
            assert "register_tuned" in dag.get_task(task_id).__dict__["package_arn"]
        registered = "{{ (result_of(ti, 'register_tuned') or result_of(ti, 'register_package')) | tojson }}"
        assert dag.get_task("report").__dict__["registered"] == registered
        assert dag.get_task("recommend").__dict__["timeout_s"] == 18_000 + 120 + 7200
