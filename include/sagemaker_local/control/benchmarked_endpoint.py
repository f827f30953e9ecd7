"""The rules of the existing endpoint that a recommendation job is to load.

They are AWS's ("Get an inference recommendation for an existing endpoint"), the words are ours. One of AWS's notebooks
loads an endpoint that scales automatically, which the guide forbids; here the guide holds, for jobs of both types.
Multi-model and serverless endpoints, which the guide excludes too, cannot be created here.
"""

from __future__ import annotations

from include.sagemaker_local.control.call import Call
from include.sagemaker_local.control.refusals import DIRECT, could_not_find, invalid
from include.sagemaker_local.lifecycle import EndpointStatus
from include.sagemaker_local.wire.members import Members, unsupported


def check_endpoint(call: Call, given: Members) -> None:
    """Raises ApiError when the endpoint is not there, or not one that can be benchmarked."""
    name = given.text("EndpointName")
    if name is None:
        raise invalid("InputConfig.Endpoints needs an EndpointName.")
    arn = call.home.arn("endpoint", name)
    endpoint = call.store.endpoint(call.region, name)
    if endpoint is None:
        raise could_not_find("endpoint", arn)
    if endpoint.status is not EndpointStatus.IN_SERVICE or endpoint.live is None:
        raise invalid(f'Endpoint "{arn}" is {endpoint.status}; an endpoint to be benchmarked must be InService.')
    scaled = call.store.scalable_targets_of(call.region, endpoint.name)
    if scaled:
        raise invalid(
            f'Endpoint "{arn}" scales automatically; an endpoint to be benchmarked must not. Deregister its scalable '
            f"target {scaled[0].resource_id} from Application Auto Scaling first."
        )
    variants = len(endpoint.live.variants)
    if variants != 1:
        raise invalid(f'Endpoint "{arn}" has {variants} variants; an endpoint to be benchmarked must have exactly one.')
    if endpoint.live.asynchronous is not None:
        raise invalid(f'Endpoint "{arn}" is asynchronous; an endpoint to be benchmarked must be a real-time endpoint.')
    if endpoint.live.variants[0].direct:
        raise unsupported(f'endpoint "{arn}"', "CreateInferenceRecommendationsJob", DIRECT)
