"""Frozen records of what the store keeps: one class a resource.

`accepted` is the request as it was validated and accepted, in AWS's own member names; Describe echoes it.
Everything that code branches on is a typed field of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from include.sagemaker_local.deployment import Container, Deployment
from include.sagemaker_local.guardrails import Stage
from include.sagemaker_local.lifecycle import EndpointStatus, JobStatus, TransformStatus

Json: TypeAlias = "Mapping[str, Json] | list[Json] | str | int | float | bool | None"
JsonObject: TypeAlias = Mapping[str, "Json"]


@dataclass(frozen=True, slots=True)
class ModelPackageGroupRecord:
    """A model package group."""

    region: str
    name: str
    arn: str
    created_at_s: float
    accepted: JsonObject


@dataclass(frozen=True, slots=True)
class ModelPackageRecord:
    """A model package: a version of a group, or unversioned when `group_name` is None."""

    region: str
    name: str
    arn: str
    group_name: str | None
    version: int | None
    containers: tuple[Container, ...]
    approval_status: str | None
    approval_description: str | None
    customer_metadata: Mapping[str, str]
    client_token: str | None
    created_at_s: float
    modified_at_s: float
    accepted: JsonObject


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """A model. `containers` are resolved: package references are expanded and every container has a name."""

    region: str
    name: str
    arn: str
    containers: tuple[Container, ...]
    created_at_s: float
    accepted: JsonObject

    @property
    def direct(self) -> bool:
        """Whether a request is for one container, which it names (InferenceExecutionConfig), and not for the chain."""
        execution = self.accepted.get("InferenceExecutionConfig")
        return isinstance(execution, Mapping) and execution["Mode"] == "Direct"


@dataclass(frozen=True, slots=True)
class VariantRecord:
    """A production variant of an endpoint config."""

    name: str
    model_name: str
    instance_type: str
    instance_count: int
    weight: float
    startup_timeout_s: float | None = None  # ContainerStartupHealthCheckTimeoutInSeconds


@dataclass(frozen=True, slots=True)
class EndpointConfigRecord:
    """An endpoint configuration."""

    region: str
    name: str
    arn: str
    variants: tuple[VariantRecord, ...]
    created_at_s: float
    accepted: JsonObject


@dataclass(frozen=True, slots=True)
class EndpointRecord:
    """An endpoint. `live` is what has the traffic, `wanted` what a create or update under way asked for."""

    region: str
    name: str
    arn: str
    status: EndpointStatus
    live: Deployment | None
    wanted: Deployment | None
    failure_reason: str | None
    created_at_s: float
    modified_at_s: float
    deployment_config: JsonObject | None = None  # as CreateEndpoint or UpdateEndpoint sent it last
    in_place: bool = False  # the change under way keeps the running instances: UpdateEndpointWeightsAndCapacities
    stage: Stage | None = None  # how far the deployment under way has come


@dataclass(frozen=True, slots=True)
class RecommendationJobRecord:
    """An inference recommendations job. The two result lists are in the API's own form, absent until it is done."""

    region: str
    name: str
    arn: str
    status: JobStatus
    failure_reason: str | None
    created_at_s: float
    modified_at_s: float
    completed_at_s: float | None
    accepted: JsonObject
    recommendations: tuple[JsonObject, ...]
    endpoint_performances: tuple[JsonObject, ...]


@dataclass(frozen=True, slots=True)
class RecommendationStepRecord:
    """One benchmark of a job, in the API's own form (an InferenceRecommendationsJobStep's InferenceBenchmark)."""

    job_name: str
    position: int
    status: JobStatus
    benchmark: JsonObject


@dataclass(frozen=True, slots=True)
class TransformJobRecord:
    """A batch transform job. `containers` are the model's as they were at creation: it may be deleted meanwhile."""

    region: str
    name: str
    arn: str
    status: TransformStatus
    containers: tuple[Container, ...]
    failure_reason: str | None
    created_at_s: float
    modified_at_s: float
    started_at_s: float | None
    ended_at_s: float | None
    accepted: JsonObject


@dataclass(frozen=True, slots=True)
class ScalableTargetRecord:
    """A variant that Application Auto Scaling may change. `suspended` is the SuspendedState, whole."""

    region: str
    endpoint_name: str
    variant_name: str
    arn: str
    min_capacity: int
    max_capacity: int
    role_arn: str
    suspended: Mapping[str, bool]
    created_at_s: float

    @property
    def resource_id(self) -> str:
        """What Application Auto Scaling calls the variant."""
        return f"endpoint/{self.endpoint_name}/variant/{self.variant_name}"


@dataclass(frozen=True, slots=True)
class ScalingPolicyRecord:
    """A scaling policy. `configuration` is the one of its type, in the API's own form."""

    region: str
    endpoint_name: str
    variant_name: str
    name: str
    arn: str
    type: str
    configuration: JsonObject
    alarm_names: tuple[str, ...]  # of the alarms that the policy owns: high, low
    created_at_s: float

    @property
    def resource_id(self) -> str:
        """What Application Auto Scaling calls the variant."""
        return f"endpoint/{self.endpoint_name}/variant/{self.variant_name}"


@dataclass(frozen=True, slots=True)
class ScalingActivityRecord:
    """A change of capacity that was begun, and how it ended. `status` is InProgress, Successful or Failed."""

    id: str
    region: str
    endpoint_name: str
    variant_name: str
    before: int
    after: int
    cause: str
    cooldown_s: float
    status: str
    message: str
    started_at_s: float
    ended_at_s: float | None

    @property
    def resource_id(self) -> str:
        """What Application Auto Scaling calls the variant."""
        return f"endpoint/{self.endpoint_name}/variant/{self.variant_name}"


@dataclass(frozen=True, slots=True)
class AsyncRequestRecord:
    """An asynchronous invocation that was accepted. `body` is its input when there is no `input_location`.

    `inference_id` is the client's, or made up when `given_inference_id` is None.
    """

    id: str
    region: str
    endpoint_name: str
    inference_id: str
    accepted_at_s: float
    expires_at_s: float
    timeout_s: float
    input_location: str | None
    body: bytes
    content_type: str | None
    accept: str | None
    custom_attributes: str | None
    given_inference_id: str | None
    output_location: str
    failure_location: str | None
