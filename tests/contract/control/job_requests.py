"""CreateInferenceRecommendationsJob with a request that is right, but for what a test changes."""

from __future__ import annotations

from typing import Any

from tests.contract.control.conftest import ROLE, Rig

REGION = "us-east-1"
ARN = "arn:aws:sagemaker:us-east-1:123456789012"

PHASE = {"InitialNumberOfUsers": 1, "SpawnRate": 1, "DurationInSeconds": 120}
PHASES = {"TrafficType": "PHASES", "Phases": [PHASE, PHASE]}
"""The developer guide's sample ("Run a custom load test")."""
STAIRS = {"TrafficType": "STAIRS", "Stairs": {"DurationInSeconds": 240, "NumberOfSteps": 2, "UsersPerStep": 2}}
"""Its other one."""
STOPPING = {
    "MaxInvocations": 1000,
    "ModelLatencyThresholds": [{"Percentile": "P95", "ValueInMilliseconds": 100}],
    "FlatInvocations": "Stop",
}

CONTAINER_CONFIG: dict[str, Any] = {
    "Domain": "MACHINE_LEARNING",
    "Task": "CLASSIFICATION",
    "Framework": "XGBOOST",
    "PayloadConfig": {"SamplePayloadUrl": "s3://b/p.tar.gz", "SupportedContentTypes": ["text/csv"]},
}
"""What a model's job has to say, for a model says nothing about itself."""


def create_job(rig: Rig, name: str = "bench", inputs: dict[str, Any] | None = None, **overrides: Any) -> str:
    """A Default job for a package, and its ARN."""
    given = {"ModelPackageVersionArn": rig.package()} if inputs is None else inputs
    request = {"JobName": name, "JobType": "Default", "RoleArn": ROLE, "InputConfig": given, **overrides}
    return str(rig.client.create_inference_recommendations_job(**request)["JobArn"])


def create_job_on_staging(rig: Rig, name: str = "bench", inputs: dict[str, Any] | None = None, **overrides: Any) -> str:
    """A Default job for a package on the endpoint `staging`, which is made and InService when it is not there."""
    given = {"ModelPackageVersionArn": rig.package()} if inputs is None else inputs
    if rig.store.endpoint(REGION, "staging") is None:
        rig.endpoint()
        rig.deployed()
    return create_job(rig, name, {**given, "Endpoints": [{"EndpointName": "staging"}]}, **overrides)


def create_load_test(rig: Rig, name: str = "bench", **overrides: Any) -> str:
    """The guide's Advanced job. `overrides` are for its InputConfig, or StoppingConditions; None leaves one out."""
    stopping = overrides.pop("StoppingConditions", STOPPING)
    inputs = {
        "ModelPackageVersionArn": rig.package(),
        "JobDurationInSeconds": 7200,
        "TrafficPattern": PHASES,
        "ResourceLimit": {"MaxNumberOfTests": 10, "MaxParallelOfTests": 3},
        "EndpointConfigurations": [
            {"InstanceType": "ml.c5.xlarge"},
            {"InstanceType": "ml.m5.xlarge"},
            {"InstanceType": "ml.r5.xlarge"},
        ],
        **overrides,
    }
    given = {member: value for member, value in inputs.items() if value is not None}
    rest = {} if stopping is None else {"StoppingConditions": stopping}
    return create_job(rig, name, given, JobType="Advanced", **rest)


def describe_job(rig: Rig, name: str = "bench") -> dict[str, Any]:
    """The job as DescribeInferenceRecommendationsJob has it."""
    answer: dict[str, Any] = rig.client.describe_inference_recommendations_job(JobName=name)
    return answer
