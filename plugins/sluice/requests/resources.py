"""Spec and names -> the keyword arguments of boto3 calls. CamelCase begins here; nothing here calls anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sluice.naming import (
    CONTENT,
    EVIDENCE_SHA256,
    EVIDENCE_URI,
    PIPELINE,
    ROLLBACK_SHA256,
    ROLLBACK_URI,
    VARIANT,
    VERDICT,
    WITHDRAWN,
    Names,
    client_token,
    package_description,
    standing_tags,
    tags,
)
from sluice.specs.container import ContainerSpec
from sluice.specs.deployment import DeploymentSpec, DeploymentType
from sluice.specs.pipeline import PipelineSpec, Stage

Request = dict[str, Any]

APPROVAL_DESCRIPTION_MAX = 1024


def create_model_package_group(spec: PipelineSpec) -> Request:
    """The group that holds the versions. Tags are here, because AWS takes none on a version."""
    return {
        "ModelPackageGroupName": spec.package.group,
        "ModelPackageGroupDescription": f"Versions of the inference pipeline {spec.pipeline}, registered by Sluice",
        "Tags": tag_list(standing_tags(spec.pipeline)),
    }


def create_model_package(spec: PipelineSpec, names: Names) -> Request:
    """One version with all containers, pending approval; the description holds the content's digest."""
    package = spec.package
    return {
        "ModelPackageGroupName": package.group,
        "ModelPackageDescription": package_description(names.content),
        "ModelApprovalStatus": "PendingManualApproval",
        "Domain": package.domain,
        "Task": package.task,
        "SamplePayloadUrl": package.sample_payload,
        "InferenceSpecification": {
            "Containers": [_package_container(spec, container) for container in spec.containers],
            "SupportedContentTypes": list(package.content_types),
            "SupportedResponseMIMETypes": list(package.response_types),
            "SupportedRealtimeInferenceInstanceTypes": list(spec.benchmark.instance_types),
        },
        "CustomerMetadataProperties": {PIPELINE: spec.pipeline, CONTENT: names.content},
        "ClientToken": client_token("CreateModelPackage", package.group, names.content),
    }


def _package_container(spec: PipelineSpec, container: ContainerSpec) -> Request:
    framework, version = spec.framework_of(container)
    described = {
        "ContainerHostname": container.hostname,
        "Image": container.image,
        "ModelDataUrl": container.model_data,
        "Environment": dict(container.environment) or None,
        "Framework": framework,
        "FrameworkVersion": version,
    }
    return {member: value for member, value in described.items() if value is not None}


def create_model(spec: PipelineSpec, names: Names, package_arn: str) -> Request:
    """The pipeline model; AWS expands its one `Containers` entry to the package's whole list of containers."""
    return {
        "ModelName": names.model,
        "ExecutionRoleArn": spec.aws.role,
        "Containers": [{"ModelPackageName": package_arn}],
        "Tags": tag_list(tags(names)),
    }


def create_endpoint_config(spec: PipelineSpec, names: Names, stage: Stage) -> Request:
    """One variant on the stage's fleet."""
    fleet = spec.fleet(stage)
    variant = {
        "VariantName": VARIANT,
        "ModelName": names.model,
        "InstanceType": fleet.instance_type,
        "InitialInstanceCount": fleet.instances,
        "InitialVariantWeight": 1.0,
    }
    return {
        "EndpointConfigName": names.config(stage),
        "ProductionVariants": [variant],
        "Tags": tag_list(tags(names, stage)),
    }


def create_endpoint(names: Names, stage: Stage) -> Request:
    """A new endpoint on the candidate's config."""
    return {**_on_its_config(names, stage), "Tags": tag_list(standing_tags(names.pipeline, stage))}


def update_endpoint(
    names: Names, stage: Stage, deployment: DeploymentSpec | None = None, *, keeps_capacity: bool = False
) -> Request:
    """An existing endpoint onto the candidate's config; all at once and without alarms without a `deployment`.

    With `keeps_capacity` it goes on with as many instances as it has, not with the config's number.
    """
    request = _on_its_config(names, stage)
    if keeps_capacity:
        request["RetainAllVariantProperties"] = True
    if deployment is not None:
        request["DeploymentConfig"] = _deployment_config(deployment)
    return request


def _on_its_config(names: Names, stage: Stage) -> Request:
    return {"EndpointName": names.endpoint(stage), "EndpointConfigName": names.config(stage)}


def _deployment_config(wanted: DeploymentSpec) -> Request:
    """AWS bakes the last share of a blue/green deployment by TerminationWaitInSeconds, every other by the interval."""
    limit = {} if wanted.timeout_seconds is None else {"MaximumExecutionTimeoutInSeconds": wanted.timeout_seconds}
    wait = {"WaitIntervalInSeconds": wanted.bake_seconds}
    share = {"Type": "CAPACITY_PERCENT", "Value": wanted.percent}
    config: Request
    if wanted.type is DeploymentType.ROLLING:
        config = {"RollingUpdatePolicy": {"MaximumBatchSize": share, **wait, **limit}}
    else:
        size = {DeploymentType.CANARY: "CanarySize", DeploymentType.LINEAR: "LinearStepSize"}.get(wanted.type)
        routing = {"Type": wanted.type.value.upper(), **wait, **({size: share} if size else {})}
        policy = {"TrafficRoutingConfiguration": routing, "TerminationWaitInSeconds": wanted.bake_seconds, **limit}
        config = {"BlueGreenUpdatePolicy": policy}
    if wanted.alarms:
        config["AutoRollbackConfiguration"] = {"Alarms": [{"AlarmName": alarm} for alarm in wanted.alarms]}
    return config


def approve_package(package_arn: str, reason: str, metadata: Mapping[str, str]) -> Request:
    """Open the gate: Approved, with the reason and the way to the evidence."""
    return _judged(package_arn, "Approved", reason, metadata)


def reject_package(package_arn: str, reason: str, metadata: Mapping[str, str]) -> Request:
    """Close the gate: Rejected, with the reason and the way to the evidence."""
    return _judged(package_arn, "Rejected", reason, metadata)


def withdraw_package(package_arn: str, reason: str, at: str) -> Request:
    """Rejected, and known as a version that production has left; `at` is ISO 8601."""
    return _judged(package_arn, "Rejected", reason, {WITHDRAWN: at})


def _judged(package_arn: str, status: str, reason: str, metadata: Mapping[str, str]) -> Request:
    request: Request = {
        "ModelPackageArn": package_arn,
        "ModelApprovalStatus": status,
        # One line: AWS's pattern for this member is `.*`, which a line break does not match.
        "ApprovalDescription": _cut(" ".join(reason.split()), APPROVAL_DESCRIPTION_MAX),
    }
    if metadata:  # AWS takes 1 to 50 properties, so not an empty map
        request["CustomerMetadataProperties"] = dict(metadata)
    return request


def evidence_metadata(uri: str, sha256: str, verdict: str) -> dict[str, str]:
    """CustomerMetadataProperties that lead from a package version to its evidence."""
    return {
        VERDICT: verdict,
        EVIDENCE_SHA256: sha256,
        EVIDENCE_URI: uri,
    }


def rollback_metadata(uri: str, sha256: str) -> dict[str, str]:
    """CustomerMetadataProperties that lead from a version to the record of the rollback in which production left it."""
    return {ROLLBACK_SHA256: sha256, ROLLBACK_URI: uri}


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 3] + "..."


def tag_list(tagged: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags as AWS's requests have them."""
    return [{"Key": key, "Value": value} for key, value in tagged.items()]
