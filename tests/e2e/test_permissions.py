"""The policies in docs/iam/, held against every call that the DAGs of this suite have made. Runs after all else.

`make iam` writes record and policies anew. Where only a part of the suite runs, what the policy allows beyond that part
is not looked at.
"""

from __future__ import annotations

import asyncio
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk.exceptions import TaskDeferred
from sluice.operators.batch_transform import BatchTransformOperator
from sluice.operators.housekeep import HousekeepOperator
from sluice.operators.promote import PromoteOperator
from sluice.operators.recommend import RecommendOperator

from include.iam.files import IAM, RECORD, WORKER, read_policy, write_policies
from include.iam.policy import lacking, unused
from include.iam.record import merged, read_record, write_record
from tests.conftest import PROJECT
from tests.e2e.call_recorder import CallRecorder
from tests.e2e.conftest import Aws, is_whole
from tests.fakes.sagemaker_api import FakeAws
from tests.fakes.task_run import DagRunOnFakeAws

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("connection")]

MODE = os.environ.get("SLUICE_IAM")
"""`write`: write what was recorded; `add`: add it to what there is."""
PIPELINE, ALARM = "options", "options-5xx"
DAG_FILE = """
from pathlib import Path
from airflow.sdk import DAG
from sluice.dag_factory import build
from sluice.plans.promotion import PROMOTION
from sluice.specs.file import load_spec
dag: DAG = build(PROMOTION, load_spec(Path(__file__).with_suffix(".yaml")))
"""
BUNDLE = "airflow.dag_processing.bundles.local.LocalDagBundle"


def spec_with_everything(aws: Aws) -> dict[str, Any]:
    """The sample's, with what makes further calls: alarms and autoscaling."""
    spec: dict[str, Any] = yaml.safe_load((PROJECT / "dags" / "pipelines" / "breast_cancer.yaml").read_text())
    spec["pipeline"] = spec["package"]["group"] = PIPELINE
    spec["staging"]["endpoint"], spec["production"]["endpoint"] = f"{PIPELINE}-staging", PIPELINE
    spec["production"]["deployment"] = {"type": "canary", "percent": 50, "bake_seconds": 0, "alarms": [ALARM]}
    spec["production"]["autoscaling"] = {"min_per_minute": 60, "max_per_minute": 600}
    spec["gate"]["rules"] = [{"metric": "model_latency_ms", "max": 10_000}]  # no busy machine is to close this gate
    aws.client("cloudwatch").put_metric_alarm(
        AlarmName=ALARM,
        Namespace="AWS/SageMaker",
        MetricName="Invocation5XXErrors",
        Dimensions=[{"Name": "EndpointName", "Value": PIPELINE}, {"Name": "VariantName", "Value": "AllTraffic"}],
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="notBreaching",
    )
    return spec


def promote(spec: dict[str, Any], folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The results of its promotion."""
    (folder / f"{PIPELINE}.yaml").write_text(yaml.safe_dump(spec))
    (folder / f"{PIPELINE}.py").write_text(DAG_FILE)
    bundle = [{"name": PIPELINE, "classpath": BUNDLE, "kwargs": {"path": str(folder)}}]
    monkeypatch.setenv("AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST", json.dumps(bundle))
    dag = DagBag(dag_folder=str(folder), bundle_path=folder, bundle_name=PIPELINE).dags[f"promote__{PIPELINE}"]
    ended = dag.test(logical_date=datetime.now(UTC))
    tasks = {task.task_id: task for task in ended.get_task_instances()}
    results = {task_id: task.xcom_pull(task_ids=task_id) for task_id, task in tasks.items()}
    assert str(ended.state) == "success", results["report"]
    return results


def begun(operator: Any) -> Any:
    """The trigger of an operator that has started what it waits for."""
    with pytest.raises(TaskDeferred) as deferred:
        operator.execute(DagRunOnFakeAws(FakeAws()).context(operator.task_id, operator))
    return deferred.value.trigger


def test_what_is_seldom_done_works_and_is_recorded(
    aws: Aws, recorded_calls: CallRecorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = spec_with_everything(aws)
    done = promote(spec, tmp_path, monkeypatch)
    assert done["autoscale"]["max_instances"] >= 1
    given = {"pipeline": spec, "candidate": done["preflight"], "region_name": "us-east-1"}
    package = {"package_arn": done["register_package"]["package_arn"]}

    # Another instance type: AWS wants no autoscaling on the endpoint meanwhile.
    other = {**spec, "production": {**spec["production"], "instance_type": "ml.c5.xlarge"}}
    with recorded_calls.task("promote", "promote", PIPELINE):
        begun(PromoteOperator(task_id="promote", reason="larger", **{**given, "pipeline": other}, **package))
    scaled = aws.client("application-autoscaling").describe_scalable_targets(ServiceNamespace="sagemaker")
    assert f"endpoint/{PIPELINE}/variant/AllTraffic" not in {each["ResourceId"] for each in scaled["ScalableTargets"]}

    # A person ends the task while its job runs; housekeeping looks which endpoints jobs load.
    stop = {"latency": {"percentile": "P95", "ms": 5000}}
    longer = {**given, "pipeline": {**spec, "benchmark": {**spec["benchmark"], "stop": stop}}}
    with recorded_calls.task("promote", "recommend", PIPELINE):
        trigger = begun(RecommendOperator(task_id="recommend", **longer, **package))
        with recorded_calls.task("housekeeping", "housekeep__aws_default", None):
            HousekeepOperator(task_id="housekeep").execute(DagRunOnFakeAws(FakeAws()).context("housekeep"))
        asyncio.run(trigger.on_kill())

    aws.put("batch/input/a.csv", b"1,2\n" * 50)
    with recorded_calls.task("batch_transform", "transform", PIPELINE):
        asyncio.run(begun(BatchTransformOperator(task_id="transform", **given)).on_kill())
    jobs = aws.client("sagemaker").list_transform_jobs(NameContains=PIPELINE)["TransformJobSummaries"]
    assert [job["TransformJobStatus"] in ("Stopping", "Stopped") for job in jobs] == [True]


def test_every_call_has_its_permissions_in_the_table(recorded_calls: CallRecorder) -> None:
    assert not recorded_calls.unknown


def test_the_worker_s_policy_allows_what_every_task_asked_for(
    recorded_calls: CallRecorder, request: pytest.FixtureRequest
) -> None:
    if MODE:
        before = () if MODE == "write" and is_whole(request.session) else read_record(IAM / RECORD)
        write_record(IAM / RECORD, merged(before, recorded_calls.used))
        write_policies(IAM)
    missing = lacking(read_policy(IAM / WORKER), recorded_calls.used)
    told = [f"{', '.join(sorted(each.by))} needs {each.action} on {each.resource}" for each in missing]
    assert not told, "docs/iam/worker.json lacks permissions; `make iam` writes it anew"


def test_the_worker_s_policy_allows_nothing_that_no_task_asked_for(
    recorded_calls: CallRecorder, request: pytest.FixtureRequest
) -> None:
    if not is_whole(request.session):
        pytest.skip("only a part of the suite has run, or some of it has failed")
    found = unused(read_policy(IAM / WORKER), recorded_calls.used)
    assert not found, "docs/iam/worker.json allows what no DAG does; `make iam` writes it anew"
