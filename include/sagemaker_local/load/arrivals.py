"""How many users a Default job has at work, stage after stage: 1, 2, 4, 8, ... until there is a reason to stop.

A user sends a request, waits for the answer and sends the next; that is what Inference Recommender calls a user. How it
ramps them up in a Default job is not published; doubling finds the plateau of any small pipeline within a few stages.
PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from include.sagemaker_local.load.plateau import is_flat
from include.sagemaker_local.load.stage import StageResult

# "Until 1 % of InvokeEndpoint calls fail" (AWS's own example notebooks on Inference Recommender).
FAILURE_SHARE = 0.01

# AWS gives 15 to 20 users for 30,000 invocations a minute; what needs more than 256 on one machine waits for something
# other than a CPU, and the figure then says that it is not the maximum.
MAX_USERS = 256


class StopReason(StrEnum):
    """Why a ramp ended."""

    FLAT = "more users bring no more throughput"
    FAILURES = "1 % of the requests failed"
    LATENCY = "the model latency threshold was exceeded"
    MAX_INVOCATIONS = "the wanted number of invocations was reached"
    MAX_USERS = "the largest number of users was reached before throughput stopped growing"


@dataclass(frozen=True, slots=True)
class StopRules:
    """A job's StoppingConditions. None means that the job did not set it."""

    max_invocations_per_minute: int | None = None
    latency_percentile: float | None = None  # of ModelLatency, above 0 and at most 100
    latency_limit_ms: int | None = None
    stop_when_flat: bool = True  # FlatInvocations; Stop is the service's default


def next_step(stages: Sequence[StageResult], rules: StopRules) -> int | StopReason:
    """The number of users of the next stage, or why there is none."""
    if not stages:
        return 1
    last = stages[-1]
    if last.failure_share >= FAILURE_SHARE:
        return StopReason.FAILURES
    if exceeds_latency(last, rules):
        return StopReason.LATENCY
    wanted = rules.max_invocations_per_minute
    if wanted is not None and last.per_second * 60 >= wanted:
        return StopReason.MAX_INVOCATIONS
    if rules.stop_when_flat and is_flat(stages):
        return StopReason.FLAT
    return last.users * 2 if last.users < MAX_USERS else StopReason.MAX_USERS


def exceeds_latency(stage: StageResult, rules: StopRules) -> bool:
    """Whether the stage's model latency is above the job's threshold."""
    if rules.latency_percentile is None or rules.latency_limit_ms is None or not stage.model_latency.count:
        return False
    return stage.model_latency.percentile_us(rules.latency_percentile) > rules.latency_limit_ms * 1000
