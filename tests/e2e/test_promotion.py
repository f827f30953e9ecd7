"""The promotion DAG, run by Airflow's own task runner, against a local SageMaker that runs real containers."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.models.asset import AssetEvent, AssetModel
from airflow.utils.session import create_session
from sluice.evidence.report import read_evidence
from sqlalchemy import select

from tests.conftest import PROJECT
from tests.e2e.conftest import BUCKET, Aws
from tests.fakes.archives import tar_gz

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("connection")]

FIRST_RUN = datetime(2026, 1, 1, tzinfo=UTC)
PRODUCTION = "breast-cancer"
SCRIPT = {"SAGEMAKER_PROGRAM": "inference.py", "SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT": "text/csv"}
ROW = "17.99,10.38,122.8,1001,0.1184,0.2776,0.3001,0.1471,0.2419,0.07871,1.095,0.9053,8.589,153.4,0.006399,0.04904,"
ROW += "0.05373,0.01587,0.03003,0.006193,25.38,17.33,184.6,2019,0.1622,0.6656,0.7119,0.2654,0.4601,0.1189"


class Run:
    """A DAG run that has ended."""

    def __init__(
        self, conf: dict[str, Any] | None = None, logical_date: datetime | None = None, verb: str = "promote"
    ) -> None:
        dags = DagBag(dag_folder=str(PROJECT / "dags")).dags
        dag = dags[verb if verb in dags else f"{verb}__breast_cancer"]
        ended = dag.test(run_conf=conf or {}, logical_date=logical_date or datetime.now(UTC))
        self.state = str(ended.state)
        tasks = {task.task_id: task for task in ended.get_task_instances()}
        self.states = {task_id: str(task.state) for task_id, task in tasks.items()}
        self.results = {task_id: task.xcom_pull(task_ids=task_id) for task_id, task in tasks.items()}


def what_there_is(aws: Aws) -> dict[str, int]:
    """How much of each kind carries the pipeline's name; other tests use the same server."""
    sagemaker, own = aws.client("sagemaker"), {"NameContains": "breast-cancer"}
    return {
        "groups": len(sagemaker.list_model_package_groups(**own)["ModelPackageGroupSummaryList"]),
        "versions": len(packages(aws)),
        "models": len(sagemaker.list_models(**own)["Models"]),
        "configs": len(sagemaker.list_endpoint_configs(**own)["EndpointConfigs"]),
        "endpoints": len(sagemaker.list_endpoints(**own)["Endpoints"]),
        "jobs": len(sagemaker.list_inference_recommendations_jobs(**own)["InferenceRecommendationsJobs"]),
    }


def packages(aws: Aws) -> list[Any]:
    answer = aws.client("sagemaker").list_model_packages(ModelPackageGroupName="breast-cancer")
    summaries: list[Any] = answer["ModelPackageSummaryList"]
    return summaries


def updates_of(asset: str) -> set[str]:
    """The versions with which an asset has been updated."""
    with create_session() as session:
        found = select(AssetEvent.extra).join(AssetModel, AssetModel.id == AssetEvent.asset_id)
        return {extra["package_arn"] for extra in session.scalars(found.where(AssetModel.name == asset))}


def production(aws: Aws) -> tuple[str, str, bytes]:
    """Live config, status and the answer to one row."""
    endpoint = aws.client("sagemaker").describe_endpoint(EndpointName=PRODUCTION)
    answer = aws.client("sagemaker-runtime").invoke_endpoint(
        EndpointName=PRODUCTION, Body=ROW, ContentType="text/csv", Accept="application/json"
    )
    return endpoint["EndpointConfigName"], endpoint["EndpointStatus"], answer["Body"].read()


@pytest.fixture
def promoted(aws: Aws, request: pytest.FixtureRequest) -> Run:
    """The good candidate in production; made by the first test that asks for it."""
    known: Run | None = request.config.stash.get(PROMOTED, None)
    if known is None:
        known = request.config.stash[PROMOTED] = Run(logical_date=FIRST_RUN)
    return known


PROMOTED = pytest.StashKey[Run]()


def test_a_good_candidate_reaches_production_and_leaves_its_evidence(aws: Aws, promoted: Run) -> None:
    assert promoted.state == "success", promoted.results["report"]
    assert promoted.states["reject"] == "skipped"
    config, status, answer = production(aws)
    assert (config, status) == (promoted.results["promote"]["config"], "InService")
    assert b"malignant" in answer
    package = aws.client("sagemaker").describe_model_package(
        ModelPackageName=promoted.results["register_package"]["package_arn"]
    )
    assert package["ModelApprovalStatus"] == "Approved"
    metadata, report = package["CustomerMetadataProperties"], promoted.results["report"]
    key = report["evidence_uri"].removeprefix("s3://sluice-breast-cancer/")
    body = aws.client("s3").get_object(Bucket="sluice-breast-cancer", Key=key)["Body"].read()
    assert metadata["sluice:evidence"] == report["evidence_uri"]
    assert metadata["sluice:evidence-sha256"] == hashlib.sha256(body).hexdigest()
    assert read_evidence(body, report["evidence_uri"]).decision.opens_gate
    assert promoted.results["register_package"]["package_arn"] in updates_of("sagemaker://breast-cancer")


