"""A recommendation job's request, from the API's form to types.

PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from include.sagemaker_local.errors import ApiError
from include.sagemaker_local.load.course import Phase, Phases, Stairs
from include.sagemaker_local.load.rules import StopRules

_PERCENTILE = re.compile(r"[Pp](\d{1,2}(?:\.\d+)?|100)")


@dataclass(frozen=True, slots=True)
class WantedConfiguration:
    """One of the request's EndpointConfigurations. `environment_ranges` holds each variable's name and its values."""

    instance_type: str | None
    serverless: bool
    inference_specification: str | None
    environment_ranges: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class JobRequest:
    """What a job was asked for. Its ContainerConfig, from `sample_payload_url` on, overrides the package.

    `output_uri` is where the measurement is to be stored.
    `traffic` is there when `job_type` is Advanced. After `duration_s` no test is begun; one that runs goes on.
    """

    job_type: str
    package_arn: str | None
    model_name: str | None
    endpoint_name: str | None
    configurations: tuple[WantedConfiguration, ...]
    rules: StopRules
    traffic: Phases | Stairs | None
    duration_s: int | None
    max_tests: int | None
    max_parallel_tests: int | None
    output_uri: str | None
    sample_payload_url: str | None
    content_types: tuple[str, ...]
    response_types: tuple[str, ...]
    instance_types: tuple[str, ...]


def parse_request(accepted: Mapping[str, Any]) -> JobRequest:
    """The request of a CreateInferenceRecommendationsJob that botocore's model found valid.

    Raises ApiError (ValidationException) for a latency percentile that is none.
    """
    inputs: Mapping[str, Any] = accepted["InputConfig"]
    container: Mapping[str, Any] = inputs.get("ContainerConfig") or {}
    payload: Mapping[str, Any] = container.get("PayloadConfig") or {}
    endpoints: Sequence[Mapping[str, Any]] = inputs.get("Endpoints") or ()
    limit: Mapping[str, Any] = inputs.get("ResourceLimit") or {}
    return JobRequest(
        job_type=accepted["JobType"],
        package_arn=inputs.get("ModelPackageVersionArn"),
        model_name=inputs.get("ModelName"),
        endpoint_name=endpoints[0].get("EndpointName") if endpoints else None,
        configurations=tuple(_configuration(wanted) for wanted in inputs.get("EndpointConfigurations") or ()),
        rules=_rules(accepted.get("StoppingConditions") or {}),
        traffic=_traffic(inputs.get("TrafficPattern") or {}),
        duration_s=inputs.get("JobDurationInSeconds"),
        max_tests=limit.get("MaxNumberOfTests"),
        max_parallel_tests=limit.get("MaxParallelOfTests"),
        output_uri=_output_uri(accepted.get("OutputConfig") or {}),
        sample_payload_url=payload.get("SamplePayloadUrl"),
        content_types=tuple(payload.get("SupportedContentTypes") or ()),
        response_types=tuple(container.get("SupportedResponseMIMETypes") or ()),
        instance_types=tuple(container.get("SupportedInstanceTypes") or ()),
    )


def _output_uri(output: Mapping[str, Any]) -> str | None:
    uri: str | None = (output.get("CompiledOutputConfig") or {}).get("S3OutputUri")
    return uri


def _configuration(wanted: Mapping[str, Any]) -> WantedConfiguration:
    ranges: Mapping[str, Any] = wanted.get("EnvironmentParameterRanges") or {}
    return WantedConfiguration(
        instance_type=wanted.get("InstanceType"),
        serverless="ServerlessConfig" in wanted,
        inference_specification=wanted.get("InferenceSpecificationName"),
        environment_ranges=tuple(
            (parameter["Name"], tuple(parameter["Value"]))
            for parameter in ranges.get("CategoricalParameterRanges") or ()
        ),
    )


def _traffic(pattern: Mapping[str, Any]) -> Phases | Stairs | None:
    """A TrafficPattern that creation has found complete; None when there is none."""
    stairs: Mapping[str, Any] | None = pattern.get("Stairs")
    if stairs is not None:
        return Stairs(stairs["DurationInSeconds"], stairs["NumberOfSteps"], stairs["UsersPerStep"])
    phases: Sequence[Mapping[str, Any]] = pattern.get("Phases") or ()
    if not phases:
        return None
    return Phases(
        tuple(Phase(each["InitialNumberOfUsers"], each["SpawnRate"], each["DurationInSeconds"]) for each in phases)
    )


def _rules(conditions: Mapping[str, Any]) -> StopRules:
    thresholds: Sequence[Mapping[str, Any]] = conditions.get("ModelLatencyThresholds") or ()
    threshold: Mapping[str, Any] = thresholds[0] if thresholds else {}
    return StopRules(
        max_invocations_per_minute=conditions.get("MaxInvocations"),
        latency_percentile=_percentile(threshold["Percentile"]) if "Percentile" in threshold else None,
        latency_limit_ms=threshold.get("ValueInMilliseconds"),
        stop_when_flat=conditions.get("FlatInvocations", "Stop") == "Stop",
    )


def _percentile(text: str) -> float:
    """`P95` as 95.0."""
    match = _PERCENTILE.fullmatch(text)
    if match is None or float(match[1]) == 0:
        raise ApiError("ValidationException", f"Percentile {text!r} is not of the form P95 or P99.")
    return float(match[1])
