"""Create, Update, Describe, List and Delete of Endpoint, and UpdateEndpointWeightsAndCapacities."""

from __future__ import annotations

from include.sagemaker_local.control.scope.listing import MODIFIED
from include.sagemaker_local.wire.scope import Scope, below, exact, refused

_NO_CAPTURE = "requests are not captured"

SCOPES = {
    "CreateEndpoint": Scope({**exact("EndpointName", "EndpointConfigName", "DeploymentConfig", "Tags")}),
    "UpdateEndpoint": Scope(
        {
            **exact("EndpointName", "EndpointConfigName", "RetainAllVariantProperties", "RetainDeploymentConfig"),
            **exact("ExcludeRetainedVariantProperties", "DeploymentConfig"),
        }
    ),
    "UpdateEndpointWeightsAndCapacities": Scope(
        {
            **exact("EndpointName"),
            **below(
                "DesiredWeightsAndCapacities",
                {
                    **exact("VariantName", "DesiredWeight", "DesiredInstanceCount"),
                    **refused("ServerlessUpdateConfig", why="serverless endpoints are not served"),
                },
            ),
        }
    ),
    "DescribeEndpoint": Scope(
        exact("EndpointName"),
        never_answered={
            "DataCaptureConfig": _NO_CAPTURE,
            "ShadowProductionVariants": "no traffic is mirrored",
            "ExplainerConfig": "SageMaker Clarify is not there",
            "MetricsConfig": "metrics are published every minute, as without it",
        },
    ),
    "ListEndpoints": Scope(MODIFIED),
    "DeleteEndpoint": Scope(exact("EndpointName")),
}
