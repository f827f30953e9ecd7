"""The Amazon provider's own operators, sensor and hook for models, endpoints and the registry, unmodified."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from airflow.providers.amazon.aws.hooks.sagemaker import SageMakerHook
from airflow.providers.amazon.aws.operators.sagemaker import (
    SageMakerDeleteModelOperator,
    SageMakerEndpointConfigOperator,
    SageMakerEndpointOperator,
    SageMakerModelOperator,
    SageMakerRegisterModelVersionOperator,
)
from airflow.providers.amazon.aws.sensors.sagemaker import SageMakerEndpointSensor
from botocore.exceptions import ClientError

from include.examples.breast_cancer.train import build
from tests.e2e.conftest import BUCKET, Aws

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("connection")]

REGISTRY = "683313688378.dkr.ecr.us-east-1.amazonaws.com"
ROLE = "arn:aws:iam::123456789012:role/sluice"
NO_CONTEXT: Any = {}
SENSOR: Any = SageMakerEndpointSensor  # the provider's constructors of these two have no types
HOOK: Any = SageMakerHook


def container(hostname: str, image: str, **environment: str) -> dict[str, Any]:
    return {
        "ContainerHostname": hostname,
        "Image": f"{REGISTRY}/{image}",
        "ModelDataUrl": f"s3://{BUCKET}/{hostname}/model.tar.gz",
        "Environment": {"SAGEMAKER_MODEL_SERVER_WORKERS": "1", **environment},
    }


SKLEARN = "sagemaker-scikit-learn:1.4-2-cpu-py3"
CONTAINERS = [
    container("featurize", SKLEARN, SAGEMAKER_PROGRAM="inference.py", SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT="text/csv"),
    container("predict", "sagemaker-xgboost:1.7-1"),
    container("label", SKLEARN, SAGEMAKER_PROGRAM="inference.py"),
]
INFERENCE_SPECIFICATION = {
    "Containers": CONTAINERS,
    "SupportedContentTypes": ["text/csv"],
    "SupportedResponseMIMETypes": ["application/json"],
}


def endpoint_config(name: str, model: str) -> dict[str, Any]:
    variant = {
        "VariantName": "AllTraffic",
        "ModelName": model,
        "InstanceType": "ml.c5.large",
        "InitialInstanceCount": "1",  # Airflow's templates give text; the operator makes a number of it
    }
    return {"EndpointConfigName": name, "ProductionVariants": [variant]}


def test_a_pipeline_is_registered_modelled_deployed_updated_and_deleted(
    aws: Aws, tmp_path_factory: pytest.TempPathFactory
) -> None:
    package_arn = SageMakerRegisterModelVersionOperator(
        task_id="register",
        image_uri=f"{REGISTRY}/{SKLEARN}",
        model_url=f"s3://{BUCKET}/featurize/model.tar.gz",
        package_group_name="stock",
        package_desc="by the stock operator",
        extras={"InferenceSpecification": INFERENCE_SPECIFICATION},
    ).execute(NO_CONTEXT)
    assert package_arn.endswith(":model-package/stock/1")

    made = SageMakerModelOperator(
        task_id="model",
        config={"ModelName": "stock", "ExecutionRoleArn": ROLE, "Containers": [{"ModelPackageName": package_arn}]},
    ).execute(NO_CONTEXT)
    assert made["Model"]["Containers"] == [{"ModelPackageName": package_arn}]
    described = SageMakerEndpointConfigOperator(task_id="config", config=endpoint_config("stock-1", "stock")).execute(
        NO_CONTEXT
    )
    assert described["EndpointConfig"]["ProductionVariants"][0]["InitialInstanceCount"] == 1

    deployed = endpoint_operator("deploy", "stock-1").execute(NO_CONTEXT)
    assert deployed["Endpoint"]["EndpointStatus"] == "InService"
    SENSOR(task_id="sensor", endpoint_name="stock", poke_interval=1, timeout=60).execute(NO_CONTEXT)
    sample = build(tmp_path_factory.mktemp("stock"))
    answer = aws.client("sagemaker-runtime").invoke_endpoint(
        EndpointName="stock", Body=sample.holdout.read_bytes(), ContentType="text/csv", Accept="application/json"
    )
    assert json.loads(answer["Body"].read())["label"] == json.loads(sample.holdout_class.read_text())["label"]

    # The endpoint is there already: the operator sees that by the refusal's text and updates it instead.
    SageMakerEndpointConfigOperator(task_id="other", config=endpoint_config("stock-2", "stock")).execute(NO_CONTEXT)
    updated = endpoint_operator("redeploy", "stock-2").execute(NO_CONTEXT)
    assert updated["Endpoint"]["EndpointConfigName"] == "stock-2"

    aws.client("sagemaker").delete_endpoint(EndpointName="stock")
    SageMakerDeleteModelOperator(task_id="delete", config={"ModelName": "stock"}).execute(NO_CONTEXT)
    with pytest.raises(ClientError, match="Could not find model"):
        HOOK().describe_model("stock")


def endpoint_operator(task_id: str, config_name: str) -> SageMakerEndpointOperator:
    return SageMakerEndpointOperator(
        task_id=task_id,
        config={"Endpoint": {"EndpointName": "stock", "EndpointConfigName": config_name}},
        check_interval=1,
        execution_timeout=timedelta(minutes=2),
    )


def test_a_group_made_for_a_package_that_is_refused_is_taken_back(aws: Aws) -> None:
    operator = SageMakerRegisterModelVersionOperator(
        task_id="register",
        image_uri=f"{REGISTRY}/{SKLEARN}",
        model_url=f"s3://{BUCKET}/not/there.tar.gz",
        package_group_name="taken-back",
    )
    with pytest.raises(ClientError, match="Could not find model data"):
        operator.execute(NO_CONTEXT)
    with pytest.raises(ClientError, match="does not exist"):
        aws.client("sagemaker").describe_model_package_group(ModelPackageGroupName="taken-back")
