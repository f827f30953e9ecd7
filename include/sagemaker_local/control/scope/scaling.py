"""Application Auto Scaling: targets, policies, activities and tags."""

from __future__ import annotations

from include.sagemaker_local.autoscaling.policies import INVOCATIONS_PER_INSTANCE, PolicyType
from include.sagemaker_local.wire.scope import Scope, below, exact, only, refused, simplified

NAMESPACE = "sagemaker"
DIMENSION = "sagemaker:variant:DesiredInstanceCount"

_SERVICE = {
    **only("ServiceNamespace", NAMESPACE, why="nothing else is there that could be scaled"),
    **only("ScalableDimension", DIMENSION, why="variants have instances and nothing else that could be scaled"),
}
_VARIANT = {**_SERVICE, **exact("ResourceId")}
_PAGE = exact("MaxResults", "NextToken")

_TRACKING = {
    **exact("TargetValue", "ScaleOutCooldown", "ScaleInCooldown", "DisableScaleIn"),
    **below(
        "PredefinedMetricSpecification",
        {
            **only(
                "PredefinedMetricType", INVOCATIONS_PER_INSTANCE, why="the others are other services' or not published"
            ),
            **refused("ResourceLabel", why="it belongs to load balancers"),
        },
    ),
    **below(
        "CustomizedMetricSpecification",
        {
            **exact("MetricName", "Namespace", "Dimensions", "Statistic", "Unit"),
            **refused("Metrics", why="there is no metric math"),
        },
    ),
}

SCOPES = {
    "RegisterScalableTarget": Scope(
        {
            **_VARIANT,
            **exact("MinCapacity", "MaxCapacity", "Tags"),
            **below(
                "SuspendedState",
                {
                    **exact("DynamicScalingInSuspended", "DynamicScalingOutSuspended"),
                    **simplified("ScheduledScalingSuspended", how="kept; there are no scheduled actions to suspend"),
                },
            ),
            **simplified("RoleARN", how="kept; nobody assumes it"),
        }
    ),
    "DescribeScalableTargets": Scope({**_SERVICE, **exact("ResourceIds"), **_PAGE}),
    "DeregisterScalableTarget": Scope(_VARIANT),
    "PutScalingPolicy": Scope(
        {
            **_VARIANT,
            **exact("PolicyName", "StepScalingPolicyConfiguration"),
            **only("PolicyType", *map(str, PolicyType), why="AWS does not scale endpoints predictively either"),
            **below("TargetTrackingScalingPolicyConfiguration", _TRACKING),
            **refused("PredictiveScalingPolicyConfiguration", why="AWS does not scale endpoints predictively either"),
        }
    ),
    "DescribeScalingPolicies": Scope({**_VARIANT, **exact("PolicyNames"), **_PAGE}),
    "DeleteScalingPolicy": Scope({**_VARIANT, **exact("PolicyName")}),
    "DescribeScalingActivities": Scope(
        {
            **_VARIANT,
            **_PAGE,
            **only("IncludeNotScaledActivities", False, why="what was not done is not kept"),
        }
    ),
    "TagResource": Scope(exact("ResourceARN", "Tags")),
    "UntagResource": Scope(exact("ResourceARN", "TagKeys")),
    "ListTagsForResource": Scope(exact("ResourceARN")),
}
