"""From a request on `/` to the operation that X-Amz-Target names, and back to a response."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from include.sagemaker_local.control.call import Answer, Call, Operation, Services
from include.sagemaker_local.control.injected import CAPACITY_OPERATIONS, refuse_injected
from include.sagemaker_local.control.operations import (
    endpoint_configs,
    endpoints,
    model_package_group_policies,
    model_package_groups,
    model_packages,
    models,
    recommendation_jobs,
    scalable_target_tags,
    scalable_targets,
    scaling_activities,
    scaling_policies,
    scaling_recommendations,
    search,
    tags,
    transform_jobs,
    weights_and_capacities,
)
from include.sagemaker_local.control.scope import SCALING_SCOPES, SCOPES
from include.sagemaker_local.errors import ApiError, HostError
from include.sagemaker_local.faults import FaultTable, Kind
from include.sagemaker_local.faults.fault import INVOKE_OPERATIONS
from include.sagemaker_local.http1.messages import Request, Response
from include.sagemaker_local.wire import json11, service_model
from include.sagemaker_local.wire.members import Members
from include.sagemaker_local.wire.scope import Scope
from include.sagemaker_local.wire.service_model import ServiceModel
from include.sagemaker_local.wire.signature import credentials
from include.sagemaker_local.wire.validate import validated

logger = logging.getLogger(__name__)

OPERATIONS: Mapping[str, Operation] = {
    "AddTags": tags.add_tags,
    "BatchDescribeModelPackage": model_packages.batch_describe_model_package,
    "CreateEndpoint": endpoints.create_endpoint,
    "CreateEndpointConfig": endpoint_configs.create_endpoint_config,
    "CreateInferenceRecommendationsJob": recommendation_jobs.create_inference_recommendations_job,
    "CreateModel": models.create_model,
    "CreateModelPackage": model_packages.create_model_package,
    "CreateModelPackageGroup": model_package_groups.create_model_package_group,
    "CreateTransformJob": transform_jobs.create_transform_job,
    "DeleteEndpoint": endpoints.delete_endpoint,
    "DeleteEndpointConfig": endpoint_configs.delete_endpoint_config,
    "DeleteModel": models.delete_model,
    "DeleteModelPackage": model_packages.delete_model_package,
    "DeleteModelPackageGroup": model_package_groups.delete_model_package_group,
    "DeleteModelPackageGroupPolicy": model_package_group_policies.delete_model_package_group_policy,
    "DeleteTags": tags.delete_tags,
    "DescribeEndpoint": endpoints.describe_endpoint,
    "DescribeEndpointConfig": endpoint_configs.describe_endpoint_config,
    "DescribeInferenceRecommendationsJob": recommendation_jobs.describe_inference_recommendations_job,
    "DescribeModel": models.describe_model,
    "DescribeModelPackage": model_packages.describe_model_package,
    "DescribeModelPackageGroup": model_package_groups.describe_model_package_group,
    "DescribeTransformJob": transform_jobs.describe_transform_job,
    "GetModelPackageGroupPolicy": model_package_group_policies.get_model_package_group_policy,
    "GetScalingConfigurationRecommendation": scaling_recommendations.get_scaling_configuration_recommendation,
    "ListEndpointConfigs": endpoint_configs.list_endpoint_configs,
    "ListEndpoints": endpoints.list_endpoints,
    "ListInferenceRecommendationsJobSteps": recommendation_jobs.list_inference_recommendations_job_steps,
    "ListInferenceRecommendationsJobs": recommendation_jobs.list_inference_recommendations_jobs,
    "ListModelPackageGroups": model_package_groups.list_model_package_groups,
    "ListModelPackages": model_packages.list_model_packages,
    "ListModels": models.list_models,
    "ListTags": tags.list_tags,
    "ListTransformJobs": transform_jobs.list_transform_jobs,
    "PutModelPackageGroupPolicy": model_package_group_policies.put_model_package_group_policy,
    "Search": search.search,
    "StopInferenceRecommendationsJob": recommendation_jobs.stop_inference_recommendations_job,
    "StopTransformJob": transform_jobs.stop_transform_job,
    "UpdateEndpoint": endpoints.update_endpoint,
    "UpdateEndpointWeightsAndCapacities": weights_and_capacities.update_endpoint_weights_and_capacities,
    "UpdateModelPackage": model_packages.update_model_package,
}
"""Every operation of SageMaker that is served. What botocore knows beyond it is refused by name."""

SCALING_OPERATIONS: Mapping[str, Operation] = {
    "DeleteScalingPolicy": scaling_policies.delete_scaling_policy,
    "DeregisterScalableTarget": scalable_targets.deregister_scalable_target,
    "DescribeScalableTargets": scalable_targets.describe_scalable_targets,
    "DescribeScalingActivities": scaling_activities.describe_scaling_activities,
    "DescribeScalingPolicies": scaling_policies.describe_scaling_policies,
    "ListTagsForResource": scalable_target_tags.list_tags_for_resource,
    "PutScalingPolicy": scaling_policies.put_scaling_policy,
    "RegisterScalableTarget": scalable_targets.register_scalable_target,
    "TagResource": scalable_target_tags.tag_resource,
    "UntagResource": scalable_target_tags.untag_resource,
}
"""The same for Application Auto Scaling."""


@dataclass(frozen=True, slots=True)
class _Service:
    operations: Mapping[str, Operation]
    scopes: Mapping[str, Scope]
    model: Callable[[], ServiceModel]


_SERVICES = {
    "SageMaker": _Service(OPERATIONS, SCOPES, service_model.sagemaker),
    "AnyScaleFrontendService": _Service(SCALING_OPERATIONS, SCALING_SCOPES, service_model.application_autoscaling),
}
FAULTY_OPERATIONS = {
    Kind.THROTTLING: frozenset({*OPERATIONS, *SCALING_OPERATIONS, *INVOKE_OPERATIONS}),
    Kind.RESOURCE_LIMIT_EXCEEDED: CAPACITY_OPERATIONS,
}
"""At which operations injected faults can strike."""
TARGETS = tuple(f"{service}.".encode() for service in _SERVICES)
"""How X-Amz-Target begins in the requests that are for here."""


class ControlPlane:
    """Answers `POST /` for SageMaker's control plane and autoscaling. Use it from the thread that opened the store."""

    def __init__(self, services: Services, faults: FaultTable | None = None) -> None:
        self._services = services
        self._faults = faults or FaultTable()

    async def handle(self, request: Request) -> Response:
        """The response to one request, whatever happens to it; a refusal is a response too."""
        try:
            return json11.success(await self._answer(request))
        except ApiError as error:
            return json11.failure(error)
        except HostError as error:
            logger.error("%s", error)
            return json11.failure(ApiError("InternalFailure", str(error), status=500))
        except Exception:
            logger.exception("an operation failed: %s", request.header(b"x-amz-target"))
            message = "The local SageMaker failed at this request; its log says where. This is its fault, not yours."
            return json11.failure(ApiError("InternalFailure", message, status=500))

    async def _answer(self, request: Request) -> Answer:
        scope = credentials(request)
        prefix, name = json11.target(request, _SERVICES)
        service = _SERVICES[prefix]
        operation = _operation(name, service)
        shape = service.model().input_shape(name)
        members = validated(shape, json11.body(request)) if shape else {}
        service.scopes[name].refuse_unsupported(name, members)
        call = Call(self._services, scope.region, Members(members))
        refuse_injected(self._faults, name, call)
        return await operation(call)


def _operation(name: str, service: _Service) -> Operation:
    if name in service.operations:
        return service.operations[name]
    if name in service.model().operations:
        raise ApiError("UnsupportedOperation", f"The local SageMaker does not have {name}; nothing was done.")
    raise json11.unknown_operation(name)