def test_what_the_job_did_is_in_cloudwatch_and_in_s3_on_aws_s_terms(aws: Aws, promoted: Run) -> None:
    job, group = promoted.results["recommend"]["job"], "/aws/sagemaker/InferenceRecommendationsJobs"
    events = aws.client("logs").filter_log_events(logGroupName=group, logStreamNames=[f"{job}/execution"])["events"]
    (told,) = [event["message"] for event in events if "The measurement is at " in event["message"]]
    document = told.removeprefix("The measurement is at ")
    content = aws.client("s3").get_object(Bucket=BUCKET, Key=document.removeprefix(f"s3://{BUCKET}/"))["Body"].read()
    first = json.loads(content)["tests"][0]
    endpoint = first["benchmark"]["EndpointConfiguration"]["EndpointName"]
    assert first["benchmark"]["EndpointMetrics"]["MaxInvocations"] == int(first["figures"]["max_invocations"]["value"])
    assert 0 < first["benchmark"]["Metrics"]["MemoryUtilization"] < 100
    (statistics,) = aws.client("cloudwatch").get_metric_data(
        MetricDataQueries=[
            {
                "Id": "p99",
                "MetricStat": {
                    "Metric": {
                        "Namespace": group,
                        "MetricName": "ClientLatency",
                        "Dimensions": [
                            {"Name": "JobName", "Value": job},
                            {"Name": "EndpointName", "Value": endpoint},
                        ],
                    },
                    "Period": 3600,
                    "Stat": "p99",
                    "Unit": "Milliseconds",
                },
            }
        ],
        StartTime=datetime.now(UTC) - timedelta(hours=2),
        EndTime=datetime.now(UTC) + timedelta(hours=1),
    )["MetricDataResults"]
    assert max(statistics["Values"]) > first["figures"]["model_latency_ms"]["p50"] / 2  # of milliseconds both


def test_the_same_run_and_another_run_leave_no_duplicates(aws: Aws, promoted: Run) -> None:
    before, live = what_there_is(aws), production(aws)
    assert (before["groups"], before["endpoints"]) == (1, 2)
    assert before["versions"] == before["models"]
    for logical_date in (FIRST_RUN, None):  # every task of the first run is cleared and runs again; then a new run
        again = Run(logical_date=logical_date)
        assert again.state == "success"
        assert again.results["report"]["outcome"] == "promoted"
        assert again.results["recommend"] == promoted.results["recommend"]
        assert what_there_is(aws) == before
        assert production(aws) == live


def test_a_slow_candidate_is_refused_and_production_stays_as_it_was(aws: Aws, promoted: Run) -> None:
    before = production(aws)
    slow = {"predict": "s3://sluice-breast-cancer/predict-slow/model.tar.gz"}
    run = Run({"model_data": slow, "environment": {"predict": SCRIPT}})
    assert run.state == "success", run.results["report"]
    assert run.results["report"]["outcome"] == "refused"
    assert (run.states["promote"], run.states["verify"], run.states["reject"]) == ("skipped", "skipped", "success")
    assert "model_latency_ms" in run.results["reject"]["reasons"][0]
    arn = run.results["register_package"]["package_arn"]
    assert arn not in updates_of("sagemaker://breast-cancer")
    package = aws.client("sagemaker").describe_model_package(ModelPackageName=arn)
    assert package["ModelApprovalStatus"] == "Rejected" and "model_latency_ms" in package["ApprovalDescription"]
    assert production(aws) == before


def test_a_bad_artifact_fails_the_run_before_anything_is_created(aws: Aws, promoted: Run) -> None:
    before = what_there_is(aws)
    uri = aws.put("bad/model.tar.gz", tar_gz({"../../escaped": b"x"}, links={"model": "/etc/passwd"}))
    run = Run({"model_data": {"predict": uri}})
    assert (run.state, run.states["preflight"]) == ("failed", "failed")
    told = run.results["report"]["failures"]
    assert [failure["task"] for failure in told] == ["preflight"]
    assert uri in told[0]["message"] and "climbs out" in told[0]["message"] and "/etc/passwd" in told[0]["message"]
    assert what_there_is(aws) == before


