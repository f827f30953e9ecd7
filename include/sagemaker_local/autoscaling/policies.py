"""Scaling policies as values, from the configurations in which PutScalingPolicy gives them.

PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from include.sagemaker_local.metrics.names import INVOCATIONS, PER_INSTANCE
from include.sagemaker_local.metrics.series import Metric

INVOCATIONS_PER_INSTANCE = "SageMakerVariantInvocationsPerInstance"
"""The predefined metric that is served here."""

# Application Auto Scaling's default for SageMaker endpoint variants (TargetTrackingScalingPolicyConfiguration and
# StepScalingPolicyConfiguration in the API reference).
DEFAULT_COOLDOWN_S = 300.0


class PolicyType(StrEnum):
    """PolicyType, as far as it is served."""

    TRACKING = "TargetTrackingScaling"
    STEP = "StepScaling"


class Adjustment(StrEnum):
    """AdjustmentType of a step scaling policy."""

    CHANGE = "ChangeInCapacity"
    PERCENT = "PercentChangeInCapacity"
    EXACT = "ExactCapacity"


@dataclass(frozen=True, slots=True)
class Tracking:
    """A target tracking policy: `metric` is to stay at `target`. A Sum or SampleCount is meant per minute."""

    metric: Metric
    statistic: str
    unit: str | None
    target: float
    out_cooldown_s: float
    in_cooldown_s: float
    scales_in: bool

    @property
    def is_rate(self) -> bool:
        """Whether the metric grows with the length of the period that it is taken over."""
        return self.statistic in ("Sum", "SampleCount")


@dataclass(frozen=True, slots=True)
class Step:
    """What to do when the metric is beyond the alarm's threshold by `lower` up to `upper`."""

    lower: float
    upper: float
    adjustment: int


@dataclass(frozen=True, slots=True)
class Stepping:
    """A step scaling policy. Its alarms are the user's own: those that have it as an action."""

    kind: Adjustment
    steps: tuple[Step, ...]
    least: int  # MinAdjustmentMagnitude
    cooldown_s: float
    aggregation: str  # MetricAggregationType


def tracking_of(configuration: Mapping[str, Any], endpoint_name: str, variant_name: str) -> Tracking:
    """The policy of a validated TargetTrackingScalingPolicyConfiguration."""
    own = configuration.get("CustomizedMetricSpecification")
    if own is None:
        dimensions = (("EndpointName", endpoint_name), ("VariantName", variant_name))
        metric, statistic, unit = Metric(INVOCATIONS, PER_INSTANCE, dimensions), "Sum", None
    else:
        named = tuple(sorted((one["Name"], one["Value"]) for one in own.get("Dimensions", ())))
        metric, statistic, unit = Metric(own["Namespace"], own["MetricName"], named), own["Statistic"], own.get("Unit")
    return Tracking(
        metric=metric,
        statistic=statistic,
        unit=unit,
        target=configuration["TargetValue"],
        out_cooldown_s=configuration.get("ScaleOutCooldown", DEFAULT_COOLDOWN_S),
        in_cooldown_s=configuration.get("ScaleInCooldown", DEFAULT_COOLDOWN_S),
        scales_in=not configuration.get("DisableScaleIn", False),
    )


def stepping_of(configuration: Mapping[str, Any]) -> Stepping:
    """The policy of a validated StepScalingPolicyConfiguration."""
    return Stepping(
        kind=Adjustment(configuration["AdjustmentType"]),
        steps=tuple(
            Step(
                one.get("MetricIntervalLowerBound", -math.inf),
                one.get("MetricIntervalUpperBound", math.inf),
                one["ScalingAdjustment"],
            )
            for one in configuration["StepAdjustments"]
        ),
        least=configuration.get("MinAdjustmentMagnitude", 0),
        cooldown_s=configuration.get("Cooldown", DEFAULT_COOLDOWN_S),
        aggregation=configuration.get("MetricAggregationType", "Average"),
    )
