"""CreateModel, DescribeModel, ListModels, DeleteModel."""

from __future__ import annotations

from include.sagemaker_local.control.scope.containers import MODEL_CONTAINER
from include.sagemaker_local.control.scope.listing import CREATED
from include.sagemaker_local.wire.scope import Scope, below, exact, only, simplified

SCOPES = {
    "CreateModel": Scope(
        {
            **exact("ModelName"),
            **below("PrimaryContainer", MODEL_CONTAINER),
            **below("Containers", MODEL_CONTAINER),
            **exact("InferenceExecutionConfig", "Tags"),
            **simplified("ExecutionRoleArn", how="kept and shown; nobody assumes it"),
            **simplified("VpcConfig", how="kept and shown; there is no VPC"),
            **only("EnableNetworkIsolation", False, why="processes of this machine cannot be held to it"),
        }
    ),
    "DescribeModel": Scope(
        exact("ModelName"), never_answered={"DeploymentRecommendation": "no instant recommendations are made"}
    ),
    "ListModels": Scope(CREATED),
    "DeleteModel": Scope(exact("ModelName")),
}
