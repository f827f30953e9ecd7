"""What a load test gave, in words and cells; the table and the page both show these.

PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TypeAlias

from include.sagemaker_local.load.document import PERCENTILES, LoadTest
from include.sagemaker_local.load.histogram import Histogram
from include.sagemaker_local.load.report.axis import number_text
from include.sagemaker_local.load.stage import StageResult

Row: TypeAlias = tuple[str, ...]

NOTHING = "–"
_DIGITS = 3


def headline_figures(test: LoadTest) -> list[tuple[str, str, str]]:
    """What everybody asks first: label, figure and unit. They are those of the telling stage."""
    stage = test.telling_stage
    if stage is None:
        return [("Failed", _share(_sum_failed(test.stages), _sum_answered(test.stages)), "")]
    figures = [("Throughput", number_text(stage.per_second), "requests/s")]
    if stage.latency.count:
        figures += [
            (f"Latency p{percent}", _ms(stage.latency.percentile_us(percent)), "ms") for percent in (50, 95, 99)
        ]
    figures.append(("Failed", _share(stage.failed, stage.succeeded + stage.failed), ""))
    figures.append(("Users", number_text(stage.users), ""))
    return figures


def stage_rows(test: LoadTest) -> list[Row]:
    """A head and one row for each stage."""
    rows: list[Row] = [("users", "seconds", "requests/s", "failed", "p50 ms", "p95 ms", "p99 ms", "longest ms")]
    for stage in test.stages:
        failed = _share(stage.failed, stage.succeeded + stage.failed)
        rows.append(
            (
                str(stage.users),
                f"{stage.span_s:.1f}",
                number_text(stage.per_second),
                failed,
                *(_percentile(stage.latency, percent) for percent in (50, 95, 99, 100)),
            )
        )
    return rows


def percentile_rows(test: LoadTest) -> list[Row]:
    """A head, and the percentiles of the telling stage: the request, all containers, each container. May be empty."""
    stage = test.telling_stage
    if stage is None or not stage.latency.count:
        return []
    rows: list[Row] = [("", "mean", *(f"p{percent:g}" for percent in PERCENTILES), "longest")]
    measured = [("request", stage.latency)]
    if len(stage.container_latency) > 1:
        measured.append(("all containers", stage.model_latency))
    measured += [(name, each) for name, each in stage.container_latency.items()]
    for name, histogram in measured:
        if histogram.count:
            percentiles = (_percentile(histogram, percent) for percent in (*PERCENTILES, 100))
            rows.append((name, _ms(histogram.mean_us()), *percentiles))
    return rows


def failure_rows(test: LoadTest) -> list[Row]:
    """A head and how many requests failed in which way, in all stages. Empty when none did."""
    counts: Counter[str] = Counter()
    for stage in test.stages:
        counts.update({failure.value: count for failure, count in stage.failures.items()})
    if not counts:
        return []
    answered = _sum_answered(test.stages)
    return [
        ("failed", "requests", "share"),
        *((name, f"{count:,}", _share(count, answered)) for name, count in counts.most_common()),
    ]


def first_failure(test: LoadTest) -> str | None:
    """What the first failed request got."""
    return next((stage.first_failure for stage in test.stages if stage.first_failure), None)


def target_rows(test: LoadTest) -> list[Row]:
    """A head, and what was loaded with what."""
    rows: list[Row] = [("", "")]
    rows += [(name.replace("_", " "), _text(value)) for name, value in test.target.items() if value is not None]
    course = ", ".join(f"{name} {_text(value)}" for name, value in test.course.items())
    return [*rows, ("course", course)]


def _text(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return number_text(value)


def _percentile(histogram: Histogram, percent: float) -> str:
    return _ms(histogram.percentile_us(percent)) if histogram.count else NOTHING


def _ms(microseconds: float) -> str:
    """Three digits, as `number_text`, but with the zeros that keep a column straight."""
    text = number_text(microseconds / 1000)
    if "." not in text and len(text) < _DIGITS:
        text += "."
    return text.ljust(_DIGITS + 1, "0") if "." in text else text


def _share(part: int, whole: int) -> str:
    if not part:
        return "0 %"
    share = 100 * part / whole
    return f"{number_text(share)} %" if share >= 0.01 else "< 0.01 %"


def _sum_failed(stages: Sequence[StageResult]) -> int:
    return sum(stage.failed for stage in stages)


def _sum_answered(stages: Sequence[StageResult]) -> int:
    return sum(stage.succeeded + stage.failed for stage in stages)
