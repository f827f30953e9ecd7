"""What starts a promotion beside its schedule: a finding about production, and versions of others in the registry.

Airflow's own scheduler makes the runs of the asset events, and its own task runner carries them out on real containers.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from sluice.evidence.rebenchmark import FORM

from tests.e2e.conftest import BUCKET, Aws
from tests.e2e.test_compared import document, endpoints
from tests.fakes.airflow_runs import Airflow, EndedRun, events_of

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("connection")]

DAG_FILE = """
from pathlib import Path
from airflow.sdk import DAG
from sluice.dag_factory import build
from sluice.plans.promotion import PROMOTION
from sluice.plans.rebenchmark import REBENCHMARK
from sluice.specs.file import load_spec
spec = load_spec(Path(__file__).with_suffix(".yaml"))
promotion: DAG = build(PROMOTION, spec)
rebenchmark: DAG = build(REBENCHMARK, spec)
"""
DEARER, CHEAPER = "ml.m5.large", "ml.c5.large"  # 0.115 and 0.102 USD an hour, both of the size of a small machine
QUICK = {"stop": {"max_invocations": 60}, "instance_types": [DEARER]}
"""The first requests are enough to end a load test; what the numbers are does not matter here."""


def airflow_with(folder: Path, monkeypatch: pytest.MonkeyPatch, spec: dict[str, Any]) -> Airflow:
    folder.mkdir()
    (folder / "pipeline.yaml").write_text(yaml.safe_dump(spec))
    (folder / "pipeline.py").write_text(DAG_FILE)
    return Airflow(folder, monkeypatch)


def instance_type_of(aws: Aws, endpoint: str) -> str:
    sagemaker = aws.client("sagemaker")
    config = sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointConfigName"]
    variants = sagemaker.describe_endpoint_config(EndpointConfigName=config)["ProductionVariants"]
    return str(variants[0]["InstanceType"])


def jobs(aws: Aws, pipeline: str) -> int:
    listed = aws.client("sagemaker").list_inference_recommendations_jobs(NameContains=pipeline)
    return len(listed["InferenceRecommendationsJobs"])


def skipped(run: EndedRun) -> set[str]:
    return {task for task, state in run.states.items() if state == "skipped"}


def test_a_cheaper_instance_is_found_and_promoted_and_then_there_is_nothing_more_to_find(
    aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "looked-at-again"
    spec = document(
        aws,
        name,
        staging={"endpoint": f"{name}-staging", "instance_type": DEARER},
        benchmark=QUICK,
        gate={"rules": [{"metric": "model_latency_ms", "max": 10_000}]},
        production={"endpoint": name, "instance": "cheapest_passing"},
        rebenchmark={"schedule": None, "max_drift_pct": 10_000, "instance_types": [CHEAPER]},
    )
    airflow = airflow_with(tmp_path / name, monkeypatch, spec)
    promote, rebenchmark = "promote__looked_at_again", "rebenchmark__looked_at_again"
    first = airflow.by_hand(promote)
    assert first.results["report"]["outcome"] == "promoted", first.results["report"]
    assert instance_type_of(aws, name) == DEARER
    served = aws.client("sagemaker").describe_endpoint(EndpointName=name)

    looked = airflow.by_hand(rebenchmark)
    assert looked.state == "success", looked.states
    assert looked.results["compare"]["findings"] == ["cheaper"], looked.results["compare"]
    assert aws.client("sagemaker").describe_endpoint(EndpointName=name) | {"ResponseMetadata": 0} == served | {
        "ResponseMetadata": 0
    }
    assert endpoints(aws, name) == [name, f"{name}-staging"]  # the twin has gone
    uri = looked.results["compare"]["evidence_uri"]
    body = aws.client("s3").get_object(Bucket=BUCKET, Key=uri.removeprefix(f"s3://{BUCKET}/"))["Body"].read()
    assert FORM.read(body, uri).comparison.cheapest == f"1 x {CHEAPER}"
    (told,) = events_of(f"sagemaker://{name}/findings")
    version = first.results["register_package"]["package_arn"]
    assert (told["package_arn"], told["evidence_uri"]) == (version, uri)

    opened = airflow.by_assets(promote)
    assert opened.results["read_event"]["reason"] == "found: cheaper"
    assert opened.results["register_package"]["package_arn"] == version
    assert opened.results["report"]["outcome"] == "promoted", opened.results["report"]
    assert instance_type_of(aws, name) == CHEAPER
    assert jobs(aws, name) == 3  # each measurement has its own

    again = airflow.by_hand(rebenchmark)
    assert (again.state, again.results["compare"]["findings"]) == ("success", []), again.results["compare"]
    assert again.states["open_promotion"] == "skipped"
    assert len(events_of(f"sagemaker://{name}/findings")) == 1 and not airflow.is_due(promote)
    assert endpoints(aws, name) == [name, f"{name}-staging"]


def registered_by_others(aws: Aws, spec: dict[str, Any]) -> str:
    """A version of the pipeline as some training pipeline registers it, pending approval."""
    sagemaker, package = aws.client("sagemaker"), spec["package"]
    sagemaker.create_model_package_group(ModelPackageGroupName=package["group"])
    containers = [
        {
            "ContainerHostname": each["hostname"],
            "Image": each["image"],
            "ModelDataUrl": each["model_data"],
            "Environment": each["environment"],
            "Framework": package["framework"],
            "FrameworkVersion": package["framework_version"],
        }
        for each in spec["containers"]
    ]
    answer = sagemaker.create_model_package(
        ModelPackageGroupName=package["group"],
        ModelApprovalStatus="PendingManualApproval",
        Domain=package["domain"],
        Task=package["task"],
        SamplePayloadUrl=package["sample_payload"],
        InferenceSpecification={
            "Containers": containers,
            "SupportedContentTypes": package["content_types"],
            "SupportedResponseMIMETypes": package["response_types"],
            "SupportedRealtimeInferenceInstanceTypes": [CHEAPER],
        },
    )
    return str(answer["ModelPackageArn"])


def event_of(package_arn: str, group: str, *fields: str) -> str:
    """EventBridge's event, as far as its consumers use it."""
    detail: dict[str, Any] = {
        "ModelPackageGroupName": group,
        "ModelPackageArn": package_arn,
        "ModelPackageStatus": "Completed",
        "ModelApprovalStatus": "PendingManualApproval",
    }
    if fields:
        detail["UpdatedModelPackageFields"] = list(fields)
    event = {"version": "0", "source": "aws.sagemaker", "detail-type": "SageMaker Model Package State Change"}
    return json.dumps({**event, "resources": [package_arn], "detail": detail})


