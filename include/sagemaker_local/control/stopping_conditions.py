"""The rules of a recommendation job's StoppingConditions. The limits are AWS's, the words ours."""

from __future__ import annotations

from include.sagemaker_local.control.refusals import invalid
from include.sagemaker_local.wire.members import Members

# ModelLatencyThreshold in the API reference: "Acceptable values are P95 and P99."
_PERCENTILES = ("P95", "P99")
_MOST_INVOCATIONS = 30_000  # a minute; "with a minimum of 1 and a maximum of 30,000" (developer guide)


def check_stopping_conditions(conditions: Members) -> None:
    """Raises ApiError for the first condition that cannot be."""
    most = conditions.integer("MaxInvocations")
    if most is not None and not 1 <= most <= _MOST_INVOCATIONS:
        raise invalid(f"StoppingConditions.MaxInvocations is {most}; it must be 1 to {_MOST_INVOCATIONS}.")
    for threshold in conditions.structures("ModelLatencyThresholds"):  # the service model allows exactly one
        percentile, limit_ms = threshold.text("Percentile"), threshold.integer("ValueInMilliseconds")
        if percentile not in _PERCENTILES:
            raise invalid(f"ModelLatencyThresholds.Percentile is {percentile}; it must be P95 or P99.")
        if limit_ms is None or limit_ms < 1:
            raise invalid(f"ModelLatencyThresholds.ValueInMilliseconds is {limit_ms}; it must be 1 or more.")
