"""Environments and candidates that a promotion compares, run by Airflow's own task runner on real containers.

The pipeline is as small as one can be: the second container waits for `DELAY_MS` before it answers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from airflow.dag_processing.dagbag import DagBag
from sluice.evidence.report import read_evidence

from tests.e2e.conftest import BUCKET, Aws
from tests.fakes.archives import tar_gz

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
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"
SCRIPT = b"""
import os, time
model_fn = lambda model_dir: None
input_fn = lambda body, content_type: body
output_fn = lambda answer, accept: (answer, accept)
def predict_fn(body, model):
    time.sleep(int(os.environ.get("DELAY_MS", "0")) / 1000)
    return body
"""
SHORT = {
    "job_type": "Advanced",
    "instance_types": ["ml.c5.large"],
    # Steps of two seconds, of which the first already makes the requests that are wanted.
    "traffic": {"stairs": {"duration_in_seconds": 120, "number_of_steps": 60, "users_per_step": 1}},
    "stop": {"max_invocations": 30},
}
PASS_ON = SCRIPT.replace(b"    time.sleep", b"    0 and time.sleep")


def artifacts(aws: Aws) -> dict[str, str]:
    made = {"first": {"code/inference.py": PASS_ON}, "second": {"code/inference.py": SCRIPT}}
    uris = {name: aws.put(f"compared/{name}/model.tar.gz", tar_gz(files)) for name, files in made.items()}
    return {**uris, "payload": aws.put("compared/payload.tar.gz", tar_gz({"row.csv": b"1,2,3\n"}))}


def document(aws: Aws, pipeline: str, **changes: Any) -> dict[str, Any]:
    uris = artifacts(aws)
    program = {"SAGEMAKER_PROGRAM": "inference.py", "SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT": "text/csv"}
    return {
        "pipeline": pipeline,
        "aws": {"role": "arn:aws:iam::123456789012:role/sluice"},
        "package": {
            "group": pipeline,
            "domain": "MACHINE_LEARNING",
            "task": "OTHER",
            "framework": "SAGEMAKER-SCIKIT-LEARN",
            "framework_version": "1.4-2",
            "sample_payload": uris["payload"],
            "content_types": ["text/csv"],
            "response_types": ["text/csv"],
        },
        "containers": [
            {"hostname": name, "image": IMAGE, "model_data": uris[name], "environment": program}
            for name in ("first", "second")
        ],
        "staging": {"endpoint": f"{pipeline}-staging", "instance_type": "ml.c5.large", "after_gate": "delete"},
        "benchmark": {"instance_types": ["ml.c5.large"]},
        "gate": {"rules": [{"metric": "model_latency_ms", "max": 60_000}]},
        "production": {"endpoint": pipeline},
        "evidence": {"prefix": f"s3://{BUCKET}/evidence"},
        **changes,
    }


class Run:
    """A promotion that has ended."""

    def __init__(
        self,
        folder: Path,
        monkeypatch: pytest.MonkeyPatch,
        spec: Mapping[str, Any],
        conf: dict[str, Any] | None = None,
    ) -> None:
        name = spec["pipeline"]
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(dict(spec), sort_keys=False))
        (folder / f"{name}.py").write_text(DAG_FILE)
        bundle = [{"name": "compared", "classpath": LOCAL_BUNDLE, "kwargs": {"path": str(folder)}}]
        monkeypatch.setenv("AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST", json.dumps(bundle))
        dag = DagBag(dag_folder=str(folder / f"{name}.py"), bundle_path=folder, bundle_name="compared").dags[
            f"promote__{name.replace('-', '_')}"
        ]
        ended = dag.test(run_conf=conf or {}, logical_date=datetime.now(UTC))
        self.state = str(ended.state)
        self.states: dict[tuple[str, int], str] = {}
        self.results: dict[str, Any] = {}
        for task in ended.get_task_instances():
            self.states[task.task_id, task.map_index] = str(task.state)
            if task.map_index < 0:
                self.results[task.task_id] = task.xcom_pull(task_ids=task.task_id)


def endpoints(aws: Aws, pipeline: str) -> list[str]:
    listed = aws.client("sagemaker").list_endpoints(NameContains=pipeline)["Endpoints"]
    return sorted(each["EndpointName"] for each in listed)


def stored(aws: Aws, uri: str) -> bytes:
    read: bytes = aws.client("s3").get_object(Bucket=BUCKET, Key=uri.removeprefix(f"s3://{BUCKET}/"))["Body"].read()
    return read


def test_the_best_environment_of_an_advanced_job_reaches_production_whole(
    aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    benchmark = {**SHORT, "environment_ranges": {"DELAY_MS": ["400", "4"]}}
    production = {"endpoint": "tuned", "instance": "cheapest_passing"}
    run = Run(tmp_path, monkeypatch, document(aws, "tuned", benchmark=benchmark, production=production))
    assert run.state == "success", run.results["report"]
    sagemaker = aws.client("sagemaker")
    arn = run.results["register_tuned"]["package_arn"]
    held = sagemaker.describe_model_package(ModelPackageName=arn)
    containers = held["InferenceSpecification"]["Containers"]
    assert held["ModelApprovalStatus"] == "Approved"
    assert [each["Environment"]["DELAY_MS"] for each in containers] == ["4", "4"]
    config = sagemaker.describe_endpoint(EndpointName="tuned")["EndpointConfigName"]
    (variant,) = sagemaker.describe_endpoint_config(EndpointConfigName=config)["ProductionVariants"]
    (behind,) = sagemaker.describe_model(ModelName=variant["ModelName"])["Containers"]
    assert behind["ModelPackageName"] == arn
    uri = run.results["report"]["evidence_uri"]
    evidence = read_evidence(stored(aws, uri), uri)
    assert evidence.production_environment == {"DELAY_MS": "4"} and evidence.package_arn == arn
    assert evidence.measured_package_arn == run.results["register_package"]["package_arn"]
    assert len(evidence.considered) == 2
    assert endpoints(aws, "tuned") == ["tuned"]  # and no longer the one for staging


def test_the_staging_endpoint_goes_after_a_failure_too(
    aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead = aws.put("compared/dead/model.tar.gz", tar_gz({"code/inference.py": b"raise RuntimeError('cheese')\n"}))
    run = Run(tmp_path, monkeypatch, document(aws, "ephemeral"), {"model_data": {"second": dead}})
    assert (run.state, run.states["deploy_staging", -1]) == ("failed", "failed")
    assert run.states["delete_staging", -1] == "success" and run.states["outcome", -1] == "failed"
    assert "cheese" in run.results["report"]["failures"][0]["message"]
    assert endpoints(aws, "ephemeral") == []


def test_the_better_of_two_candidates_goes_on_and_one_that_fails_holds_nobody_up(
    aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead = aws.put("compared/dead/model.tar.gz", tar_gz({"code/inference.py": b"raise RuntimeError('cheese')\n"}))
    spec = document(aws, "rivals", benchmark=SHORT)
    spec["candidates"] = {
        "slow": {"environment": {"second": {"DELAY_MS": "400"}}},
        "dead": {"model_data": {"second": dead}},
        "quick": {"environment": {"second": {"DELAY_MS": "2"}}},
    }
    spec["staging"]["candidates_at_once"] = 2
    run = Run(tmp_path, monkeypatch, spec)
    assert run.state == "success", run.results["report"]
    assert [run.states["measure.judge", index] for index in range(3)] == ["success", "upstream_failed", "success"]
    assert run.states["measure.deploy_staging", 1] == "failed"
    compared = run.results["compare"]
    assert compared["winner"] == "quick"
    sagemaker = aws.client("sagemaker")
    versions = sagemaker.list_model_packages(ModelPackageGroupName="rivals")["ModelPackageSummaryList"]
    approval = {each["ModelPackageArn"]: each["ModelApprovalStatus"] for each in versions}
    winner = compared["package_arn"]
    assert approval.pop(winner) == "Approved" and set(approval.values()) == {"Rejected"}
    said = {
        sagemaker.describe_model_package(ModelPackageName=arn)["ApprovalDescription"].split(" ")[1] for arn in approval
    }
    assert len(approval) == 2 and said == {"quick", "dead:"}  # quick has won; dead: failed
    held = sagemaker.describe_model_package(ModelPackageName=winner)["InferenceSpecification"]["Containers"]
    assert held[1]["Environment"]["DELAY_MS"] == "2"
    evidence = read_evidence(stored(aws, run.results["report"]["evidence_uri"]), "report")
    assert [(each.name, each.verdict, each.chosen) for each in evidence.compared] == [
        ("quick", "pass", True),
        ("slow", "pass", False),
        ("dead", "failed", False),
    ]
    assert "cheese" in evidence.compared[2].reason
    assert endpoints(aws, "rivals") == ["rivals"]
