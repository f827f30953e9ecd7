"""What of SageMaker Runtime's operations is served, as data for docs/parity.md. A test compares every header."""

from __future__ import annotations

from collections.abc import Mapping

from include.sagemaker_local.wire.scope import Scope, exact, refused, simplified

RUNTIME_SCOPES: Mapping[str, Scope] = {
    "InvokeEndpoint": Scope(
        {
            **exact("EndpointName", "ContentType", "Accept", "CustomAttributes", "InferenceId", "TargetVariant"),
            **exact("TargetContainerHostname"),
            **simplified("Body", how="25 MB at most, as AWS's pages say today; the API model still says 6 MB"),
            **refused("TargetModel", why="multi-model endpoints are not served"),
            **refused("EnableExplanations", why="SageMaker Clarify is not there"),
            **refused("InferenceComponentName", why="inference components are not served"),
            **refused("SessionId", why="there are no stateful sessions"),
            **refused("PrefixAwareId", why="the instances of a variant are chosen at random"),
        },
        never_answered={
            "NewSessionId": "there are no stateful sessions",
            "ClosedSessionId": "there are no stateful sessions",
        },
    ),
    "InvokeEndpointAsync": Scope(
        {
            **exact("EndpointName", "ContentType", "Accept", "CustomAttributes", "InferenceId", "Body"),
            **exact("S3OutputPathExtension", "Filename", "RequestTTLSeconds", "InvocationTimeoutSeconds"),
            **simplified("InputLocation", how="s3:// only"),
        },
    ),
    "InvokeEndpointWithResponseStream": Scope(
        {
            **exact("EndpointName", "ContentType", "Accept", "CustomAttributes", "InferenceId", "TargetVariant"),
            **exact("TargetContainerHostname"),
            **simplified("Body", how="25 MB at most, as AWS's pages say today; the API model still says 6 MB"),
            **refused("InferenceComponentName", why="inference components are not served"),
            **refused("SessionId", why="there are no stateful sessions"),
            **refused("PrefixAwareId", why="the instances of a variant are chosen at random"),
        },
    ),
}
"""By the operation's name. Those that are not here are refused by name."""
