"""CreateEndpointConfig, DescribeEndpointConfig, ListEndpointConfigs, DeleteEndpointConfig."""

from __future__ import annotations

from include.sagemaker_local.control.scope.listing import CREATED
from include.sagemaker_local.wire.scope import Scope, below, exact, only, refused, simplified

_NO_COMPONENTS = "it belongs to inference components, which are not served"
_ONE_TYPE = "a variant has instances of one type, which are always to be had"

_VARIANT = {
    **exact("VariantName", "ModelName", "InitialInstanceCount", "InstanceType", "InitialVariantWeight"),
    **exact("ContainerStartupHealthCheckTimeoutInSeconds"),
    **simplified("VolumeSizeInGB", how="kept and shown; the disk is this machine's"),
    **only("RoutingConfig.RoutingStrategy", "RANDOM", why="the instances of a variant are chosen at random"),
    **refused("RoutingConfig.PrefixAwareRoutingConfig", why="the instances of a variant are chosen at random"),
    **refused("ServerlessConfig", why="serverless endpoints, which cannot run inference pipelines, are not served"),
    **simplified(
        "ModelDataDownloadTimeoutInSeconds", how="kept and shown; model data is on this machine's disk already"
    ),
    **refused("InstancePools", "VariantInstanceProvisionTimeoutInSeconds", "CapacityReservationConfig", why=_ONE_TYPE),
    **refused("AcceleratorType", why="AWS has ended Elastic Inference"),
    **only("EnableSSMAccess", False, why="there is no instance to log in to"),
    **refused("CoreDumpConfig", "InferenceAmiVersion", why="instances are processes or containers"),
    **refused("ManagedInstanceScaling", why=_NO_COMPONENTS),
}
_NO_CAPTURE = "requests are not captured"
_NO_SHADOWS = "no traffic is mirrored"
_NO_EXPLAINER = "SageMaker Clarify is not there"
_NO_KEYS = "nothing is encrypted"
_NO_RESPONSES = "AWS does not publish the form of such messages"
_ASYNC = {
    **exact("OutputConfig.S3FailurePath"),
    **exact("OutputConfig.NotificationConfig.SuccessTopic", "OutputConfig.NotificationConfig.ErrorTopic"),
    **exact("ClientConfig.MaxConcurrentInvocationsPerInstance"),
    **simplified("OutputConfig.S3OutputPath", how="needed, and an s3:// path"),
    **refused("OutputConfig.KmsKeyId", why=_NO_KEYS),
    **refused("OutputConfig.NotificationConfig.IncludeInferenceResponseIn", why=_NO_RESPONSES),
}
_FIXED_METRICS = "metrics are published every minute, as without it"

SCOPES = {
    "CreateEndpointConfig": Scope(
        {
            **exact("EndpointConfigName", "Tags"),
            **below("ProductionVariants", _VARIANT),
            **simplified("KmsKeyId", how="kept and shown; nothing is encrypted"),
            **below("AsyncInferenceConfig", _ASYNC),
            **refused("DataCaptureConfig", why=_NO_CAPTURE),
            **refused("ShadowProductionVariants", why=_NO_SHADOWS),
            **refused("ExplainerConfig", why=_NO_EXPLAINER),
            **refused("MetricsConfig", why=_FIXED_METRICS),
            **refused("ExecutionRoleArn", "VpcConfig", "EnableNetworkIsolation", why=_NO_COMPONENTS),
        }
    ),
    "DescribeEndpointConfig": Scope(
        exact("EndpointConfigName"),
        never_answered={
            "DataCaptureConfig": _NO_CAPTURE,
            "ShadowProductionVariants": _NO_SHADOWS,
            "ExplainerConfig": _NO_EXPLAINER,
            "MetricsConfig": _FIXED_METRICS,
            "ExecutionRoleArn": _NO_COMPONENTS,
            "VpcConfig": _NO_COMPONENTS,
            "EnableNetworkIsolation": _NO_COMPONENTS,
        },
    ),
    "ListEndpointConfigs": Scope(CREATED),
    "DeleteEndpointConfig": Scope(exact("EndpointConfigName")),
}
