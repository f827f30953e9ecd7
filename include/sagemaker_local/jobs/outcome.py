"""How a job ended. PURE: no I/O, no third-party imports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from include.sagemaker_local.jobs.results import Result, endpoint_performances, recommendations, shorten
from include.sagemaker_local.load.summary import LoadFailure
from include.sagemaker_local.store.records import JsonObject


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job ended. With a `failure_reason` it has failed and the two lists are empty."""

    recommendations: tuple[JsonObject, ...] = ()
    endpoint_performances: tuple[JsonObject, ...] = ()
    failure_reason: str | None = None


def outcome_of(job_name: str, results: Sequence[Result]) -> Outcome:
    """Completed with whatever could be measured; failed when the existing endpoint could not be, or nothing at all."""
    failures = [(result.target, result.load.reason) for result in results if isinstance(result.load, LoadFailure)]
    for target, reason in failures:
        if target.existing:
            return Outcome(failure_reason=shorten(f"Benchmark of {target.label} failed: {reason}"))
    if len(failures) == len(results):
        reasons = " ".join(f"{target.label}: {reason}" for target, reason in failures)
        return Outcome(failure_reason=shorten(f"All benchmarks failed. {reasons}"))
    return Outcome(recommendations(job_name, results), endpoint_performances(results))
