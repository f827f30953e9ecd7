"""Create, Describe, List and Stop of InferenceRecommendationsJob, the list of its steps, and scaling after it."""

from __future__ import annotations

from include.sagemaker_local.control.scope.listing import MODIFIED
from include.sagemaker_local.wire.scope import Scope, below, exact, only, refused, simplified

_KEPT = "kept and shown; it has no effect"
_OUR_FORMULA = "AWS does not say how it calculates with them; here it is done as in its notebook on scaling"
_NO_SERVERLESS = "serverless endpoints are not served"

_CONTAINER = {
    **exact("Domain", "Task", "Framework", "PayloadConfig", "SupportedInstanceTypes", "SupportedResponseMIMETypes"),
    **simplified("FrameworkVersion", "NearestModelName", "DataInputConfig", how=_KEPT),
    **only("SupportedEndpointType", "RealTime", why=_NO_SERVERLESS),
}
_INPUT = {
    **exact("ModelPackageVersionArn", "ModelName", "Endpoints", "ResourceLimit.MaxNumberOfTests", "TrafficPattern"),
    **exact("JobDurationInSeconds"),
    **simplified("ResourceLimit.MaxParallelOfTests", how="as many as this machine has cores for"),
    **below(
        "EndpointConfigurations",
        {
            **exact("InstanceType", "EnvironmentParameterRanges", "InferenceSpecificationName"),
            **refused("ServerlessConfig", why=_NO_SERVERLESS),
        },
    ),
    **below("ContainerConfig", _CONTAINER),
    **simplified("VolumeKmsKeyId", "VpcConfig", how=_KEPT),
}

SCOPES = {
    "CreateInferenceRecommendationsJob": Scope(
        {
            **exact("JobName", "JobType", "JobDescription", "Tags", "StoppingConditions"),
            **simplified("RoleArn", how="kept and shown; nobody assumes it"),
            **below("InputConfig", _INPUT),
            **simplified("OutputConfig.KmsKeyId", how=_KEPT),
            **simplified(
                "OutputConfig.CompiledOutputConfig", how="models are not compiled; the measurement is stored there"
            ),
        }
    ),
    "DescribeInferenceRecommendationsJob": Scope(exact("JobName")),
    "ListInferenceRecommendationsJobs": Scope({**MODIFIED, **exact("ModelNameEquals", "ModelPackageVersionArnEquals")}),
    "ListInferenceRecommendationsJobSteps": Scope(exact("JobName", "Status", "StepType", "MaxResults", "NextToken")),
    "StopInferenceRecommendationsJob": Scope(exact("JobName")),
    "GetScalingConfigurationRecommendation": Scope(
        {
            **exact("InferenceRecommendationsJobName", "RecommendationId", "EndpointName"),
            **simplified("TargetCpuUtilizationPerCore", "ScalingPolicyObjective", how=_OUR_FORMULA),
        }
    ),
}
