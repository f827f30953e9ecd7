"""GetScalingConfigurationRecommendation through boto3, and its policies in Application Auto Scaling."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.contract.control.conftest import ROLE, Rig
from tests.contract.control.measured_jobs import FAILED_ENDPOINT, OWN_ENDPOINT, measured_job

Refused = Callable[..., tuple[str, str]]
ID = "bench/0a1b2c3d"


def recommended(rig: Rig, **request: Any) -> dict[str, Any]:
    answer: dict[str, Any] = rig.client.get_scaling_configuration_recommendation(
        InferenceRecommendationsJobName="bench", **request
    )
    del answer["ResponseMetadata"]
    return answer


def test_a_recommendation_s_scaling(rig: Rig) -> None:
    measured_job(rig)
    objective = {"MinInvocationsPerMinute": 200, "MaxInvocationsPerMinute": 2000}
    assert recommended(rig, RecommendationId=ID, ScalingPolicyObjective=objective) == {
        "InferenceRecommendationsJobName": "bench",
        "RecommendationId": ID,
        "TargetCpuUtilizationPerCore": 50,
        "ScalingPolicyObjective": objective,
        "Metric": {"InvocationsPerInstance": 371, "ModelLatency": 40},
        "DynamicScalingConfiguration": {
            "MinCapacity": 2,
            "MaxCapacity": 13,
            "ScaleInCooldown": 300,
            "ScaleOutCooldown": 300,
            "ScalingPolicies": [
                {
                    "TargetTracking": {
                        "MetricSpecification": {
                            "Predefined": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"}
                        },
                        "TargetValue": 185.0,
                    }
                },
                {
                    "TargetTracking": {
                        "MetricSpecification": {
                            "Customized": {
                                "MetricName": "CPUUtilization",
                                "Namespace": "/aws/sagemaker/Endpoints",
                                "Statistic": "Average",
                            }
                        },
                        "TargetValue": 200.0,
                    }
                },
            ],
        },
    }


@pytest.mark.parametrize(
    ("endpoint_name", "per_instance", "latency_ms"), [("staging", 200, 55), (OWN_ENDPOINT, 371, 40)]
)
def test_a_benchmarked_endpoint_s_scaling(rig: Rig, endpoint_name: str, per_instance: int, latency_ms: int) -> None:
    measured_job(rig)
    answer = recommended(rig, EndpointName=endpoint_name, TargetCpuUtilizationPerCore=100)
    assert answer["Metric"] == {"InvocationsPerInstance": per_instance, "ModelLatency": latency_ms}
    assert (answer["EndpointName"], answer["TargetCpuUtilizationPerCore"]) == (endpoint_name, 100)
    assert not {"RecommendationId", "ScalingPolicyObjective"} & answer.keys()
    first, _ = answer["DynamicScalingConfiguration"]["ScalingPolicies"]
    assert first["TargetTracking"]["TargetValue"] == per_instance


def test_its_policies_are_taken_by_application_auto_scaling(rig: Rig) -> None:
    rig.endpoint()
    rig.deployed()
    measured_job(rig)
    who = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": "endpoint/staging/variant/AllTraffic",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }
    scaling = recommended(rig, RecommendationId=ID)["DynamicScalingConfiguration"]
    bounds = {name: scaling[name] for name in ("MinCapacity", "MaxCapacity")}
    rig.scaling.register_scalable_target(**who, **bounds)
    dimensions = [
        {"Name": "EndpointName", "Value": "staging"},
        {"Name": "VariantName", "Value": "AllTraffic"},
    ]
    for policy in scaling["ScalingPolicies"]:
        tracking = policy["TargetTracking"]
        ((kind, metric),) = tracking["MetricSpecification"].items()
        if kind == "Customized":
            metric = {**metric, "Dimensions": dimensions}
        rig.scaling.put_scaling_policy(
            **who,
            PolicyName=kind,
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={
                "TargetValue": tracking["TargetValue"],
                f"{kind}MetricSpecification": metric,
                "ScaleInCooldown": scaling["ScaleInCooldown"],
                "ScaleOutCooldown": scaling["ScaleOutCooldown"],
            },
        )
    described = rig.scaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"]
    assert [(one["PolicyName"], len(one["Alarms"])) for one in described] == [("Customized", 2), ("Predefined", 2)]


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({}, "Specify either RecommendationId or EndpointName, and not both."),
        (
            {"RecommendationId": ID, "EndpointName": OWN_ENDPOINT},
            "Specify either RecommendationId or EndpointName, and not both.",
        ),
        (
            {"RecommendationId": "bench/ffffffff"},
            "The inference recommendations job bench has no recommendation bench/ffffffff.",
        ),
        (
            {"EndpointName": FAILED_ENDPOINT},
            "The inference recommendations job bench has not benchmarked an endpoint sm-epc-2.",
        ),
        (
            {"RecommendationId": ID, "TargetCpuUtilizationPerCore": 101},
            "1 validation error detected: Value '101' at 'targetCpuUtilizationPerCore' failed to satisfy constraint: "
            "Member must have value less than or equal to 100",
        ),
        (
            {"RecommendationId": ID, "ScalingPolicyObjective": {"MinInvocationsPerMinute": -1}},
            "MinInvocationsPerMinute is -1; it must not be negative.",
        ),
        (
            {
                "RecommendationId": ID,
                "ScalingPolicyObjective": {"MinInvocationsPerMinute": 10, "MaxInvocationsPerMinute": 9},
            },
            "MaxInvocationsPerMinute is 9; it must be at least 1 and not less than MinInvocationsPerMinute, "
            "which is 10.",
        ),
        (
            {"RecommendationId": ID, "ScalingPolicyObjective": {"MaxInvocationsPerMinute": 0}},
            "MaxInvocationsPerMinute is 0; it must be at least 1 and not less than MinInvocationsPerMinute, "
            "which is 0.",
        ),
    ],
)
def test_what_cannot_be_asked(rig: Rig, refused: Refused, request_: dict[str, Any], message: str) -> None:
    measured_job(rig)
    ask = rig.client.get_scaling_configuration_recommendation
    assert refused(ask, InferenceRecommendationsJobName="bench", **request_) == ("ValidationException", message)


def test_the_job_must_be_there_and_completed(rig: Rig, refused: Refused) -> None:
    ask = rig.client.get_scaling_configuration_recommendation
    assert refused(ask, InferenceRecommendationsJobName="bench", EndpointName=OWN_ENDPOINT)[0] == "ResourceNotFound"
    rig.client.create_inference_recommendations_job(
        JobName="bench", JobType="Default", RoleArn=ROLE, InputConfig={"ModelPackageVersionArn": rig.package()}
    )
    assert refused(ask, InferenceRecommendationsJobName="bench", EndpointName=OWN_ENDPOINT) == (
        "ValidationException",
        "The inference recommendations job bench is PENDING; it must be COMPLETED.",
    )
