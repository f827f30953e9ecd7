"""Recommendation jobs as the job runner leaves them."""

from __future__ import annotations

from include.sagemaker_local.lifecycle import JobEvent, JobStatus
from include.sagemaker_local.store.records import Json, JsonObject, RecommendationStepRecord
from tests.contract.control.conftest import ROLE, Rig

REGION = "us-east-1"
OWN_ENDPOINT = "sm-epc-1"
FAILED_ENDPOINT = "sm-epc-2"


def measured_job(rig: Rig, name: str = "bench") -> str:
    """A completed job, and the id of its one recommendation: of three instances on OWN_ENDPOINT.

    It has measured the endpoint `staging` of two instances as well, and failed at FAILED_ENDPOINT.
    """
    inputs = {"ModelPackageVersionArn": rig.package("measured")}
    rig.client.create_inference_recommendations_job(JobName=name, JobType="Default", RoleArn=ROLE, InputConfig=inputs)
    rig.store.move_job(REGION, name, JobEvent.START)
    figures: dict[str, Json] = {"MaxInvocations": 400, "ModelLatency": 55}
    existing = _benchmark("staging", 2, Metrics=figures, EndpointMetrics=figures)
    own = _benchmark(OWN_ENDPOINT, 3, Metrics={"MaxInvocations": 1113, "ModelLatency": 40})
    failed = _benchmark(FAILED_ENDPOINT, 1, FailureReason="no")
    for position, benchmark in enumerate((existing, own, failed)):
        status = JobStatus.FAILED if benchmark is failed else JobStatus.COMPLETED
        rig.store.put_step(REGION, RecommendationStepRecord(name, position, status, benchmark))
    recommendation_id = f"{name}/0a1b2c3d"
    rig.store.move_job(
        REGION, name, JobEvent.COMPLETE, recommendations=({"RecommendationId": recommendation_id, **own},)
    )
    return recommendation_id


def _benchmark(endpoint_name: str, instances: int, **rest: Json) -> JsonObject:
    return {
        "ModelConfiguration": {},
        "EndpointConfiguration": {
            "EndpointName": endpoint_name,
            "VariantName": "AllTraffic",
            "InstanceType": "ml.c5.xlarge",
            "InitialInstanceCount": instances,
        },
        **rest,
    }
