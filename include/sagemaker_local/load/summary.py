"""What a load test says about an endpoint, in the service's own terms.

ModelLatency is that of the stage at which the plateau of invocations begins: that is where the service reads it off
(developer guide, "Interpret recommendation results"). More users than that only wait in line, so latency measured
further up says more about the queue than about the model. MaxInvocations is the height of that plateau.
PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from include.sagemaker_local.load.confidence import Bounds, doubts, mean_latency_bounds_us, throughput_bounds
from include.sagemaker_local.load.course import Course, next_step
from include.sagemaker_local.load.plateau import is_flat, mean_per_second, plateau_begins, plateau_stages
from include.sagemaker_local.load.rules import StopReason, StopRules
from include.sagemaker_local.load.stage import Failure, StageResult


@dataclass(frozen=True, slots=True)
class LoadSummary:
    """A load test that gave figures.

    `max_invocations` is predictions a minute, rounded down. `model_latency_ms` is the mean over the stage, rounded, and
    1 for anything shorter than that: 0 would read like a missing measurement.
    """

    max_invocations: int
    model_latency_ms: int
    stage: StageResult  # where the plateau begins
    stopped_by: StopReason
    plateau: tuple[StageResult, ...] = ()  # the stages that its height is the mean of, if not `stage` alone
    warnings: tuple[str, ...] = ()  # what to know before one believes the figures

    @property
    def per_minute(self) -> float:
        """The height of the plateau, in predictions a minute: what was measured, and what its bounds are about."""
        return mean_per_second(self.plateau or (self.stage,)) * 60

    @property
    def max_invocations_bounds(self) -> Bounds | None:
        """Between which bounds the invocations a minute lie, with 95 % confidence."""
        bounds = throughput_bounds(*(self.plateau or (self.stage,)))
        return bounds and Bounds(bounds.low * 60, bounds.high * 60)

    @property
    def model_latency_bounds_ms(self) -> Bounds | None:
        """Between which bounds the mean model latency lies, with 95 % confidence."""
        bounds = mean_latency_bounds_us(self.stage, self.stage.model_latency)
        return bounds and Bounds(bounds.low / 1000, bounds.high / 1000)

    def model_latency_percentile_ms(self, percent: float) -> float:
        """The model latency that `percent` of the stage's predictions did not exceed."""
        return self.stage.model_latency.percentile_us(percent) / 1000


@dataclass(frozen=True, slots=True)
class LoadFailure:
    """A load test that gave none; `reason` is written as the service writes a failure reason."""

    reason: str


_WHAT_FAILED: Mapping[Failure, str] = {
    Failure.CLIENT_ERROR: "the model could not process the payload",
    Failure.SERVER_ERROR: "the model could not process the payload",
    Failure.TIMEOUT: "the invocation timed out waiting for the container",
    Failure.CONNECTION: "the endpoint could not be reached",
}


def summarise(course: Course, stages: Sequence[StageResult], rules: StopRules) -> LoadSummary | LoadFailure:
    """The figures of a finished load test. Raises ValueError when `next_step` would have gone on."""
    stopped_by = next_step(course, stages, rules)
    if not isinstance(stopped_by, StopReason):
        raise ValueError(f"the load test is not finished: {stopped_by.users} user(s) come next")
    stage = telling_stage(stages, stopped_by)
    if stage is None:
        return LoadFailure(failure_reason(stages[-1]))
    if not stage.model_latency.count:
        return LoadFailure("InternalError: the endpoint's answers did not say how long its containers took.")
    plateau = (stage,) if stopped_by is StopReason.MAX_INVOCATIONS else plateau_stages(_good(stages, stopped_by))
    return LoadSummary(
        max_invocations=int(mean_per_second(plateau) * 60),
        model_latency_ms=max(1, round(stage.model_latency.mean_us() / 1000)),
        stage=stage,
        stopped_by=stopped_by,
        plateau=tuple(plateau),
        warnings=tuple(_warnings(stages, stage, stopped_by)),
    )


def _warnings(stages: Sequence[StageResult], telling: StageResult, stopped_by: StopReason) -> Iterator[str]:
    yield from doubts(stages, telling)
    if stopped_by is StopReason.MAX_USERS and not is_flat(stages):
        yield f"Throughput still grew with {telling.users} users, the most that there are: the endpoint can do more."


def failure_reason(stage: StageResult) -> str:
    """Why a stage failed, in the form of the service's `ModelError when calling InvokeEndpoint`."""
    if not stage.failures:
        return "ModelError when calling InvokeEndpoint: the invocation timed out waiting for the container."
    most = max(stage.failures, key=lambda failure: stage.failures[failure])
    counts = ", ".join(f"{failure.value}: {count}" for failure, count in sorted(stage.failures.items()))
    reason = (
        f"ModelError when calling InvokeEndpoint: {_WHAT_FAILED[most]}. "
        f"{stage.failed} of {stage.succeeded + stage.failed} requests of {stage.users} user(s) failed ({counts})."
    )
    return f"{reason} The first one got: {stage.first_failure}" if stage.first_failure else reason


def telling_stage(stages: Sequence[StageResult], stopped_by: StopReason) -> StageResult | None:
    """The stage to read the latency off, None when the endpoint failed from the first one."""
    if stopped_by is StopReason.MAX_INVOCATIONS:
        return stages[-1]
    good = _good(stages, stopped_by)
    return plateau_begins(good) if good else None


def _good(stages: Sequence[StageResult], stopped_by: StopReason) -> Sequence[StageResult]:
    """The stages in which the endpoint did what was wanted of it."""
    if stopped_by is StopReason.LATENCY:
        # Too slow for even one user: the figures of that one user are the answer, not a failure of the test.
        return stages[:-1] or stages
    return stages[:-1] if stopped_by is StopReason.FAILURES else stages
