"""When a load test has seen enough, whatever its course still holds: a job's StoppingConditions and the failure rule.

PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from include.sagemaker_local.load.stage import StageResult

# "Until 1 % of InvokeEndpoint calls fail" (AWS's own example notebooks on Inference Recommender).
FAILURE_SHARE = 0.01


class StopReason(StrEnum):
    """Why a load test ended."""

    FLAT = "more users bring no more throughput"
    FAILURES = "1 % of the requests failed"
    LATENCY = "the model latency threshold was exceeded"
    MAX_INVOCATIONS = "the wanted number of invocations was reached"
    MAX_USERS = "the largest number of users was reached"
    COURSE_OVER = "the traffic pattern came to its end"


@dataclass(frozen=True, slots=True)
class StopRules:
    """A job's StoppingConditions. None means that the job did not set it."""

    max_invocations_per_minute: int | None = None
    latency_percentile: float | None = None  # of ModelLatency, above 0 and at most 100
    latency_limit_ms: int | None = None
    stop_when_flat: bool = True  # FlatInvocations; Stop is the service's default


def stop_reason(last: StageResult, rules: StopRules) -> StopReason | None:
    """Why the load test ends with this stage; None when nothing of this stage ends it."""
    if last.failure_share >= FAILURE_SHARE:
        return StopReason.FAILURES
    if exceeds_latency(last, rules):
        return StopReason.LATENCY
    wanted = rules.max_invocations_per_minute
    if wanted is not None and last.per_second * 60 >= wanted:
        return StopReason.MAX_INVOCATIONS
    return None


def exceeds_latency(stage: StageResult, rules: StopRules) -> bool:
    """Whether the stage's model latency is above the job's threshold."""
    if rules.latency_percentile is None or rules.latency_limit_ms is None or not stage.model_latency.count:
        return False
    return stage.model_latency.percentile_us(rules.latency_percentile) > rules.latency_limit_ms * 1000
