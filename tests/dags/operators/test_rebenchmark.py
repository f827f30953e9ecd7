"""Production's version measured again on a twin: which one, where, in which job, and what comes of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from airflow.sdk import Asset
from airflow.sdk.exceptions import AirflowSkipException
from sluice.errors import NoVersion, SpecError
from sluice.evidence.rebenchmark import FORM
from sluice.operators.compare import CompareOperator
from sluice.operators.create_model import CreateModelOperator
from sluice.operators.deploy_endpoint import DeployEndpointOperator
from sluice.operators.find_twin import FindTwinOperator
from sluice.operators.judge import JudgeOperator
from sluice.operators.open_promotion import OpenPromotionOperator
from sluice.operators.preflight import PreflightOperator
from sluice.operators.promote import PromoteOperator
from sluice.operators.recommend import RecommendOperator
from sluice.operators.register_package import RegisterPackageOperator
from sluice.operators.report import ReportOperator
from sluice.specs.pipeline import PipelineSpec

from tests.fakes.archives import tar_gz
from tests.fakes.candidates import aws_with_artifacts
from tests.fakes.sagemaker_api import FakeAws, completed_job
from tests.fakes.specs import a_spec
from tests.fakes.task_run import RUN_ID, DagRunOnFakeAws, in_one_dag

CHOSEN = {"production__instance": "cheapest_passing"}
C5, C6I = "ml.c5.large", "ml.c6i.large"


def job_on(**usd_per_hour: float) -> dict[str, Any]:
    """A job with a recommendation for each instance type, `ml_c5_large=0.1`; all as quick as the twin."""
    answer = completed_job()
    numbers = {"CostPerInference": 1e-6, "ModelLatency": 20, "MaxInvocations": 3000}
    answer["InferenceRecommendations"] = [
        {
            "RecommendationId": f"job/{name}",
            "Metrics": {**numbers, "CostPerHour": usd},
            "EndpointConfiguration": {"InstanceType": name.replace("_", "."), "InitialInstanceCount": 1},
            "ModelConfiguration": {},
        }
        for name, usd in usd_per_hour.items()
    ]
    return answer


class Promoted:
    """A version in production, with the evidence of its promotion; `run` measures it again."""

    def __init__(self, numbers: dict[str, Any] | None = None, **changes: Any) -> None:
        self.spec = a_spec(**{"rebenchmark": {"instance_types": [C6I]}, **changes})
        self.aws = aws_with_artifacts(self.spec)
        self.promote(numbers or job_on(ml_c5_large=0.102))

    def promote(self, numbers: dict[str, Any]) -> None:
        run, spec = DagRunOnFakeAws(self.aws), self.spec
        self.aws.job_results = [numbers]
        candidate = run.run(PreflightOperator(task_id="preflight", pipeline=spec))
        both: dict[str, Any] = {"pipeline": spec, "candidate": candidate}
        registered = run.run(RegisterPackageOperator(task_id="register_package", **both))
        self.arn: str = registered["package_arn"]
        run.run(CreateModelOperator(task_id="create_model", package_arn=self.arn, **both))
        run.run(DeployEndpointOperator(task_id="deploy_staging", stage="staging", **both))
        recommended = run.run(RecommendOperator(task_id="recommend", package_arn=self.arn, **both))
        judge = JudgeOperator(task_id="judge", package_arn=self.arn, job=recommended["job"], **both)
        judged = run.run(judge)
        on_fleet = {**both, "fleet": judged["fleet"], "package_arn": self.arn}
        run.run(PromoteOperator(task_id="promote", reason="ok", **on_fleet))
        report = ReportOperator(task_id="report", registered=registered, judged=judged, **both)
        in_one_dag(report)
        run.run(report)
        self.aws.calls.clear()

    def find(self, spec: PipelineSpec | None = None) -> Any:
        return DagRunOnFakeAws(self.aws).run(FindTwinOperator(task_id="find_twin", pipeline=spec or self.spec))

    def measure(self, numbers: dict[str, Any]) -> Any:
        """compare's result."""
        run, found = DagRunOnFakeAws(self.aws), self.find()
        self.aws.job_results = [numbers]
        self.both: dict[str, Any] = {"pipeline": self.spec}
        arn = {"package_arn": found["package_arn"]}
        preflight = PreflightOperator(task_id="preflight", measuring=found["measuring"], **arn, **self.both)
        self.both["candidate"] = run.run(preflight)
        run.run(CreateModelOperator(task_id="create_model", **arn, **self.both))
        run.run(DeployEndpointOperator(task_id="deploy_twin", stage="staging", **self.both))
        job = run.run(RecommendOperator(task_id="recommend", **arn, **self.both))["job"]
        return run.run(CompareOperator(task_id="compare", job=job, **arn, **self.both))


