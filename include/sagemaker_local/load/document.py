"""The result of a load test as a versioned JSON document: what it was, every stage, and how it went over time.

docs/load.md describes the members. Histograms are the measurement, and can be merged with those of other documents;
means, percentiles and intervals are written beside them for readers and are not read back.
PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from typing import Any

from include.sagemaker_local import __version__
from include.sagemaker_local.load.confidence import mean_latency_bounds_us, throughput_bounds
from include.sagemaker_local.load.histogram import Histogram
from include.sagemaker_local.load.stage import StageResult
from include.sagemaker_local.load.threshold import Judged
from include.sagemaker_local.load.timeline import Interval

SCHEMA = "sagemaker-local.load-test/1"
"""A new number when a reader of the old one would misread the new one. Members may be added without one."""

PERCENTILES = (50.0, 75.0, 90.0, 95.0, 99.0, 99.9)
"""Those that are written out; the histogram answers any other."""


class NotALoadTest(ValueError):
    """The bytes are not the document of a load test that this version reads; the message says why."""


@dataclass(frozen=True, slots=True)
class LoadTest:
    """A load test that has ended.

    `target` says what was loaded, under `name` as people call it. `course` is what was to be done. `telling` is the
    position in `stages` of the one that the test's figures come from, None when none gave any. Times are seconds since
    the epoch.
    """

    target: Mapping[str, Any]
    course: Mapping[str, Any]
    started_at_s: float
    ended_at_s: float
    stages: tuple[StageResult, ...]
    telling: int | None
    ended_by: str
    timeline: tuple[Interval, ...] = ()
    interrupted: bool = False
    warnings: tuple[str, ...] = ()
    thresholds: tuple[Judged, ...] = ()
    version: str = field(default=__version__)

    @property
    def telling_stage(self) -> StageResult | None:
        """The stage that the test's figures come from."""
        return None if self.telling is None else self.stages[self.telling]


def to_document(test: LoadTest) -> dict[str, Any]:
    """A JSON object; `read_document` makes an equal test of its bytes."""
    return {
        "schema": SCHEMA,
        "tool": {"name": "sagemaker-local", "version": test.version},
        "target": dict(test.target),
        "course": dict(test.course),
        "started_at": _iso(test.started_at_s),
        "ended_at": _iso(test.ended_at_s),
        "ended_by": test.ended_by,
        "interrupted": test.interrupted,
        "warnings": list(test.warnings),
        "thresholds": [asdict(judged) for judged in test.thresholds],
        "telling": test.telling,
        "stages": [_stage(stage) for stage in test.stages],
        "timeline": [asdict(interval) for interval in test.timeline],
    }


def to_bytes(test: LoadTest) -> bytes:
    """The document as ASCII JSON."""
    return json.dumps(to_document(test), separators=(",", ":"), allow_nan=False).encode("ascii")


def read_document(body: bytes) -> LoadTest:
    """The inverse of `to_bytes`. Raises NotALoadTest when it is no JSON, of another schema, or not what that says."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NotALoadTest(f"it is not JSON: {error}") from error
    schema = document.get("schema") if isinstance(document, dict) else None
    if schema != SCHEMA:
        raise NotALoadTest(f"its schema is {schema!r}, and this version reads {SCHEMA!r}")
    try:
        return _test(document)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise NotALoadTest(f"it does not hold what its schema says: {error!r}") from error


def latency_document(histogram: Histogram) -> dict[str, Any]:
    """Latencies in milliseconds for readers, beside the histogram in microseconds that they come from."""
    figures: dict[str, Any] = {"count": histogram.count}
    if histogram.count:
        figures["mean_ms"] = _ms(histogram.mean_us())
        figures["min_ms"] = _ms(histogram.lowest_us)
        figures["max_ms"] = _ms(histogram.highest_us)
        figures |= {f"p{percent:g}_ms": _ms(histogram.percentile_us(percent)) for percent in PERCENTILES}
    return {**figures, "histogram": histogram.to_json()}


def throughput_interval(stage: StageResult) -> tuple[float, float] | None:
    """Between what the stage's requests a second lie with 95 % confidence; None with too few answers to tell."""
    bounds = throughput_bounds(stage)
    return None if bounds is None else (round(bounds.low, 3), round(bounds.high, 3))


def _stage(stage: StageResult) -> dict[str, Any]:
    """The stage as it is sent between processes, with what readers want beside each histogram."""
    document = stage.to_json()
    document["per_second"] = round(stage.per_second, 3)
    document["per_second_interval"] = throughput_interval(stage)
    for member in fields(stage):
        if isinstance(histogram := getattr(stage, member.name), Histogram):
            document[member.name] = _latency_of(stage, histogram)
    document["container_latency"] = {name: _latency_of(stage, each) for name, each in stage.container_latency.items()}
    return document


def _latency_of(stage: StageResult, histogram: Histogram) -> dict[str, Any]:
    bounds = mean_latency_bounds_us(stage, histogram)
    figures = {"mean_ms_interval": [_ms(bounds.low), _ms(bounds.high)]} if bounds else {}
    return {**latency_document(histogram), **figures}


def _test(document: Mapping[str, Any]) -> LoadTest:
    stages = tuple(_stage_of(each) for each in document["stages"])
    telling = document["telling"]
    if telling is not None and not 0 <= telling < len(stages):
        raise ValueError(f"there is no stage {telling}")
    return LoadTest(
        target=document["target"],
        course=document["course"],
        started_at_s=datetime.fromisoformat(document["started_at"]).timestamp(),
        ended_at_s=datetime.fromisoformat(document["ended_at"]).timestamp(),
        stages=stages,
        telling=telling,
        ended_by=document["ended_by"],
        timeline=tuple(Interval(**interval) for interval in document["timeline"]),
        interrupted=document["interrupted"],
        warnings=tuple(document["warnings"]),
        thresholds=tuple(Judged(**judged) for judged in document["thresholds"]),
        version=document["tool"]["version"],
    )


def _stage_of(document: Mapping[str, Any]) -> StageResult:
    latencies = {
        name: each["histogram"] for name, each in document.items() if isinstance(each, dict) and "histogram" in each
    }
    containers = {name: each["histogram"] for name, each in document["container_latency"].items()}
    return StageResult.from_json({**document, **latencies, "container_latency": containers})


def _iso(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).isoformat(timespec="milliseconds")


def _ms(microseconds: float) -> float:
    return round(microseconds / 1000, 4)