def test_a_version_of_others_comes_by_a_queue_and_what_a_promotion_changes_starts_no_other(
    aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, sqs = "listens", aws.client("sqs")
    queue = sqs.create_queue(QueueName="package-changes", Attributes={"VisibilityTimeout": "0"})["QueueUrl"]
    spec = document(
        aws,
        name,
        benchmark={**QUICK, "instance_types": [CHEAPER]},
        gate={"rules": [{"metric": "model_latency_ms", "max": 10_000}]},
        watch={"queue": queue},
        rebenchmark={"schedule": None},
    )
    airflow = airflow_with(tmp_path / name, monkeypatch, spec)
    version = registered_by_others(aws, spec)
    sqs.send_message(QueueUrl=queue, MessageBody=event_of(version.replace("listens", "others"), "others"))
    sqs.send_message(QueueUrl=queue, MessageBody=event_of(version, name))
    airflow.watch(f"sagemaker://{name}/versions/{name}")
    run = airflow.by_assets("promote__listens")
    assert run.results["read_event"]["model_package_arn"] == version
    assert run.results["report"]["outcome"] == "promoted", run.results["report"]
    package = aws.client("sagemaker").describe_model_package(ModelPackageName=version)
    assert package["ModelApprovalStatus"] == "Approved"
    # What is about others is theirs to take.
    (left,) = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    assert "others" in left["Body"]

    for fields in (("ModelApprovalStatus",), ("CustomerMetadataProperties",)):
        sqs.send_message(QueueUrl=queue, MessageBody=event_of(version, name, *fields))
    airflow.watch(f"sagemaker://{name}/versions/{name}")
    own = airflow.by_assets("promote__listens")
    assert own.state == "success" and own.states["read_event"] == "success"
    assert skipped(own) == set(own.states) - {"read_event", "outcome"}, own.states
    assert "production serves version 1 already" in own.results["read_event"]["reason"]
    assert not airflow.is_due("promote__listens") and jobs(aws, name) == 1
