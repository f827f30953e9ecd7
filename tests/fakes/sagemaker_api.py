"""The few API calls that Sluice makes, in memory: what a deployment or a job comes to is scripted by the test.

It answers and refuses in AWS's form (botocore's ClientError with AWS's codes and texts). Deployments and jobs stay
under way until `settle` is called, so a test decides when time passes.
"""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError
from botocore.session import get_session
from sluice.hook import SluiceHook

from tests.fakes.inventory_api import FakeInventory
from tests.fakes.transform_api import FakeTransforms

ARN = "arn:aws:sagemaker:us-east-1:123456789012"
Json = dict[str, Any]


def refusal(operation: str, code: str, message: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


class FakeAws(FakeTransforms, FakeInventory):
    """All clients in one object. `calls` holds the name of every call that changes something, in order."""

    def __init__(self) -> None:
        FakeTransforms.__init__(self)
        FakeInventory.__init__(self)
        self.objects: dict[str, bytes] = {}
        self.groups: dict[str, Json] = {}
        self.packages: dict[str, Json] = {}
        self.models: dict[str, Json] = {}
        self.configs: dict[str, Json] = {}
        self.endpoints: dict[str, Json] = {}
        self.jobs: dict[str, Json] = {}
        self.log_streams: dict[str, list[str]] = {}
        self.calls: list[str] = []
        self._seconds = itertools.count(1_700_000_000)
        self.broken_configs: dict[str, str | None] = {}
        """Config -> FailureReason of every deployment onto it; None is the silence that AWS often keeps."""
        self.job_results: list[Json] = []
        """What the next jobs come to, one each; `completed_job()` when there is none."""
        self.lost_configs: set[str] = set()
        """Configs of which the deployment fails, and its rollback too."""
        self.alarms: dict[str, str] = {}
        """CloudWatch's alarms and their states."""
        self.deployments: list[Json | None] = []
        """The DeploymentConfig of each update."""
        self.kept_capacity: list[bool] = []
        """Whether each update retained the variants' properties."""
        self.scalable_targets: dict[str, Json] = {}
        self.scaling_policies: dict[str, Json] = {}
        self.scaling_asked: list[Json] = []
        """The requests for a scaling recommendation."""
        self.package_status = "Completed"
        """Of a version that has just been registered; `InProgress` until `settle`."""
        self.package_ending = "Completed"
        """What such a version comes to."""
        self.job_began: float | None = None
        """When the next jobs are created, in seconds since the epoch."""
        self.invocation: bytes | ClientError = b'{"label": "benign"}'
        self.denied: dict[str, str] = {}
        """Calls by boto3's names that are refused, and with which message."""
        self.missing: set[str] = set()
        """Roles, images (`repository:tag`) and buckets that are not there; all others are."""
        self.trusted: str | list[str] = "sagemaker.amazonaws.com"
        """Who may assume every role."""
        self.meta = FakeMeta()

    # -- registry

    def create_model_package_group(self, **request: Any) -> Json:
        name = request["ModelPackageGroupName"]
        if name in self.groups:
            text = f"Model Package Group already exists: {ARN}:model-package-group/{name}"
            raise refusal("CreateModelPackageGroup", "ValidationException", text)
        self._note("create_model_package_group")
        self.groups[name] = request
        return {"ModelPackageGroupArn": f"{ARN}:model-package-group/{name}"}

    def create_model_package(self, **request: Any) -> Json:
        for arn, package in self.packages.items():
            if package["ClientToken"] == request["ClientToken"]:
                raise refusal("CreateModelPackage", "ConflictException", f"{arn} has this token")
        self._note("create_model_package")
        version = len(self.packages) + 1
        arn = f"{ARN}:model-package/{request['ModelPackageGroupName']}/{version}"
        known = {"ModelPackageArn": arn, "ModelPackageVersion": version, "ModelPackageStatus": self.package_status}
        self.packages[arn] = {**request, **known}
        return {"ModelPackageArn": arn}

    def get_paginator(self, operation: str) -> FakePages:
        return FakePages(self, operation)

    def describe_model_package(self, ModelPackageName: str) -> Json:
        if ModelPackageName not in self.packages:
            text = f"ModelPackage {ModelPackageName} does not exist."
            raise refusal("DescribeModelPackage", "ValidationException", text)
        return self.packages[ModelPackageName]

    def update_model_package(self, **request: Any) -> Json:
        package = self.describe_model_package(request.pop("ModelPackageArn"))
        metadata = {**package.get("CustomerMetadataProperties", {}), **request.pop("CustomerMetadataProperties", {})}
        self._note(f"update_model_package {request.get('ModelApprovalStatus', 'metadata')}")
        package.update(request, CustomerMetadataProperties=metadata)
        return {}

    # -- models and endpoints

    def create_model(self, **request: Any) -> Json:
        return self._create(self.models, "model", request["ModelName"], request)

    def describe_model(self, ModelName: str) -> Json:
        return self._find(self.models, "model", ModelName)

    def create_endpoint_config(self, **request: Any) -> Json:
        return self._create(self.configs, "endpoint configuration", request["EndpointConfigName"], request)

    def describe_endpoint_config(self, EndpointConfigName: str) -> Json:
        return self._find(self.configs, "endpoint configuration", EndpointConfigName)

    def create_endpoint(self, **request: Any) -> Json:
        self._create(self.endpoints, "endpoint", request["EndpointName"], request)
        name = request["EndpointName"]
        self.endpoints[name] = {
            "EndpointName": name,
            "EndpointArn": f"{ARN}:endpoint/{name}",
            "EndpointConfigName": request["EndpointConfigName"],
            "EndpointStatus": "Creating",
            "Tags": request.get("Tags", []),
        }
        self._touch(self.endpoints[name])
        return {}

    def update_endpoint(
        self,
        EndpointName: str,
        EndpointConfigName: str,
        DeploymentConfig: Json | None = None,
        RetainAllVariantProperties: bool = False,
    ) -> Json:
        endpoint = self.describe_endpoint(EndpointName)
        if endpoint["EndpointStatus"] not in ("InService", "UpdateRollbackFailed"):
            text = f'Cannot update in-progress endpoint "{endpoint["EndpointArn"]}".'
            raise refusal("UpdateEndpoint", "ValidationException", text)
        self._note("update_endpoint")
        self.deployments.append(DeploymentConfig)
        self.kept_capacity.append(RetainAllVariantProperties)
        endpoint.pop("FailureReason", None)
        endpoint["EndpointStatus"] = "Updating"
        endpoint["PendingDeploymentSummary"] = {"EndpointConfigName": EndpointConfigName}
        self._touch(endpoint)
        return {}

    def delete_endpoint(self, EndpointName: str) -> Json:
        endpoint = self.describe_endpoint(EndpointName)
        if endpoint["EndpointStatus"] in ("Creating", "Updating", "Deleting"):
            text = f'Cannot update in-progress endpoint "{endpoint["EndpointArn"]}".'
            raise refusal("DeleteEndpoint", "ValidationException", text)
        self._note("delete_endpoint")
        endpoint["EndpointStatus"] = "Deleting"
        return {}

    def describe_endpoint(self, EndpointName: str) -> Json:
        return self._find(self.endpoints, "endpoint", EndpointName)

    def settle(self) -> None:
        """Let every deployment, deletion and job that is under way come to its end."""
        self.settle_transforms()
        for package in self.packages.values():
            if package.get("ModelPackageStatus") == "InProgress":
                package["ModelPackageStatus"] = self.package_ending
        for name, endpoint in list(self.endpoints.items()):
            if endpoint["EndpointStatus"] == "Deleting":
                del self.endpoints[name]
            elif endpoint["EndpointStatus"] in ("Creating", "Updating"):
                self._settle_endpoint(endpoint)
            elif endpoint["EndpointStatus"] == "SystemUpdating":
                endpoint["EndpointStatus"] = "InService"
        for job in self.jobs.values():
            if job["Status"] in ("PENDING", "IN_PROGRESS"):
                job.update(self.job_results.pop(0) if self.job_results else completed_job())
            elif job["Status"] == "STOPPING":
                job["Status"] = "STOPPED"

    def _touch(self, endpoint: Json) -> None:
        endpoint["LastModifiedTime"] = datetime.fromtimestamp(next(self._seconds), UTC)

    def _settle_endpoint(self, endpoint: Json) -> None:
        self._touch(endpoint)
        updating = endpoint["EndpointStatus"] == "Updating"
        wanted = endpoint.pop("PendingDeploymentSummary", endpoint)["EndpointConfigName"]
        if wanted in self.lost_configs:
            endpoint.update(EndpointStatus="UpdateRollbackFailed", FailureReason="no capacity to go back to")
            return
        if wanted not in self.broken_configs:
            endpoint.update(EndpointStatus="InService", EndpointConfigName=wanted)
            return
        endpoint["EndpointStatus"] = "InService" if updating else "Failed"
        if reason := self.broken_configs[wanted]:
            endpoint["FailureReason"] = reason

    # -- recommendation jobs

    def create_inference_recommendations_job(self, **request: Any) -> Json:
        name = request["JobName"]
        if name in self.jobs:
            raise refusal("CreateInferenceRecommendationsJob", "ResourceInUse", f"{name} is there")
        for loaded in request["InputConfig"].get("Endpoints", ()):
            endpoint = self.endpoints.get(loaded.get("EndpointName"), {})
            if endpoint.get("EndpointStatus", "InService") != "InService":
                raise refusal("CreateInferenceRecommendationsJob", "ValidationException", "it must be InService")
        self._note("create_inference_recommendations_job")
        arn = f"{ARN}:inference-recommendations-job/{name}"
        self.jobs[name] = {**request, "JobArn": arn, "Status": "IN_PROGRESS"}
        if self.job_began is not None:
            self.jobs[name]["CreationTime"] = datetime.fromtimestamp(self.job_began, UTC)
        return {"JobArn": arn}

    def describe_inference_recommendations_job(self, JobName: str) -> Json:
        if JobName not in self.jobs:
            raise refusal("DescribeInferenceRecommendationsJob", "ResourceNotFound", f"no job {JobName}")
        job = self.jobs[JobName]
        endpoint = job["InputConfig"]["Endpoints"][0]
        performances = [{**each, "EndpointInfo": endpoint} for each in job.get("EndpointPerformances", ())]
        return {**job, "EndpointPerformances": performances}

    def stop_inference_recommendations_job(self, JobName: str) -> None:
        self._note("stop_inference_recommendations_job")
        self.jobs[JobName]["Status"] = "STOPPING"

    # -- autoscaling

    def get_scaling_configuration_recommendation(self, **request: Any) -> Json:
        self.scaling_asked.append(request)
        customized = {"MetricName": "CPUUtilization", "Namespace": "/aws/sagemaker/Endpoints", "Statistic": "Average"}
        invocations = {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"}
        tracked = [({"Predefined": invocations}, 1500.0), ({"Customized": customized}, 100.0)]
        policies = [{"TargetTracking": {"MetricSpecification": each, "TargetValue": value}} for each, value in tracked]
        bounds = {"MinCapacity": 1, "MaxCapacity": 5, "ScaleInCooldown": 300, "ScaleOutCooldown": 300}
        return {"DynamicScalingConfiguration": {**bounds, "ScalingPolicies": policies}}

    def describe_scalable_targets(self, ServiceNamespace: str, ResourceIds: list[str]) -> Json:
        found = [target for name, target in self.scalable_targets.items() if name in ResourceIds]
        return {"ScalableTargets": found}

    def register_scalable_target(self, **request: Any) -> Json:
        self._note("register_scalable_target")
        self.scalable_targets[request["ResourceId"]] = request
        return {}

    def deregister_scalable_target(self, **request: Any) -> Json:
        self._note("deregister_scalable_target")
        del self.scalable_targets[request["ResourceId"]]
        self.scaling_policies.clear()
        return {}

    def put_scaling_policy(self, **request: Any) -> Json:
        self._note("put_scaling_policy")
        self.scaling_policies[request["PolicyName"]] = request
        return {}

    # -- runtime, S3, logs

    def invoke_endpoint(self, EndpointName: str, Body: bytes, ContentType: str, Accept: str) -> Json:
        if isinstance(self.invocation, ClientError):
            raise self.invocation
        return {"Body": io.BytesIO(self.invocation)}

    def get_object(self, Bucket: str, Key: str) -> Json:
        uri = f"s3://{Bucket}/{Key}"
        if uri not in self.objects:
            raise refusal("GetObject", "NoSuchKey", "The specified key does not exist.")
        return {"Body": io.BytesIO(self.objects[uri])}

    def put_object(self, Bucket: str, Key: str, Body: bytes, ContentType: str) -> Json:
        self._note("put_object")
        self.objects[f"s3://{Bucket}/{Key}"] = Body
        return {}

    def get_log_events(self, logGroupName: str, logStreamName: str, limit: int, startFromHead: bool) -> Json:
        return {"events": [{"message": line} for line in self.log_streams[logStreamName][-limit:]]}

    # -- what a run needs and does not make

    def get_role(self, RoleName: str) -> Json:
        self._may("get_role")
        if RoleName in self.missing:
            raise refusal("GetRole", "NoSuchEntity", f"The role with name {RoleName} cannot be found.")
        allowed = {"Effect": "Allow", "Principal": {"Service": self.trusted}, "Action": "sts:AssumeRole"}
        arn = f"arn:aws:iam::123456789012:role/{RoleName}"
        return {"Role": {"Arn": arn, "AssumeRolePolicyDocument": {"Statement": [allowed]}}}

    def batch_get_image(self, registryId: str, repositoryName: str, imageIds: list[Json]) -> Json:
        self._may("batch_get_image")
        if repositoryName in self.missing:
            text = f"The repository with name '{repositoryName}' does not exist in the registry with id '{registryId}'"
            raise refusal("BatchGetImage", "RepositoryNotFoundException", text)
        (image_id,) = imageIds
        if f"{repositoryName}:{image_id.get('imageTag')}" in self.missing:
            return {"images": [], "failures": [{"imageId": image_id, "failureCode": "ImageNotFound"}]}
        return {"images": [{"imageId": image_id}], "failures": []}

    def head_bucket(self, Bucket: str) -> Json:
        self._may("head_bucket")
        if Bucket in self.missing:
            raise refusal("HeadBucket", "404", "Not Found")
        return {}

    def _may(self, call: str) -> None:
        if call in self.denied:
            raise refusal(call, "AccessDenied", self.denied[call])

    # -- the same for all

    def _note(self, call: str) -> None:
        self.calls.append(call)

    def _create(self, kept: dict[str, Json], noun: str, name: str, request: Json) -> Json:
        if name in kept:
            text = f'Cannot create already existing {noun} "{ARN}:{noun}/{name}".'
            raise refusal(f"Create {noun}", "ValidationException", text)
        self._note(f"create_{noun.replace(' ', '_')}")
        kept[name] = request
        return {}

    def _find(self, kept: dict[str, Json], noun: str, name: str) -> Json:
        if name not in kept:
            raise refusal(f"Describe {noun}", "ValidationException", f'Could not find {noun} "{ARN}:{noun}/{name}".')
        return kept[name]


class FakeMeta:
    """What a client knows of its service and region."""

    region_name = "us-east-1"
    service_model = get_session().get_service_model("sagemaker")


class FakePages:
    """The paginators that Sluice uses, with one item a page, so that paging is exercised."""

    def __init__(self, aws: FakeAws, operation: str) -> None:
        self._aws = aws
        self._operation = operation

    def paginate(self, **request: Any) -> Iterator[Json]:
        if self._operation == "list_model_packages":
            for package in reversed(self._aws.packages.values()):
                if package["ModelPackageGroupName"] == request["ModelPackageGroupName"]:
                    yield {"ModelPackageSummaryList": [package]}
            return
        if self._operation.startswith("list_") and self._operation != "list_objects_v2":
            yield from self._aws.inventory(self._operation, request)
            return
        if self._operation == "list_objects_v2":
            yield from self._aws.list_objects_v2(**request)
            yield {}  # S3 leaves Contents out where there is nothing
            return
        if self._operation == "describe_alarms":
            assert request["AlarmNames"], "CloudWatch would take no names for all of them"
            for name, state in self._aws.alarms.items():
                if name in request["AlarmNames"]:
                    yield {
                        "MetricAlarms": [{"AlarmName": name, "StateValue": state, "StateReason": "Threshold Crossed"}]
                    }
            return
        if not self._aws.log_streams:
            raise refusal("DescribeLogStreams", "ResourceNotFoundException", "The specified log group does not exist.")
        for created, name in zip(itertools.count(1), self._aws.log_streams):
            if not name.startswith(request.get("logStreamNamePrefix", "")):
                continue
            yield {"logStreams": [{"logStreamName": name, "creationTime": created}]}


class FakeHook(SluiceHook):
    """The real hook on the fake's calls."""

    def __init__(self, aws: FakeAws) -> None:
        super().__init__(aws_conn_id=None)
        self.aws = aws

    @property
    def _sagemaker(self) -> Any:
        return self.aws

    def _client_of(self, service: str, config: Any = None) -> Any:
        return self.aws

    @property
    def service_url(self) -> str | None:
        return "http://127.0.0.1:4566"


def completed_job(
    latency_ms: float = 20,
    per_minute: float = 3000,
    usd_per_inference: float = 1e-6,
    instance_type: str = "ml.c5.large",
) -> Json:
    """What a job that measured these numbers answers."""
    metrics = {"CostPerHour": 0.102, "CostPerInference": usd_per_inference}
    return {
        "Status": "COMPLETED",
        "EndpointPerformances": [{"Metrics": {"ModelLatency": latency_ms, "MaxInvocations": per_minute}}],
        "InferenceRecommendations": [
            {"Metrics": metrics, "EndpointConfiguration": {"InstanceType": instance_type}, "ModelConfiguration": {}}
        ],
    }


def failed_job(reason: str) -> Json:
    return {"Status": "FAILED", "FailureReason": reason}
