"""What a load test gave, in words and cells; the table and the page both show these.

PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TypeAlias

from include.sagemaker_local.load.confidence import mean_latency_bounds_us, throughput_bounds
from include.sagemaker_local.load.course import (
    ConstantRate,
    ConstantUsers,
    Course,
    Ramp,
    course_from_json,
    steps_of,
)
from include.sagemaker_local.load.document import PERCENTILES, LoadTest, throughput_interval
from include.sagemaker_local.load.histogram import Histogram
from include.sagemaker_local.load.plateau import mean_per_second, plateau_stages
from include.sagemaker_local.load.ramp import MAX_USERS
from include.sagemaker_local.load.report.axis import number_text
from include.sagemaker_local.load.rules import StopReason
from include.sagemaker_local.load.stage import StageResult

Row: TypeAlias = tuple[str, ...]

NOTHING = "–"
_DIGITS = 3

# Who answers with more kinds of errors than this is not understood by counting them.
_STATUSES = 5

# What a recommendation job adds to its course.
_CONDITIONS = "stopping_conditions"


def headline_figures(test: LoadTest) -> list[tuple[str, str, str]]:
    """What everybody asks first: label, figure and unit. They are those of the telling stage, but for the plateau's."""
    stage = test.telling_stage
    if stage is None:
        return [("Failed", _share(_sum_failed(test.stages), _sum_answered(test.stages)), "")]
    figures = [("Throughput", number_text(stage.per_second), f"{_around_throughput(stage)} requests/s".strip())]
    if test.ended_by == StopReason.FLAT:
        plateau = plateau_stages(test.stages)
        bounds, most = throughput_bounds(*plateau), mean_per_second(plateau)
        around = f"± {number_text((bounds.high - bounds.low) / 2)} " if bounds else ""
        figures.append(("At most", number_text(most), f"{around}requests/s"))
    if stage.latency.count:
        figures += [
            (f"Latency p{percent}", _ms(stage.latency.percentile_us(percent)), "ms") for percent in (50, 95, 99)
        ]
    figures.append(("Failed", _share(stage.failed, stage.succeeded + stage.failed), ""))
    figures.append(("Users" if stage.rate_per_s is None else "At once", number_text(stage.users), ""))
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
                f"{number_text(stage.per_second)} {_around_throughput(stage)}".rstrip(),
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
            mean = _ms(histogram.mean_us()) + (_around_mean(stage) if histogram is stage.latency else "")
            rows.append((name, mean, *percentiles))
    return rows


def failure_rows(test: LoadTest) -> list[Row]:
    """A head and how many requests failed in which way and with which status, in all stages. Empty when none did."""
    counts: Counter[str] = Counter()
    statuses: Counter[int] = Counter()
    for stage in test.stages:
        counts.update({failure.value: count for failure, count in stage.failures.items()})
        statuses.update(stage.failed_statuses)
    if not counts:
        return []
    answered = _sum_answered(test.stages)
    return [
        ("failed", "requests", "share"),
        *((name, f"{count:,}", _share(count, answered)) for name, count in counts.most_common()),
        *(
            (f"HTTP {status}", f"{count:,}", _share(count, answered))
            for status, count in statuses.most_common(_STATUSES)
        ),
    ]


def first_failure(test: LoadTest) -> str | None:
    """What the first failed request got."""
    return next((stage.first_failure for stage in test.stages if stage.first_failure), None)


def target_rows(test: LoadTest) -> list[Row]:
    """A head, and what was loaded with what."""
    rows: list[Row] = [("", "")]
    rows += [(name.replace("_", " "), _text(value)) for name, value in test.target.items() if value is not None]
    course = {name: value for name, value in test.course.items() if name != _CONDITIONS}
    rows.append(("course", course_text(course_from_json(course))))
    conditions = test.course.get(_CONDITIONS, {}).items()
    rows += [(f"stops at {name.replace('_', ' ')}", _text(value)) for name, value in conditions if value is not None]
    return rows


def threshold_rows(test: LoadTest) -> list[Row]:
    """A head, and each condition with what was observed. Empty when there are none."""
    rows: list[Row] = [("fail if", "observed", "")]
    for judged in test.thresholds:
        observed = NOTHING if judged.observed is None else f"{number_text(judged.observed)} {judged.unit}"
        rows.append((judged.fail_if, observed, "CROSSED" if judged.crossed else "kept"))
    return rows if test.thresholds else []


def course_text(course: Course) -> str:
    """What load runs when."""
    if isinstance(course, Ramp):
        return f"1, 2, 4, ... up to {MAX_USERS} users until more bring no more throughput"
    if isinstance(course, ConstantUsers):
        return f"{_users(course.users)} for {course.duration_s:g} s{_after(course.warm_up_s)}"
    if isinstance(course, ConstantRate):
        load = f"{number_text(course.rate_per_s)} requests/s, at most {course.most_in_flight} at once,"
        return f"{load} for {course.duration_s:g} s{_after(course.warm_up_s)}"
    steps = tuple(steps_of(course))
    lasts_s = sum(step.warm_up_s + (step.duration_s or 0) for step in steps)
    return (
        f"{steps[0].users} to {_users(max(step.users for step in steps))} in {len(steps)} steps, {lasts_s:g} s in all"
    )


def _users(users: int) -> str:
    return f"{users} user" if users == 1 else f"{users} users"


def _after(warm_up_s: float) -> str:
    return f", after a warm-up of {warm_up_s:g} s" if warm_up_s else ""


def _text(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return number_text(value)


def _around_throughput(stage: StageResult) -> str:
    """The half of its 95 % confidence interval, where there is one."""
    interval = throughput_interval(stage)
    return "" if interval is None else f"± {number_text(interval[1] - stage.per_second)}"


def _around_mean(stage: StageResult) -> str:
    """The half of the 95 % confidence interval of the mean latency, where there is one."""
    bounds = mean_latency_bounds_us(stage, stage.latency)
    return f" ± {number_text((bounds.high - bounds.low) / 2000)}" if bounds else ""


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
