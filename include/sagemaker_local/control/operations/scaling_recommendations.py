"""GetScalingConfigurationRecommendation: autoscaling for what a recommendation job has measured."""

from __future__ import annotations

from typing import Any

from include.sagemaker_local.autoscaling.policies import DEFAULT_COOLDOWN_S, INVOCATIONS_PER_INSTANCE
from include.sagemaker_local.autoscaling.recommended import (
    DEFAULT_TARGET_PERCENT,
    Benchmarked,
    RecommendedScaling,
    Traffic,
    recommend_scaling,
)
from include.sagemaker_local.control.call import Answer, Call
from include.sagemaker_local.control.operations.recommendation_jobs import found_job
from include.sagemaker_local.control.refusals import invalid
from include.sagemaker_local.instance_types import lookup
from include.sagemaker_local.lifecycle import JobStatus
from include.sagemaker_local.metrics.names import INSTANCES
from include.sagemaker_local.store.records import JsonObject, RecommendationJobRecord
from include.sagemaker_local.wire.members import Members

_ECHOED = ("InferenceRecommendationsJobName", "RecommendationId", "EndpointName", "ScalingPolicyObjective")


async def get_scaling_configuration_recommendation(call: Call) -> Answer:
    """Bounds and target tracking policies, which PutScalingPolicy takes. Computed here and now: no job is started."""
    request = call.request
    job = found_job(call, request.required("InferenceRecommendationsJobName"))
    if job.status is not JobStatus.COMPLETED:
        raise invalid(f"The inference recommendations job {job.name} is {job.status}; it must be COMPLETED.")
    wanted_id, endpoint_name = request.text("RecommendationId"), request.text("EndpointName")
    if (wanted_id is None) == (endpoint_name is None):
        raise invalid("Specify either RecommendationId or EndpointName, and not both.")
    expected = _expected(request)
    target_percent = request.integer("TargetCpuUtilizationPerCore") or DEFAULT_TARGET_PERCENT
    found = _benchmarked(_benchmark(call, job, wanted_id, endpoint_name))
    return {
        **{name: request.raw[name] for name in _ECHOED if name in request},
        "TargetCpuUtilizationPerCore": target_percent,
        "Metric": {"InvocationsPerInstance": found.per_instance, "ModelLatency": found.model_latency_ms},
        "DynamicScalingConfiguration": _configuration(recommend_scaling(found, expected, target_percent)),
    }


def _expected(request: Members) -> Traffic:
    objective = request.structure("ScalingPolicyObjective") or Members({})
    expected = Traffic(objective.integer("MinInvocationsPerMinute"), objective.integer("MaxInvocationsPerMinute"))
    if expected.least is not None and expected.least < 0:
        raise invalid(f"MinInvocationsPerMinute is {expected.least}; it must not be negative.")
    if expected.most is not None and expected.most < max(expected.least or 0, 1):
        raise invalid(
            f"MaxInvocationsPerMinute is {expected.most}; it must be at least 1 and not less than "
            f"MinInvocationsPerMinute, which is {expected.least or 0}."
        )
    return expected


def _benchmark(call: Call, job: RecommendationJobRecord, wanted_id: str | None, endpoint_name: str | None) -> Members:
    """What the job says of the recommendation, or of an endpoint that it has loaded: its own or the existing one.

    A step is asked for the endpoint, because EndpointPerformances does not say how many instances it had.
    """
    if wanted_id is not None:
        for recommendation in map(Members, job.recommendations):
            if recommendation.text("RecommendationId") == wanted_id:
                return recommendation
        raise invalid(f"The inference recommendations job {job.name} has no recommendation {wanted_id}.")
    for step in call.store.steps(call.region, job.name):
        benchmark = Members(step.benchmark)
        configuration = benchmark.structure("EndpointConfiguration") or Members({})
        if step.status is JobStatus.COMPLETED and configuration.text("EndpointName") == endpoint_name:
            return benchmark
    raise invalid(f"The inference recommendations job {job.name} has not benchmarked an endpoint {endpoint_name}.")


def _benchmarked(benchmark: Members) -> Benchmarked:
    metrics = benchmark.structure("EndpointMetrics") or Members(benchmark.raw["Metrics"])
    configuration = Members(benchmark.raw["EndpointConfiguration"])
    instance_type = lookup(configuration.text("InstanceType") or "")
    return Benchmarked(
        invocations=metrics.raw["MaxInvocations"],
        model_latency_ms=metrics.raw["ModelLatency"],
        instances=configuration.integer("InitialInstanceCount") or 1,
        vcpus=instance_type.vcpus if instance_type else None,
    )


def _configuration(scaling: RecommendedScaling) -> dict[str, Any]:
    policies = [_policy({"Predefined": {"PredefinedMetricType": INVOCATIONS_PER_INSTANCE}}, scaling.invocations)]
    if scaling.cpu_percent is not None:
        # PutScalingPolicy wants the variant's Dimensions besides, for which this answer has no member.
        cpu = {"MetricName": "CPUUtilization", "Namespace": INSTANCES, "Statistic": "Average"}
        policies.append(_policy({"Customized": cpu}, scaling.cpu_percent))
    return {
        "MinCapacity": scaling.least_instances,
        "MaxCapacity": scaling.most_instances,
        "ScaleInCooldown": int(DEFAULT_COOLDOWN_S),
        "ScaleOutCooldown": int(DEFAULT_COOLDOWN_S),
        "ScalingPolicies": policies,
    }


def _policy(metric: JsonObject, target: int) -> dict[str, Any]:
    return {"TargetTracking": {"MetricSpecification": metric, "TargetValue": float(target)}}
