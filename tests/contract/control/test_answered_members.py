"""Which members answers have: every one of the API's, at times, but those that are declared as never answered."""

from __future__ import annotations

import json
from typing import Any

from include.sagemaker_local.control.scope import SCOPES
from include.sagemaker_local.lifecycle import EndpointEvent, JobEvent, JobStatus, TransformEvent
from include.sagemaker_local.store.records import RecommendationStepRecord
from include.sagemaker_local.wire import service_model
from tests.contract.control.conftest import IMAGE, ROLE, Rig
from tests.contract.control.test_answers import Recorder, use_everything
from tests.fakes.in_process import sagemaker_client

REGION = "us-east-1"
S3 = {"ContentType": "application/json", "S3Uri": "s3://models/quality.json"}
EVERYTHING_ABOUT_A_PACKAGE: dict[str, Any] = {
    "ModelPackageDescription": "d",
    "ModelPackageRegistrationType": "Registered",
    "MetadataProperties": {"CommitId": "c"},
    "CustomerMetadataProperties": {"a": "b"},
    "ModelMetrics": {"ModelQuality": {"Statistics": S3}},
    "DriftCheckBaselines": {"ModelQuality": {"Statistics": S3}},
    "AdditionalInferenceSpecifications": [{"Name": "fast", "Containers": [{"Image": IMAGE}]}],
    "SkipModelValidation": "All",
    "CertifyForMarketplace": False,
    "SourceUri": "s3://models/source",
    "SecurityConfig": {"KmsKeyId": "key"},
    "ModelCard": {"ModelCardContent": "{}", "ModelCardStatus": "Draft"},
    "ModelLifeCycle": {"Stage": "s", "StageStatus": "t"},
}


def describe_what_use_everything_leaves_out(rig: Rig) -> None:
    client = rig.client
    client.create_model_package_group(ModelPackageGroupName="g", ModelPackageGroupDescription="d")
    client.describe_model_package_group(ModelPackageGroupName="g")
    arn = rig.package("g", **EVERYTHING_ABOUT_A_PACKAGE)
    rig.clock.advance(1)
    client.update_model_package(ModelPackageArn=arn, ApprovalDescription="d", ModelApprovalStatus="Rejected")
    client.describe_model_package(ModelPackageName=arn)
    vpc = {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]}
    client.create_model(ModelName="one", PrimaryContainer={"Image": IMAGE}, VpcConfig=vpc, ExecutionRoleArn=ROLE)
    client.describe_model(ModelName="one")
    variant = {"VariantName": "v", "ModelName": "one", "InstanceType": "ml.c5.large", "InitialInstanceCount": 1}
    client.create_endpoint_config(EndpointConfigName="keyed", ProductionVariants=[variant], KmsKeyId="key")
    client.describe_endpoint_config(EndpointConfigName="keyed")
    rig.endpoint("failed", "keyed")
    rig.store.move_endpoint(REGION, "failed", EndpointEvent.DEPLOY_FAILED, failure_reason="no")
    client.describe_endpoint(EndpointName="failed")


def describe_an_asynchronous_endpoint(rig: Rig) -> None:
    """Asynchronous endpoints have a member of their own."""
    variant = {"VariantName": "v", "ModelName": "pipeline", "InstanceType": "ml.c5.large", "InitialInstanceCount": 1}
    rig.client.create_endpoint_config(
        EndpointConfigName="asynchronous",
        ProductionVariants=[variant],
        AsyncInferenceConfig={"OutputConfig": {"S3OutputPath": "s3://b/out"}},
    )
    rig.endpoint("asynchronous", "asynchronous")
    rig.client.describe_endpoint_config(EndpointConfigName="asynchronous")
    rig.client.describe_endpoint(EndpointName="asynchronous")


def describe_jobs_that_failed(rig: Rig) -> None:
    client = rig.client
    rig.transform(
        "failed",
        MaxConcurrentTransforms=1,
        ModelClientConfig={"InvocationsMaxRetries": 1},
        MaxPayloadInMB=1,
        BatchStrategy="MultiRecord",
        Environment={"A": "1"},
        DataProcessing={"JoinSource": "None"},
    )
    rig.store.move_transform_job(REGION, "failed", TransformEvent.BEGIN)
    rig.store.move_transform_job(REGION, "failed", TransformEvent.FAIL, failure_reason="no")
    client.describe_transform_job(TransformJobName="failed")
    client.create_inference_recommendations_job(
        JobName="failed",
        JobType="Default",
        RoleArn=ROLE,
        JobDescription="d",
        InputConfig={"ModelPackageVersionArn": rig.package("g")},
        StoppingConditions={"MaxInvocations": 100},
    )
    rig.store.move_job(REGION, "failed", JobEvent.START)
    rig.store.move_job(
        REGION,
        "failed",
        JobEvent.FAIL,
        failure_reason="no",
        recommendations=({"ModelConfiguration": {}},),
        endpoint_performances=({"EndpointInfo": {"EndpointName": "e"}},),
    )
    for position in range(2):
        step = RecommendationStepRecord("failed", position, JobStatus.FAILED, {"ModelConfiguration": {}})
        rig.store.put_step(REGION, step)
    client.describe_inference_recommendations_job(JobName="failed")


def list_page_by_page(rig: Rig) -> None:
    """Two of everything, one on a page."""
    client = rig.client
    for name in ("page-1", "page-2"):
        client.create_model_package_group(ModelPackageGroupName=name)
        rig.package("g")
        rig.model(name)
        rig.config(name, model=name)
        rig.endpoint(name, name)
        rig.transform(name)
        inputs = {"ModelPackageVersionArn": rig.package("g")}
        client.create_inference_recommendations_job(JobName=name, JobType="Default", RoleArn=ROLE, InputConfig=inputs)
    arn = client.describe_model(ModelName="page-1")["ModelArn"]
    client.add_tags(ResourceArn=arn, Tags=[{"Key": key, "Value": ""} for key in ("a", "b")])
    client.search(Resource="ModelPackage", MaxResults=1)
    client.list_models(MaxResults=1)
    client.list_model_package_groups(MaxResults=1)
    client.list_model_packages(ModelPackageGroupName="g", MaxResults=1)
    client.list_endpoint_configs(MaxResults=1)
    client.list_endpoints(MaxResults=1)
    client.list_transform_jobs(MaxResults=1)
    client.list_inference_recommendations_jobs(MaxResults=1)
    client.list_inference_recommendations_job_steps(JobName="failed", MaxResults=1)


def test_every_member_is_answered_unless_it_is_declared_as_never_answered(rig: Rig) -> None:
    recorder = Recorder(rig)
    rig.client = sagemaker_client(recorder.handle)
    use_everything(rig)
    describe_what_use_everything_leaves_out(rig)
    describe_an_asynchronous_endpoint(rig)
    describe_jobs_that_failed(rig)
    list_page_by_page(rig)

    seen: dict[str, set[str]] = {}
    for operation, response in recorder.answers:
        seen.setdefault(operation, set()).update(json.loads(response.body or b"{}"))
    for operation, scope in SCOPES.items():
        shape = service_model.sagemaker().output_shape(operation)
        never = set(shape.members) - seen[operation] if shape else set()
        assert never == set(scope.never_answered), operation