def test_a_dead_container_fails_the_run_and_is_named_with_its_last_words(aws: Aws, promoted: Run) -> None:
    before = production(aws)
    code = b"raise RuntimeError('the booster is made of cheese')\n"
    uri = aws.put("dead/model.tar.gz", tar_gz({"xgboost-model": b"", "code/inference.py": code}))
    run = Run({"model_data": {"predict": uri}, "environment": {"predict": SCRIPT}})
    assert (run.state, run.states["deploy_staging"]) == ("failed", "failed")
    message = run.results["report"]["failures"][0]["message"]
    assert "predict" in message and "made of cheese" in message
    (kept,) = run.results["report"]["failures"]
    assert any("made of cheese" in line for line in kept["log_lines"]) and kept["reason"]
    assert run.results["reject"]["rejected"]
    assert production(aws) == before


def test_a_dry_run_judges_and_changes_nothing(aws: Aws, promoted: Run) -> None:
    before = packages(aws)[-1]["ModelApprovalStatus"], production(aws)
    run = Run({"dry_run": True})
    assert (run.state, run.results["report"]["outcome"]) == ("success", "dry run")
    assert (run.states["promote"], run.states["reject"]) == ("skipped", "skipped")
    assert (packages(aws)[-1]["ModelApprovalStatus"], production(aws)) == before


def test_a_rollback_brings_the_version_before_back_and_withdraws_the_one_after(aws: Aws, promoted: Run) -> None:
    before, sagemaker = production(aws), aws.client("sagemaker")
    good = promoted.results["register_package"]["package_arn"]
    label = {"label": {"SAGEMAKER_PROGRAM": "inference.py", "THRESHOLD_NOTE": "none"}}
    after = Run({"environment": label})
    assert after.results["report"]["outcome"] == "promoted", after.results["report"]
    bad = after.results["register_package"]["package_arn"]
    assert production(aws)[0] != before[0]
    rollback = Run({"reason": "wrong labels"}, verb="rollback")
    assert rollback.state == "success", rollback.states
    assert rollback.results["choose_version"]["package_arn"] == good
    assert production(aws) == before
    record = rollback.results["record"]
    assert (record["outcome"], record["from_package_arn"], record["to_package_arn"]) == ("rolled back", bad, good)
    assert record["rollback"]["proof"]["config"] == before[0] and "malignant" in record["rollback"]["proof"]["answer"]
    left = sagemaker.describe_model_package(ModelPackageName=bad)
    assert left["CustomerMetadataProperties"]["sluice:rollback"] == record["evidence_uri"]
    assert (left["ModelApprovalStatus"], left["ApprovalDescription"]) == ("Rejected", "wrong labels")
    again = Run({"environment": label})
    assert again.results["report"]["outcome"] == "refused" and production(aws) == before
    adopted = Run({"model_package_arn": good})
    assert adopted.results["register_package"]["package_arn"] == good
    assert adopted.results["recommend"] == promoted.results["recommend"]
    assert production(aws) == before


def test_a_batch_is_transformed_by_the_approved_version_and_found_complete(aws: Aws, promoted: Run) -> None:
    aws.put("batch/input/a.csv", f"{ROW}\n{ROW}\n".encode())
    aws.put("batch/input/day/b.csv", ROW.encode())
    run = Run(verb="batch_transform")
    assert run.state == "success", run.states
    checked = run.results["check_output"]
    assert (checked["objects"], checked["lines"]) == (2, 3)
    key = checked["output"].removeprefix("s3://sluice-breast-cancer/") + "day/b.csv.out"
    body = aws.client("s3").get_object(Bucket="sluice-breast-cancer", Key=key)["Body"].read()
    assert b"malignant" in body
    assert Run(verb="batch_transform").results["transform"] == run.results["transform"]
    aws.put("batch/bad/c.csv", b"not,a,row\n")
    bad = Run({"input": "s3://sluice-breast-cancer/batch/bad/"}, verb="batch_transform")
    assert (bad.state, bad.states["transform"]) == ("failed", "failed")


class NextYear(datetime):
    @classmethod
    def now(cls, tz: Any = None) -> Any:
        return datetime.now(tz) + timedelta(days=365)


def test_a_year_later_housekeeping_leaves_what_production_needs(
    aws: Aws, promoted: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last test here: it takes the staging endpoint away."""
    monkeypatch.setattr("sluice.operators.housekeep.datetime", NextYear)
    before, live = what_there_is(aws), production(aws)
    listed = Run(verb="housekeeping")
    assert listed.state == "success"
    found = listed.results["housekeep__aws_default"]
    assert "breast-cancer-staging" in [each["name"] for each in found["unused"]] and found["deleted"] == 0
    assert what_there_is(aws) == before
    swept = Run({"dry_run": False}, verb="housekeeping").results["housekeep__aws_default"]
    assert swept["deleted"] == swept["found"] == found["found"]
    config, status, _ = production(aws)
    assert (config, status) == live[:2]
    after = what_there_is(aws)
    assert (after["versions"], after["jobs"]) == (before["versions"], before["jobs"])
    assert 1 <= after["models"] <= before["models"] and 1 <= after["configs"] <= before["configs"]
