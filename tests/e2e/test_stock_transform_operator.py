"""The Amazon provider's own SageMakerTransformOperator, unmodified, with the sample pipeline."""

from __future__ import annotations

import json
from typing import Any

import pytest
from airflow.providers.amazon.aws.operators.sagemaker import SageMakerTransformOperator

from include.examples.breast_cancer.train import build
from tests.e2e.conftest import BUCKET, Aws

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("connection")]

REGISTRY = "683313688378.dkr.ecr.us-east-1.amazonaws.com"
ROLE = "arn:aws:iam::123456789012:role/sluice"
COPIES = 2000


class RememberedXComs:
    """As much of a task instance as the operator's link asks for."""

    def __init__(self) -> None:
        self.pushed: dict[str, Any] = {}

    def xcom_push(self, key: str, value: Any) -> None:
        self.pushed[key] = value


def config() -> dict[str, Any]:
    def container(hostname: str, image: str, **environment: str) -> dict[str, Any]:
        url = f"s3://{BUCKET}/{hostname}/model.tar.gz"
        return {
            "ContainerHostname": hostname,
            "Image": f"{REGISTRY}/{image}",
            "ModelDataUrl": url,
            "Environment": {"SAGEMAKER_MODEL_SERVER_WORKERS": "1", **environment},
        }

    sklearn = "sagemaker-scikit-learn:1.4-2-cpu-py3"
    csv = {"SAGEMAKER_PROGRAM": "inference.py", "SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT": "text/csv"}
    return {
        "Model": {
            "ModelName": "batch",
            "ExecutionRoleArn": ROLE,
            "Containers": [
                container("featurize", sklearn, **csv),
                container("predict", "sagemaker-xgboost:3.0-5"),
                container("label", sklearn, SAGEMAKER_PROGRAM="inference.py"),
            ],
        },
        "Transform": {
            "TransformJobName": "batch",
            "ModelName": "batch",
            "MaxConcurrentTransforms": "2",
            "TransformInput": {
                "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/rows/"}},
                "ContentType": "text/csv",
                "SplitType": "Line",
            },
            "TransformOutput": {
                "S3OutputPath": f"s3://{BUCKET}/labels",
                "Accept": "application/json",
                "AssembleWith": "Line",
            },
            "TransformResources": {"InstanceCount": "1", "InstanceType": "ml.m5.large"},
        },
    }


def execute(task_id: str, **options: Any) -> tuple[dict[str, Any], RememberedXComs]:
    operator = SageMakerTransformOperator(task_id=task_id, config=config(), check_interval=1, **options)
    ti = RememberedXComs()
    context: Any = {"ti": ti}
    return operator.execute(context), ti


def test_it_makes_the_model_runs_the_job_and_finds_a_new_name_for_the_next(
    aws: Aws, tmp_path_factory: pytest.TempPathFactory
) -> None:
    sample = build(tmp_path_factory.mktemp("batch"))
    aws.put("rows/holdout.csv", sample.holdout.read_bytes() * COPIES)

    result, ti = execute("first")
    assert result["Transform"]["TransformJobStatus"] == "Completed"
    assert result["Transform"]["TransformJobName"] == "batch"
    assert ti.pushed
    body = aws.client("s3").get_object(Bucket=BUCKET, Key="labels/holdout.csv.out")["Body"].read()
    answers = json.loads(body)
    assert len(answers) == COPIES
    assert {answer["label"] for answer in answers} == {json.loads(sample.holdout_class.read_text())["label"]}

    again, _ = execute("second")  # the names are taken: describe says so, and the operator adds a timestamp
    assert again["Transform"]["TransformJobName"].startswith("batch-")
    assert again["Transform"]["TransformJobStatus"] == "Completed"
