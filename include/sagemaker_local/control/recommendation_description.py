"""Recommendation jobs and their steps in the form of Describe and List. PURE."""

from __future__ import annotations

from typing import Any

from include.sagemaker_local.store.records import ModelPackageRecord, RecommendationJobRecord, RecommendationStepRecord
from include.sagemaker_local.wire.members import Members

_ECHOED = ("JobDescription", "JobType", "RoleArn", "StoppingConditions")


def described(record: RecommendationJobRecord) -> dict[str, Any]:
    """The job; its results are there once it has any."""
    answer: dict[str, Any] = {
        **{name: record.accepted[name] for name in _ECHOED if name in record.accepted},
        **_state(record),
        "InputConfig": _described_input(record),
    }
    if record.recommendations:
        answer["InferenceRecommendations"] = list(record.recommendations)
    if record.endpoint_performances:
        answer["EndpointPerformances"] = list(record.endpoint_performances)
    return answer


def summary(record: RecommendationJobRecord, package: ModelPackageRecord | None) -> dict[str, Any]:
    """The job in a list. `package` is the one that it is for; None: it is for a model, or the package was deleted."""
    inputs = inputs_of(record)
    answer = {
        **_state(record),
        "JobType": record.accepted["JobType"],
        "RoleArn": record.accepted["RoleArn"],
        "JobDescription": record.accepted.get("JobDescription", ""),  # required of the answer, not of the request
    }
    for name in ("ModelName", "ModelPackageVersionArn"):
        if name in inputs:
            answer[name] = inputs.required(name)
    container = inputs.structure("ContainerConfig") or Members({})
    payload = container.structure("PayloadConfig") or Members({})
    registered = Members(package.accepted if package else {})
    payload_url = payload.text("SamplePayloadUrl") or registered.text("SamplePayloadUrl")
    return answer if payload_url is None else {**answer, "SamplePayloadUrl": payload_url}


def described_step(step: RecommendationStepRecord) -> dict[str, Any]:
    """A benchmark, whatever came of it."""
    return {
        "StepType": "BENCHMARK",
        "JobName": step.job_name,
        "Status": step.status,
        "InferenceBenchmark": step.benchmark,
    }


def inputs_of(record: RecommendationJobRecord) -> Members:
    """The InputConfig that the job was created with."""
    return Members(record.accepted).structure("InputConfig") or Members({})


def _described_input(record: RecommendationJobRecord) -> dict[str, Any]:
    """The request's InputConfig, with a JobDurationInSeconds of 0 where AWS's samples have one.

    They have it in a Default job that was created without a duration, and not in one on an existing endpoint.
    """
    inputs = inputs_of(record)
    if record.accepted["JobType"] == "Default" and "JobDurationInSeconds" not in inputs and "Endpoints" not in inputs:
        return {**inputs.raw, "JobDurationInSeconds": 0}
    return dict(inputs.raw)


def _state(record: RecommendationJobRecord) -> dict[str, Any]:
    state: dict[str, Any] = {
        "JobName": record.name,
        "JobArn": record.arn,
        "Status": record.status,
        "CreationTime": record.created_at_s,
        "LastModifiedTime": record.modified_at_s,
    }
    if record.completed_at_s is not None:
        state["CompletionTime"] = record.completed_at_s
    if record.failure_reason is not None:
        state["FailureReason"] = record.failure_reason
    return state
