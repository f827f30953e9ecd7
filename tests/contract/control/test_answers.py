"""Every answer against botocore's output shapes: required members are there, and nothing that botocore would drop."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

from include.sagemaker_local.control.plane import OPERATIONS
from include.sagemaker_local.guardrails import Shift, VariantStatus, Wait
from include.sagemaker_local.http1.messages import Request, Response
from include.sagemaker_local.wire import service_model
from tests.contract.control.conftest import ROLE, Rig
from tests.contract.control.measured_jobs import OWN_ENDPOINT, measured_job
from tests.fakes.in_process import sagemaker_client


def faults(shape: Any, value: Any, path: str) -> Iterator[str]:
    """What in `value` is not as the shape says."""
    if shape.type_name == "structure":
        yield from (f"{path}.{name} is missing" for name in shape.required_members if name not in value)
        yield from (f"{path}.{name} is unknown to botocore" for name in value if name not in shape.members)
        if not value and shape.members and path.count(".") > 0 and not path.endswith("ModelConfiguration"):
            yield f"{path} is an empty structure"
        for name, member in value.items():
            if name in shape.members:
                yield from faults(shape.members[name], member, f"{path}.{name}")
    elif shape.type_name == "list":
        for item in value:
            yield from faults(shape.member, item, f"{path}[]")
    elif shape.type_name == "map":
        for key, item in value.items():
            yield from faults(shape.value, item, f"{path}.{key}")
    elif "enum" in shape.metadata and value not in shape.metadata["enum"]:
        yield f"{path} is {value!r}, which is none of the enum"
    elif shape.type_name == "timestamp" and not isinstance(value, float):
        yield f"{path} is not a float of seconds"


class Recorder:
    """Passes requests on and keeps what each operation was answered."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.answers: list[tuple[str, Response]] = []

    async def handle(self, request: Request) -> Response:
        response = await self.rig.plane.handle(request)
        operation = (request.header(b"x-amz-target") or b"").decode().rpartition(".")[2]
        self.answers.append((operation, response))
        return response


def use_everything(rig: Rig) -> None:
    """Call every operation at least once, with success."""
    client = rig.client
    package = rig.package(CustomerMetadataProperties={"a": "b"}, ModelPackageDescription="d")
    client.update_model_package(ModelPackageArn=package, ModelApprovalStatus="Approved", ApprovalDescription="d")
    client.describe_model_package(ModelPackageName=package)
    client.list_model_packages(ModelPackageGroupName="fraud")
    client.batch_describe_model_package(ModelPackageArnList=[package, f"{package}0"])
    client.describe_model_package_group(ModelPackageGroupName="fraud")
    client.put_model_package_group_policy(ModelPackageGroupName="fraud", ResourcePolicy="{}")
    client.get_model_package_group_policy(ModelPackageGroupName="fraud")
    client.delete_model_package_group_policy(ModelPackageGroupName="fraud")
    client.search(Resource="ModelPackage")
    client.search(Resource="ModelPackageGroup")
    client.list_model_package_groups()
    rig.endpoint()
    client.describe_endpoint(EndpointName="staging")
    rig.deployed()
    client.describe_endpoint(EndpointName="staging")
    guardrail = {"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "too-slow"}]}}
    rig.alarms.held["too-slow"] = "OK"
    client.update_endpoint(EndpointName="staging", EndpointConfigName="config-1", DeploymentConfig=guardrail)
    rig.store.reach_stage("us-east-1", "staging", VariantStatus.BAKING, Shift(1.0, 60, Wait.TERMINATION))
    client.describe_endpoint(EndpointName="staging")
    rig.deployed()
    client.describe_endpoint(EndpointName="staging")
    weight = {"VariantName": "AllTraffic", "DesiredWeight": 2}
    client.update_endpoint_weights_and_capacities(EndpointName="staging", DesiredWeightsAndCapacities=[weight])
    client.describe_endpoint(EndpointName="staging")
    rig.deployed()
    client.list_endpoints()
    client.search(Resource="Endpoint")
    client.describe_model(ModelName="pipeline")
    client.list_models()
    client.describe_endpoint_config(EndpointConfigName="config-1")
    client.list_endpoint_configs()
    inputs = {"ModelPackageVersionArn": package, "Endpoints": [{"EndpointName": "staging"}]}
    arn = client.create_inference_recommendations_job(
        JobName="bench", JobType="Default", RoleArn=ROLE, InputConfig=inputs
    )["JobArn"]
    client.describe_inference_recommendations_job(JobName="bench")
    client.list_inference_recommendations_jobs()
    client.list_inference_recommendations_job_steps(JobName="bench")
    client.stop_inference_recommendations_job(JobName="bench")
    recommendation_id = measured_job(rig, "measured")
    client.get_scaling_configuration_recommendation(
        InferenceRecommendationsJobName="measured",
        RecommendationId=recommendation_id,
        ScalingPolicyObjective={"MinInvocationsPerMinute": 1},
    )
    client.get_scaling_configuration_recommendation(
        InferenceRecommendationsJobName="measured", EndpointName=OWN_ENDPOINT
    )
    rig.transform("t", Tags=[{"Key": "k", "Value": "v"}])
    client.describe_transform_job(TransformJobName="t")
    client.list_transform_jobs()
    client.stop_transform_job(TransformJobName="t")
    client.add_tags(ResourceArn=arn, Tags=[{"Key": "k", "Value": "v"}])
    client.list_tags(ResourceArn=arn)
    client.delete_tags(ResourceArn=arn, TagKeys=["k"])
    client.delete_endpoint(EndpointName="staging")
    client.delete_endpoint_config(EndpointConfigName="config-1")
    client.delete_model(ModelName="pipeline")
    client.delete_model_package(ModelPackageName=package)
    client.delete_model_package_group(ModelPackageGroupName="fraud")


def test_every_answer_is_as_the_service_model_says(rig: Rig) -> None:
    recorder = Recorder(rig)
    rig.client = sagemaker_client(recorder.handle)
    use_everything(rig)

    assert {operation for operation, _ in recorder.answers} == set(OPERATIONS)
    found: list[str] = []
    for operation, response in recorder.answers:
        shape = service_model.sagemaker().output_shape(operation)
        if shape is None:
            assert response.body == b"", operation
        else:
            found += faults(shape, json.loads(response.body), operation)
    assert found == []


@pytest.mark.parametrize("value", [{}, {"ModelArn": 1, "Extra": 2}])
def test_the_check_itself_finds_faults(value: dict[str, Any]) -> None:
    shape = service_model.sagemaker().output_shape("CreateModel")
    assert shape is not None
    assert list(faults(shape, value, "CreateModel"))


def test_requests_that_come_together_take_one_name_once(rig: Rig) -> None:
    """CreateModel lets others go on while it reads archives; the name is still given only once."""
    target = [
        (b"x-amz-target", b"SageMaker.CreateModel"),
        (
            b"authorization",
            b"AWS4-HMAC-SHA256 Credential=AKID/20231114/us-east-1/sagemaker/aws4_request, "
            b"SignedHeaders=host, Signature=" + b"0" * 64,
        ),
    ]
    container = {"Image": "i", "ModelDataUrl": "s3://models/a.tar.gz"}
    body = json.dumps({"ModelName": "m", "PrimaryContainer": container}).encode()

    async def both() -> list[int]:
        requests = [rig.plane.handle(Request(b"POST", b"/", target, body)) for _ in range(5)]
        return sorted(response.status for response in await asyncio.gather(*requests))

    assert asyncio.run(both()) == [200, 400, 400, 400, 400]
