"""The SageMaker Python SDK's PipelineModel, unmodified: deploy, predict, update, transform, register, delete."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from sagemaker.deserializers import JSONDeserializer
from sagemaker.model import Model, ModelPackage
from sagemaker.pipeline import PipelineModel
from sagemaker.predictor import Predictor
from sagemaker.serializers import JSONSerializer

from tests.sdk.conftest import BUCKET, ROLE

IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"
INSTANCE = "ml.c5.large"
AS_JSON = {"serializer": JSONSerializer(), "deserializer": JSONDeserializer()}


def adding(session: Any, model_data: str, *numbers: int) -> list[Model]:
    return [
        Model(
            image_uri=IMAGE,
            model_data=model_data,
            role=ROLE,
            env={"SAGEMAKER_PROGRAM": "inference.py", "ADD": str(number)},
            sagemaker_session=session,
        )
        for number in numbers
    ]


def pipeline(session: Any, model_data: str, name: str, *numbers: int) -> PipelineModel:
    models = adding(session, model_data, *numbers)
    return PipelineModel(models=models, role=ROLE, name=name, sagemaker_session=session, predictor_cls=Predictor)


def test_a_pipeline_is_deployed_asked_updated_and_deleted(session: Any, model_data: str) -> None:
    three = pipeline(session, model_data, "three", 1, 10, 100)
    predictor = three.deploy(1, INSTANCE, endpoint_name="sums", tags=[{"Key": "owner", "Value": "risk"}], **AS_JSON)
    assert predictor.predict([1, 2]) == [112.0, 113.0]

    two = pipeline(session, model_data, "two", 1, 10)
    predictor = two.deploy(1, INSTANCE, endpoint_name="sums", update_endpoint=True, **AS_JSON)
    assert predictor.predict([1, 2]) == [12.0, 13.0]

    predictor.update_endpoint(initial_instance_count=1, instance_type=INSTANCE, model_name="three")
    assert predictor.predict([0]) == [111.0]

    predictor.delete_model()
    predictor.delete_endpoint()
    two.delete_model()
    client = session.sagemaker_client
    client.get_waiter("endpoint_deleted").wait(EndpointName="sums", WaiterConfig={"Delay": 1, "MaxAttempts": 600})
    for describe, request in ((client.describe_endpoint, "EndpointName"), (client.describe_model, "ModelName")):
        with pytest.raises(ClientError, match="Could not find"):
            describe(**{request: "sums" if request == "EndpointName" else "two"})


def test_creating_a_model_again_reuses_it(session: Any, model_data: str) -> None:
    """The SDK looks for `Cannot create already existing` in the refusal."""
    again = pipeline(session, model_data, "again", 1, 10)
    again.create(INSTANCE)
    again.create(INSTANCE)
    again.delete_model()


def test_a_transformer_runs_files_through_a_pipeline(session: Any, model_data: str) -> None:
    s3 = session.boto_session.client("s3")
    for name in ("a", "b"):
        s3.put_object(Bucket=BUCKET, Key=f"rows/{name}.json", Body=b"[1,2]")
    chain = pipeline(session, model_data, "batch", 1, 10)
    transformer = chain.transformer(1, "ml.m5.large", output_path=f"s3://{BUCKET}/sums", accept="application/json")
    transformer.transform(f"s3://{BUCKET}/rows/", content_type="application/json", wait=True, logs=True)
    written = s3.get_object(Bucket=BUCKET, Key="sums/b.json.out")["Body"].read()
    assert written == b"[12.0, 13.0]"


def test_a_registered_pipeline_is_approved_and_deployed_from_its_package(session: Any, model_data: str) -> None:
    registered = pipeline(session, model_data, "registered", 1, 10, 100).register(
        content_types=["application/json"],
        response_types=["application/json"],
        inference_instances=[INSTANCE],
        transform_instances=["ml.m5.large"],
        model_package_group_name="sums",
        approval_status="PendingManualApproval",
        domain="MACHINE_LEARNING",
        task="REGRESSION",
        customer_metadata_properties={"stage": "dev"},
    )
    package = ModelPackage(
        role=ROLE, model_package_arn=registered.model_package_arn, sagemaker_session=session, predictor_cls=Predictor
    )
    package.update_approval_status(approval_status="Approved", approval_description="measured")
    package.update_customer_metadata({"gate": "passed"})
    package.remove_customer_metadata_properties(["stage"])
    described = session.sagemaker_client.describe_model_package(ModelPackageName=registered.model_package_arn)
    assert (described["ModelApprovalStatus"], described["ApprovalDescription"]) == ("Approved", "measured")
    assert described["CustomerMetadataProperties"] == {"gate": "passed"}

    package.deploy(1, INSTANCE, endpoint_name="from-package")
    predictor = Predictor("from-package", session, **AS_JSON)
    assert predictor.predict([1]) == [112.0]
    predictor.delete_model()
    predictor.delete_endpoint()