def test_the_twin_is_the_same_model_on_an_endpoint_of_its_own() -> None:
    promoted = Promoted()
    production = dict(promoted.aws.endpoints["iris"])
    result = promoted.measure(job_on(ml_c5_large=0.102))
    # The model and the endpoint config are those of the promotion; only an endpoint and a job are new.
    assert promoted.aws.calls == ["create_endpoint", "create_inference_recommendations_job", "put_object"]
    (twin,) = set(promoted.aws.endpoints) - {"iris", "iris-staging"}
    assert twin.startswith("iris-twin-")
    job = promoted.aws.jobs[result["job"]]["InputConfig"]
    assert job["Endpoints"] == [{"EndpointName": twin}]
    assert job["ContainerConfig"] == {"SupportedInstanceTypes": [C5, "ml.c5.xlarge", C6I]}
    assert promoted.aws.endpoints["iris"] == production
    assert result["findings"] == [] and result["reason"].startswith("nothing found")


def test_a_run_that_comes_back_finds_its_job() -> None:
    promoted = Promoted()
    assert promoted.find()["measuring"]["round"] == RUN_ID
    first = promoted.measure(job_on(ml_c5_large=0.102))
    again = promoted.measure(job_on(ml_c5_large=9.0))
    assert (again["job"], again["reason"]) == (first["job"], first["reason"])
    assert promoted.aws.calls.count("create_inference_recommendations_job") == 1


def test_where_runs_choose_the_fleet_the_twin_runs_on_production_s() -> None:
    promoted = Promoted(job_on(ml_c5_xlarge=0.2), **CHOSEN)
    staging = promoted.find()["measuring"]["staging"]
    assert (staging["instance_type"], staging["instances"]) == ("ml.c5.xlarge", 1)
    result = promoted.measure(job_on(ml_c5_xlarge=0.2, ml_c5_large=0.1))
    assert result["findings"] == ["cheaper"] and result["saving_pct"] == 50
    record = FORM.read(promoted.aws.objects[result["evidence_uri"]], result["evidence_uri"])
    assert record.comparison.cheapest == "1 x ml.c5.large" and len(record.evidence.considered) == 2
    assert (record.evidence.measured_instance_type, record.evidence.champion_package_arn) == (
        "ml.c5.xlarge",
        promoted.arn,
    )
    assert "/rebenchmark/" in result["evidence_uri"]


def test_latency_is_held_against_that_of_the_promotion() -> None:
    promoted = Promoted()
    slower = job_on(ml_c5_large=0.102)
    slower["EndpointPerformances"] = completed_job(latency_ms=24)["EndpointPerformances"]
    result = promoted.measure(slower)
    assert result["findings"] == ["slower"] and "24 ms, allowed at most 23" in result["reason"]
    assert promoted.aws.packages[promoted.arn]["ModelApprovalStatus"] == "Approved"
    assert "put_object" in promoted.aws.calls and "update_model_package metadata" not in promoted.aws.calls


def test_numbers_of_another_instance_type_are_not_compared() -> None:
    promoted = Promoted()
    promoted.spec = a_spec(rebenchmark={}, staging__instance_type="ml.c5.xlarge")
    slower = job_on(ml_c5_xlarge=0.2)
    slower["EndpointPerformances"] = completed_job(latency_ms=100)["EndpointPerformances"]
    result = promoted.measure(slower)
    assert result["findings"] == [] and "they are from ml.c5.large" in result["reason"]


