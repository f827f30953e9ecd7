"""Autoscaling of production -> the keyword arguments of boto3 calls. Nothing here calls anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sluice.naming import VARIANT
from sluice.responses.job import Scaling
from sluice.specs.production import AutoscalingSpec

Request = dict[str, Any]

DIMENSION = "sagemaker:variant:DesiredInstanceCount"


def get_scaling_recommendation(job: str, measured: Mapping[str, str], wanted: AutoscalingSpec) -> Request:
    """What GetScalingConfigurationRecommendation is asked; `measured` is a RecommendationId or an EndpointName."""
    return {
        "InferenceRecommendationsJobName": job,
        **measured,
        "TargetCpuUtilizationPerCore": wanted.target_cpu_percent,
        "ScalingPolicyObjective": {
            "MinInvocationsPerMinute": wanted.min_per_minute,
            "MaxInvocationsPerMinute": wanted.max_per_minute,
        },
    }


def scalable_target(endpoint: str) -> Request:
    """The endpoint's variant, as Application Auto Scaling calls it."""
    return {
        "ServiceNamespace": "sagemaker",
        "ResourceId": f"endpoint/{endpoint}/variant/{VARIANT}",
        "ScalableDimension": DIMENSION,
    }


def put_scaling_policies(endpoint: str, scaling: Scaling) -> list[Request]:
    """One policy a metric; its name is the metric's, so that the next promotion's takes its place."""
    return [_policy(endpoint, scaling, each) for each in scaling.policies]


def _policy(endpoint: str, scaling: Scaling, tracking: Mapping[str, Any]) -> Request:
    specification = tracking["MetricSpecification"]
    if "Predefined" in specification:
        name = specification["Predefined"]["PredefinedMetricType"]
        metric = {"PredefinedMetricSpecification": {"PredefinedMetricType": name}}
    else:
        name = specification["Customized"]["MetricName"]
        # The recommendation has no member for the dimensions, and without them there is no such metric.
        dimensions = [{"Name": "EndpointName", "Value": endpoint}, {"Name": "VariantName", "Value": VARIANT}]
        metric = {"CustomizedMetricSpecification": {**specification["Customized"], "Dimensions": dimensions}}
    cooldowns = {"ScaleInCooldown": scaling.scale_in_cooldown_s, "ScaleOutCooldown": scaling.scale_out_cooldown_s}
    configuration = {"TargetValue": tracking["TargetValue"], **metric, **cooldowns}
    return {
        **scalable_target(endpoint),
        "PolicyName": f"sluice-{name}",
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": {
            member: value for member, value in configuration.items() if value is not None
        },
    }
