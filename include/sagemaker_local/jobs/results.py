"""Measurements in the API's own form.

Member names are those of the service model. The guide's samples spell some of them otherwise (EndpointConfiguration for
EndpointInfo, MaximumInvocations), and SDKs silently drop what the model does not list.
PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from include.sagemaker_local.instance_types import lookup
from include.sagemaker_local.jobs.costs import cost_per_hour_usd, cost_per_inference_usd
from include.sagemaker_local.jobs.estimate import Estimate
from include.sagemaker_local.jobs.utilisation import NOT_AVAILABLE, Utilisation
from include.sagemaker_local.lifecycle import JobStatus
from include.sagemaker_local.load.stage import StageResult
from include.sagemaker_local.load.summary import LoadFailure, LoadSummary
from include.sagemaker_local.load.timeline import Interval
from include.sagemaker_local.store.records import Json, JsonObject, RecommendationStepRecord

# FailureReason of a job holds at most 1,024 characters.
_LONGEST_REASON = 1024

_RECOMMENDATION_ID_CHARACTERS = 8

WARNING_KEY = "SLUICE_LOCAL_WARNING"
"""The environment parameter of a step that says why its figures are doubtful.

A step has no member for it: FailureReason says that a benchmark failed, and this one did not. Its EnvironmentParameters
are free text in pairs that every SDK and the CLI show, and nobody deploys from the step of an existing endpoint.
"""
ESTIMATE_KEY = "SLUICE_LOCAL_ESTIMATE"
"""The same of figures that were not measured. Whoever deploys by the recommendation has the mark in the model, too."""


@dataclass(frozen=True, slots=True)
class Target:
    """What one benchmark loads. `environment` is what it sets on top of the containers' own.

    `specification` is the additional inference specification that it runs; None: the package's own.

    `instance_count` is the existing endpoint's; of what is recommended it is how many instances are, and one is loaded.
    """

    endpoint_name: str
    variant_name: str
    instance_type: str | None
    instance_count: int
    existing: bool = False
    environment: tuple[tuple[str, str], ...] = ()
    specification: str | None = None

    @property
    def label(self) -> str:
        """What failure reasons call it."""
        return f"endpoint {self.endpoint_name}" if self.existing else str(self.instance_type)


@dataclass(frozen=True, slots=True)
class Result:
    """How one benchmark ended. The times are those of the load, seconds since the epoch; None when there was none.

    `warning` is what makes the figures doubtful, None when nothing does. With an `estimate` they were not measured.
    """

    target: Target
    load: LoadSummary | LoadFailure
    started_at_s: float | None = None
    ended_at_s: float | None = None
    utilisation: Utilisation = NOT_AVAILABLE
    stages: tuple[StageResult, ...] = ()
    timeline: tuple[Interval, ...] = ()
    warning: str | None = None
    estimate: Estimate | None = None

    @property
    def remarks(self) -> tuple[tuple[str, str], ...]:
        """What must not be overlooked in its figures, as keys and words."""
        warning = [(WARNING_KEY, self.warning)] if self.warning is not None else []
        estimate = [(ESTIMATE_KEY, self.estimate.in_words())] if self.estimate is not None else []
        return (*warning, *estimate)


def step_record(job_name: str, position: int, target: Target, result: Result | None = None) -> RecommendationStepRecord:
    """The step of a benchmark: in progress while `result` is None."""
    benchmark: dict[str, Json] = {
        "EndpointConfiguration": _endpoint_configuration(target),
        "ModelConfiguration": _model_configuration(target),
    }
    status = JobStatus.IN_PROGRESS
    if result is not None:
        benchmark.update(_invocation_times(result))
        if isinstance(result.load, LoadFailure):
            status = JobStatus.FAILED
            benchmark["FailureReason"] = shorten(result.load.reason)
        else:
            status = JobStatus.COMPLETED
            benchmark["Metrics"] = _metrics(result, result.load)
            if target.existing:
                benchmark["EndpointMetrics"] = _endpoint_metrics(result.load)
        benchmark["ModelConfiguration"] = _model_configuration(target, result.remarks)
    return RecommendationStepRecord(job_name, position, status, benchmark)


def recommendations(job_name: str, results: Sequence[Result]) -> tuple[JsonObject, ...]:
    """InferenceRecommendations: the instance types that could be measured, the cheapest inference first."""
    ranked = []
    for position, result in enumerate(results):
        if result.target.existing or isinstance(result.load, LoadFailure):
            continue
        metrics = _metrics(result, result.load)
        cost = metrics.get("CostPerInference")
        entry: JsonObject = {
            "RecommendationId": f"{job_name}/{_short_id(job_name, position, estimated=result.estimate is not None)}",
            "Metrics": metrics,
            "EndpointConfiguration": _endpoint_configuration(result.target),
            "ModelConfiguration": _model_configuration(result.target, result.remarks),
            **_invocation_times(result),
        }
        ranked.append((cost if isinstance(cost, float) else float("inf"), position, entry))
    return tuple(entry for _, _, entry in sorted(ranked, key=lambda row: row[:2]))


def endpoint_performances(results: Sequence[Result]) -> tuple[JsonObject, ...]:
    """EndpointPerformances: the existing endpoint, if the job had one and could measure it."""
    return tuple(
        {"Metrics": _endpoint_metrics(result.load), "EndpointInfo": {"EndpointName": result.target.endpoint_name}}
        for result in results
        if result.target.existing and isinstance(result.load, LoadSummary)
    )


def shorten(reason: str) -> str:
    """`reason` in the length that the API allows."""
    return reason if len(reason) <= _LONGEST_REASON else reason[: _LONGEST_REASON - 1] + "…"


def _metrics(result: Result, load: LoadSummary) -> dict[str, Json]:
    """ModelSetupTime is not among them: it is that of serverless endpoints."""
    target = result.target
    # What was loaded is one instance of those that are recommended, but all of an existing endpoint.
    invocations = load.max_invocations * (1 if target.existing else target.instance_count)
    metrics: dict[str, Json] = {
        "MaxInvocations": invocations,
        "ModelLatency": load.model_latency_ms,
        "CpuUtilization": result.utilisation.cpu_percent,
        "MemoryUtilization": result.utilisation.memory_percent,
    }
    instance_type = lookup(target.instance_type) if target.instance_type else None
    if instance_type is not None and instance_type.usd_per_hour is not None:
        per_hour = cost_per_hour_usd(instance_type.usd_per_hour, target.instance_count)
        metrics["CostPerHour"] = per_hour
        if invocations:
            metrics["CostPerInference"] = cost_per_inference_usd(per_hour, invocations)
    return metrics


def _endpoint_metrics(load: LoadSummary) -> JsonObject:
    return {"MaxInvocations": load.max_invocations, "ModelLatency": load.model_latency_ms}


def _endpoint_configuration(target: Target) -> JsonObject:
    configuration: dict[str, Json] = {"EndpointName": target.endpoint_name, "VariantName": target.variant_name}
    if target.instance_type:
        configuration["InstanceType"] = target.instance_type
        configuration["InitialInstanceCount"] = target.instance_count
    return configuration


def _model_configuration(target: Target, remarks: tuple[tuple[str, str], ...] = ()) -> JsonObject:
    configuration: dict[str, Json] = {}
    parameters: list[Json] = [
        {"Key": name, "ValueType": "string", "Value": value} for name, value in (*target.environment, *remarks)
    ]
    if parameters:
        configuration["EnvironmentParameters"] = parameters
    if target.specification is not None:
        configuration["InferenceSpecificationName"] = target.specification
    return configuration


def _invocation_times(result: Result) -> dict[str, Json]:
    if result.started_at_s is None or result.ended_at_s is None:
        return {}
    return {"InvocationStartTime": result.started_at_s, "InvocationEndTime": result.ended_at_s}


def _short_id(job_name: str, position: int, *, estimated: bool) -> str:
    """Eight word characters that stay the same when the job runs again; those of an estimate begin with `est_`."""
    digest = hashlib.sha256(f"{job_name}/{position}".encode()).hexdigest()
    if estimated:  # the position keeps those of one job apart, which so few characters of a digest might not
        return f"est_{position:x}{digest}"[:_RECOMMENDATION_ID_CHARACTERS]
    return digest[:_RECOMMENDATION_ID_CHARACTERS]
