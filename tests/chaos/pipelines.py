"""The pipelines that are promoted: a spec for each course, and its artifacts in the local S3."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from tests.chaos.plan import Candidate, Course
from tests.fakes.archives import tar_gz
from tests.fakes.aws_server import client

BUCKET = "chaos"
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/link:1"
ROLE = "arn:aws:iam::123456789012:role/sluice"
TYPE = "ml.c5.large"
# Of two containers that answer in 5 ms each on an idle machine, and of a slow one; busy machines are far from both.
LATENCY_LIMIT_MS, SLOW_MS = 250, 500
SLOW = {"environment": {"second": {"DELAY_MS": str(SLOW_MS)}}}
OLD = "old"  # the config that serves before the run, where one does


def write_images(data_dir: Path) -> None:
    """Tells the local SageMaker which program stands in for the image."""
    data_dir.mkdir(parents=True, exist_ok=True)
    program = Path(__file__).with_name("link.py")
    images = {"images": [{"image": IMAGE, "command": ["python3", str(program)]}]}
    (data_dir / "images.yaml").write_text(yaml.safe_dump(images))


def write_spec(folder: Path, course: Course) -> None:
    """The spec of the course's pipeline."""
    (folder / f"{course.pipeline}.yaml").write_text(yaml.safe_dump(_spec(course.pipeline) | _candidates(course)))


def put_artifacts(url: str, course: Course) -> None:
    """Its model and sample payload, and the production endpoint that it finds, where it does."""
    s3 = client("s3", url)
    s3.create_bucket(Bucket=BUCKET)
    for name, content in (("model.tar.gz", b"a model"), ("payload.tar.gz", b"1,2,3\n")):
        s3.put_object(Bucket=BUCKET, Key=f"{course.pipeline}/{name}", Body=tar_gz({"row.csv": content}))
    if course.has_production:
        _deploy_old(url, course.pipeline)


def conf(course: Course) -> dict[str, Any]:
    """What the run is triggered with."""
    return SLOW if course.candidate is Candidate.SLOW else {}


def old_config(course: Course) -> str:
    """The config of the endpoint that was there before the run."""
    return f"{OLD}-{course.pipeline}"


def _deploy_old(url: str, pipeline: str) -> None:
    sagemaker, name = client("sagemaker", url), f"{OLD}-{pipeline}"
    container = {"Image": IMAGE, "ModelDataUrl": f"s3://{BUCKET}/{pipeline}/model.tar.gz"}
    sagemaker.create_model(ModelName=name, PrimaryContainer=container, ExecutionRoleArn=ROLE)
    variant = {"VariantName": "AllTraffic", "ModelName": name, "InstanceType": TYPE, "InitialInstanceCount": 1}
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName=pipeline, EndpointConfigName=name)


def _candidates(course: Course) -> dict[str, Any]:
    return {"candidates": {"fast": {}, "slow": SLOW}} if course.candidate is Candidate.COMPARED else {}


def _spec(pipeline: str) -> dict[str, Any]:
    artifact = f"s3://{BUCKET}/{pipeline}/model.tar.gz"
    return {
        "pipeline": pipeline,
        "aws": {"role": ROLE},
        "package": {
            "group": pipeline,
            "domain": "MACHINE_LEARNING",
            "task": "CLASSIFICATION",
            "framework": "SAGEMAKER-SCIKIT-LEARN",
            "framework_version": "1.4-2",
            "sample_payload": f"s3://{BUCKET}/{pipeline}/payload.tar.gz",
            "content_types": ["text/csv"],
            "response_types": ["text/csv"],
        },
        "containers": [
            {"hostname": name, "image": IMAGE, "model_data": artifact, "environment": {"DELAY_MS": "5"}}
            for name in ("first", "second")
        ],
        "staging": {"endpoint": f"{pipeline}-staging", "instance_type": TYPE},
        "benchmark": {"instance_types": [TYPE]},
        "gate": {"rules": [{"metric": "model_latency_ms", "max": LATENCY_LIMIT_MS}]},
        "production": {"endpoint": pipeline},
        "evidence": {"prefix": f"s3://{BUCKET}/evidence"},
    }
