"""Records as the store keeps them."""

from __future__ import annotations

from include.sagemaker_local.deployment import Container, Deployment, VariantPlan
from include.sagemaker_local.lifecycle import (
    EndpointStatus,
    JobStatus,
)
from include.sagemaker_local.store.records import (
    EndpointRecord,
    ModelPackageGroupRecord,
    ModelPackageRecord,
    RecommendationJobRecord,
)

REGION = "us-east-1"
CHAIN = (
    Container("featurize", "repo/sklearn:1", "s3://b/1.tar.gz", {"A": "1", "ü": "ß"}),
    Container("predict", "repo/xgboost:1", None),
)


def arn(resource: str, name: str, region: str = REGION) -> str:
    return f"arn:aws:sagemaker:{region}:123456789012:{resource}/{name.lower()}"


def deployment(config: str = "config-1") -> Deployment:
    return Deployment(config, (VariantPlan("AllTraffic", "pipeline", "ml.c5.large", 2, 0.5, CHAIN, 90.0),))


def endpoint(name: str = "staging", region: str = REGION) -> EndpointRecord:
    return EndpointRecord(
        region=region,
        name=name,
        arn=arn("endpoint", name, region),
        status=EndpointStatus.CREATING,
        live=None,
        wanted=deployment(),
        failure_reason=None,
        created_at_s=100.125,
        modified_at_s=100.125,
    )


def job(name: str = "bench", region: str = REGION) -> RecommendationJobRecord:
    return RecommendationJobRecord(
        region=region,
        name=name,
        arn=arn("inference-recommendations-job", name, region),
        status=JobStatus.PENDING,
        failure_reason=None,
        created_at_s=100.125,
        modified_at_s=100.125,
        completed_at_s=None,
        accepted={"InputConfig": {"Endpoints": [{"EndpointName": "staging"}]}},
        recommendations=(),
        endpoint_performances=(),
    )


def group(name: str = "Fraud") -> ModelPackageGroupRecord:
    return ModelPackageGroupRecord(REGION, name, arn("model-package-group", name), 100.125, {})


def version(number: int, token: str | None = None) -> ModelPackageRecord:
    return ModelPackageRecord(
        region=REGION,
        name="Fraud",
        arn=arn("model-package", f"fraud/{number}"),
        group_name="Fraud",
        version=number,
        containers=CHAIN,
        approval_status="PendingManualApproval",
        approval_description=None,
        customer_metadata={"evidence": "s3://b/e.json"},
        client_token=token,
        created_at_s=100.125,
        modified_at_s=100.125,
        accepted={"Domain": "MACHINE_LEARNING", "InferenceSpecification": {"Containers": [{"Image": "i"}]}},
    )
