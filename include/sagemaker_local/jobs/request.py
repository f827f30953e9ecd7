"""A recommendation job's request, from the API's form to types.

PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from include.sagemaker_local.errors import ApiError
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
    """What a job was asked for. The fields after `max_tests` are its ContainerConfig, which overrides the package."""

    job_type: str
    package_arn: str | None
    model_name: str | None
    endpoint_name: str | None
    configurations: tuple[WantedConfiguration, ...]
    rules: StopRules
    max_tests: int | None
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
    return JobRequest(
        job_type=accepted["JobType"],
        package_arn=inputs.get("ModelPackageVersionArn"),
        model_name=inputs.get("ModelName"),
        endpoint_name=endpoints[0].get("EndpointName") if endpoints else None,
        configurations=tuple(_configuration(wanted) for wanted in inputs.get("EndpointConfigurations") or ()),
        rules=_rules(accepted.get("StoppingConditions") or {}),
        max_tests=(inputs.get("ResourceLimit") or {}).get("MaxNumberOfTests"),
        sample_payload_url=payload.get("SamplePayloadUrl"),
        content_types=tuple(payload.get("SupportedContentTypes") or ()),
        response_types=tuple(container.get("SupportedResponseMIMETypes") or ()),
        instance_types=tuple(container.get("SupportedInstanceTypes") or ()),
    )


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