def test_a_version_that_production_has_left_meanwhile_is_no_finding() -> None:
    promoted = Promoted()
    numbers = job_on(ml_c5_large=0.102)
    numbers["EndpointPerformances"] = completed_job(latency_ms=500)["EndpointPerformances"]
    assert promoted.measure(numbers)["findings"] == ["slower", "refused"]
    other = promoted.arn[:-1] + "9"
    promoted.aws.packages[other] = promoted.aws.packages[promoted.arn]
    (model,) = promoted.aws.models.values()
    model["Containers"] = [{"ModelPackageName": other}]
    (job,) = (name for name in promoted.aws.jobs if "-again-" in name)
    compare = CompareOperator(task_id="compare", job=job, package_arn=promoted.arn, **promoted.both)
    result = DagRunOnFakeAws(promoted.aws).run(compare)
    assert result["findings"] == [] and f"production has another version by now: {other}" in result["reason"]


def test_nothing_in_production_is_nothing_to_measure() -> None:
    run = DagRunOnFakeAws(FakeAws())
    with pytest.raises(AirflowSkipException, match="nothing is in production"):
        run.run(FindTwinOperator(task_id="find_twin", pipeline=a_spec(rebenchmark={})))


def test_a_rejected_version_is_not_measured_for_another_promotion() -> None:
    promoted = Promoted()
    promoted.aws.packages[promoted.arn]["ModelApprovalStatus"] = "Rejected"
    with pytest.raises(NoVersion, match="is Rejected"):
        promoted.find()


def test_other_bytes_at_the_same_uri_are_another_model() -> None:
    promoted = Promoted()
    promoted.aws.objects[promoted.spec.artifact_uris[0]] = tar_gz({"other": b"bytes"})
    with pytest.raises(SpecError, match="no longer what was registered"):
        promoted.measure(job_on(ml_c5_large=0.102))
    assert promoted.aws.calls == []


def test_more_instance_types_than_a_job_takes() -> None:
    more = [f"ml.m5.{size}xlarge" for size in (2, 4, 8, 12, 16, 24)] + [f"ml.c6i.{size}xlarge" for size in (2, 4, 8)]
    promoted = Promoted()
    with pytest.raises(SpecError, match="makes 11 with those of the version"):
        promoted.find(a_spec(rebenchmark={"instance_types": more}))


def open_promotion(compared: dict[str, Any]) -> tuple[Any, Any]:
    asset, run = Asset("sagemaker://iris-group/findings"), DagRunOnFakeAws(FakeAws())
    operator = OpenPromotionOperator(
        task_id="open_promotion", pipeline=a_spec(rebenchmark={}), compared=json.dumps(compared), outlets=[asset]
    )
    return run.run(operator), run.outlet_events[asset].extra


def test_what_was_found_is_told_and_nothing_is_not() -> None:
    found = {
        "package_arn": "arn",
        "job": "iris-again-1",
        "instance_types": [C5],
        "findings": ["slower"],
        "reason": "slower: 24 ms",
        "saving_pct": None,
        "evidence_uri": "s3://e",
        "evidence_sha256": "0",
    }
    result, told = open_promotion(found)
    assert result == {"package_arn": "arn", "findings": ["slower"], "reason": "slower: 24 ms"}
    assert told == {**{k: v for k, v in found.items() if k != "saving_pct"}, "pipeline": "iris", "run_id": RUN_ID}
    with pytest.raises(AirflowSkipException, match="nothing found"):
        open_promotion({**found, "findings": [], "reason": "nothing found"})


def test_a_promotion_for_a_finding_measures_anew_on_staging() -> None:
    promoted = Promoted()
    measuring = {"round": "iris-again-1", "instance_types": [C5, C6I], "staging": None}
    run = DagRunOnFakeAws(promoted.aws)
    preflight = PreflightOperator(
        task_id="preflight", pipeline=promoted.spec, package_arn=promoted.arn, measuring=json.dumps(measuring)
    )
    both: dict[str, Any] = {"pipeline": promoted.spec, "candidate": run.run(preflight)}
    job = run.run(RecommendOperator(task_id="recommend", package_arn=promoted.arn, **both))["job"]
    assert promoted.aws.calls == ["create_inference_recommendations_job"]
    assert promoted.aws.jobs[job]["InputConfig"]["Endpoints"] == [{"EndpointName": "iris-staging"}]
    run.run(PromoteOperator(task_id="promote", package_arn=promoted.arn, reason="again", **both))
    assert promoted.aws.calls == ["create_inference_recommendations_job"]  # Approved and on its config it is already
