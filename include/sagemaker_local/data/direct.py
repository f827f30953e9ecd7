"""Direct mode (InferenceExecutionConfig): a request is for one container of an instance, which it names.

AWS has an error for each of three cases and does not publish their texts: these are ours.
PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

from collections.abc import Sequence

from include.sagemaker_local.data.invocation import Invocation
from include.sagemaker_local.errors import ApiError
from include.sagemaker_local.routes import Hop, Instance, Route, VariantRoute


def refuse_wrong_container(route: Route, variant: VariantRoute, target: str | None) -> None:
    """Raises ApiError ValidationError when `target`, the request's TargetContainerHostname, does not fit the variant.

    That is: none where one is needed, one that the variant does not have, or one where requests run through all.
    """
    where = f"endpoint {route.endpoint_name}"
    names = [hop.name for hop in variant.instances[0].hops]
    if not variant.direct:
        message = (
            f"The containers of {where} are invoked in sequence and not directly: send the request without "
            "TargetContainerHostname, or deploy a model whose InferenceExecutionConfig has Mode Direct."
        )
        raise ApiError("ValidationError", message)
    if target is None:
        message = (
            f"The containers of {where} are invoked directly: the request must name one of them with "
            f"TargetContainerHostname. Its containers: {', '.join(names)}."
        )
        raise ApiError("ValidationError", message)
    if target not in names:
        message = f"Container {target} not found in {where}. Its containers: {', '.join(names)}."
        raise ApiError("ValidationError", message)


def asked_hops(instance: Instance, invocation: Invocation) -> Sequence[Hop]:
    """The containers that answer: the one that the invocation names, or the whole chain."""
    target = invocation.target_container
    if target is None:
        return instance.hops
    return [hop for hop in instance.hops if hop.name == target]
