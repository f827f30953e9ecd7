"""Stages as a pipeline of known capacity would give them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from include.sagemaker_local.load.course import Course, Ramp, Step, next_step
from include.sagemaker_local.load.histogram import Histogram
from include.sagemaker_local.load.rules import StopReason, StopRules
from include.sagemaker_local.load.stage import Failure, StageResult

Endpoint: TypeAlias = Callable[[int], StageResult]
"""What a stage of so many users gives."""

DEFAULT = Ramp()


def stage(
    users: int, per_second: float, *, model_ms: float = 10, failures: int = 0, kind: Failure = Failure.SERVER_ERROR
) -> StageResult:
    """One stage of ten seconds."""
    succeeded = round(per_second * 10)
    latency = Histogram()
    if succeeded:
        latency.record(round(model_ms * 1000), succeeded)
    return StageResult(
        users=users,
        span_s=10,
        succeeded=succeeded,
        failures={kind: failures} if failures else {},
        first_failure="HTTP 424 it broke" if failures else None,
        latency=latency,
        model_latency=latency,
        container_latency={"model": latency},
    )


def closed_loop(workers: int, service_ms: float, noise: Callable[[], float] = lambda: 1.0) -> Endpoint:
    """M/D/c with users that never pause: throughput is limited by users first and by workers then; the rest waits."""

    def run(users: int) -> StageResult:
        per_second = min(users, workers) * 1000 / service_ms
        return stage(users, per_second * noise(), model_ms=service_ms * max(1, users / workers))

    return run


def ramp(
    endpoint: Endpoint, rules: StopRules | None = None, course: Course = DEFAULT
) -> tuple[list[StageResult], StopReason]:
    """All stages of a load test, and why it stopped."""
    stages: list[StageResult] = []
    while isinstance(step := next_step(course, stages, rules or StopRules()), Step):
        stages.append(endpoint(step.users))
    return stages, step
