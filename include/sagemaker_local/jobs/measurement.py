"""The whole measurement of a job as S3 objects: what the API's few numbers were read off.

`job.json` says what was tested and with which result, and where each test's document is; a test's document is that of a
load test (`load.document`), with histograms, samples of the pace of answers and every stage.
PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

from include.sagemaker_local.jobs.outcome import Outcome
from include.sagemaker_local.jobs.results import Result, step_record
from include.sagemaker_local.jobs.work import JobWork
from include.sagemaker_local.lifecycle import JobStatus
from include.sagemaker_local.load.confidence import Bounds
from include.sagemaker_local.load.course import course_to_json
from include.sagemaker_local.load.document import LoadTest, to_bytes
from include.sagemaker_local.load.summary import LoadSummary

SCHEMA = "sagemaker-local.recommendation-job/1"
"""A new number when a reader of the old one would misread the new one. Members may be added without one."""

# Beside the payload of a job that says nothing: a bucket that is there, in the place that the job's user chose.
_FOLDER = "inference-recommendations-jobs"

# Those that people set limits on; the test's document has the histogram for any other.
_PERCENTILES = (50.0, 90.0, 95.0, 99.0)


def place(output_uri: str | None, payload_url: str, job_name: str) -> str:
    """The folder of a job's documents, ending with a slash.

    `output_uri` is the job's CompiledOutputConfig.S3OutputUri: AWS stores compiled models there, which there are none
    of here. Without it the folder lies beside the sample payload.
    """
    if output_uri is not None:
        return f"{output_uri.rstrip('/')}/{job_name}/"
    return f"{payload_url.rpartition('/')[0]}/{_FOLDER}/{job_name}/"


def documents(
    folder: str, work: JobWork, results: Mapping[int, Result], outcome: Outcome
) -> Iterator[tuple[str, bytes]]:
    """URIs and contents, `results` by the position of their steps. The job's own document comes last."""
    tests = []
    for position, result in sorted(results.items()):
        uri = f"{folder}tests/{position}.json" if result.stages else None
        if uri is not None:
            yield uri, to_bytes(_load_test(work, result))
        tests.append(_test(work.name, position, result, uri))
    job = {
        "schema": SCHEMA,
        "region": work.region,
        "name": work.name,
        "job_type": work.request.job_type,
        "status": JobStatus.FAILED if outcome.failure_reason else JobStatus.COMPLETED,
        "failure_reason": outcome.failure_reason,
        "tests": tests,
        "recommendations": [_finite(entry) for entry in outcome.recommendations],
    }
    yield f"{folder}job.json", json.dumps(job, separators=(",", ":"), allow_nan=False).encode("ascii")


def _test(job_name: str, position: int, result: Result, uri: str | None) -> dict[str, Any]:
    """A step as ListInferenceRecommendationsJobSteps shows it, with its warnings and where its document is."""
    step = step_record(job_name, position, result.target, result)
    return {
        "position": position,
        "status": step.status,
        "benchmark": _finite(step.benchmark),
        "figures": _figures(result),
        "warnings": list(_warnings(result)),
        "estimate": None if result.estimate is None else asdict(result.estimate),
        "document": uri,
    }


def _figures(result: Result) -> dict[str, Any] | None:
    """What was measured of the endpoint or of one instance, between which bounds; None when nothing was."""
    load = result.load
    if not isinstance(load, LoadSummary) or result.estimate is not None:
        return None
    latency = {f"p{percent:g}": load.model_latency_percentile_ms(percent) for percent in _PERCENTILES}
    return {
        "users": load.stage.users,
        "requests": load.stage.succeeded + load.stage.failed,
        "max_invocations": {"value": load.per_minute, **_bounds(load.max_invocations_bounds)},
        "model_latency_ms": {
            "mean": load.stage.model_latency.mean_us() / 1000,
            **_bounds(load.model_latency_bounds_ms),
            **latency,
        },
    }


def _bounds(bounds: Bounds | None) -> dict[str, float | None]:
    """95 % confidence; null with too few answers to tell."""
    return {"low": bounds.low if bounds else None, "high": bounds.high if bounds else None}


def _load_test(work: JobWork, result: Result) -> LoadTest:
    load, target = result.load, result.target
    telling = _position(result.stages, load.stage) if isinstance(load, LoadSummary) else None
    return LoadTest(
        target={
            "name": target.label,
            "endpoint": target.endpoint_name,
            "variant": target.variant_name,
            "instance_type": target.instance_type,
            "environment": dict(target.environment),
            "job": work.name,
            "region": work.region,
        },
        course={**course_to_json(work.sample.course), "stopping_conditions": asdict(work.sample.rules)},
        started_at_s=result.started_at_s or 0.0,
        ended_at_s=result.ended_at_s or 0.0,
        stages=result.stages,
        telling=telling,
        ended_by=str(load.stopped_by) if isinstance(load, LoadSummary) else load.reason,
        timeline=result.timeline,
        warnings=tuple(_warnings(result)),
    )


def _position(stages: Iterable[object], wanted: object) -> int | None:
    return next((position for position, stage in enumerate(stages) if stage is wanted), None)


def _warnings(result: Result) -> Iterator[str]:
    for _, words in result.remarks:
        yield words
    if isinstance(result.load, LoadSummary):
        yield from result.load.warnings


def _finite(value: Any) -> Any:
    """The same without NaN, for which JSON has no word: what is not available is null."""
    if isinstance(value, Mapping):
        return {name: _finite(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(member) for member in value]
    return None if isinstance(value, float) and math.isnan(value) else value
