"""Which figures a load test gives.

PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

from collections.abc import Sequence

from include.sagemaker_local.load.document import LoadTest, throughput_interval
from include.sagemaker_local.load.histogram import Histogram
from include.sagemaker_local.load.plateau import plateau_begins
from include.sagemaker_local.load.report.axis import (
    Axis,
    linear_axis,
    log_axis,
    named_axis,
    number_text,
    percentile_axis,
    percentile_place,
    time_axis,
)
from include.sagemaker_local.load.report.figure import Figure, Ink, Line, Mark
from include.sagemaker_local.load.stage import StageResult
from include.sagemaker_local.load.timeline import Interval

# Latencies that differ by more than this are drawn on a logarithmic axis, or the lower ones would all be 0.
_LINEAR_SPREAD = 20

# More lines than this in one figure are no longer told apart.
_MOST_CONTAINERS = 3

_PERCENTILE_INKS = (Ink.LOW, Ink.MIDDLE, Ink.HIGH, Ink.EXTRA)


def figures_of(test: LoadTest) -> tuple[Figure, ...]:
    """The figures in the order in which they are read. What a test has no numbers for is left out."""
    figures: list[Figure] = []
    if any(each.succeeded or each.failed for each in test.timeline):
        figures += [_throughput(test.timeline), _users(test.timeline)]
        if any(each.p50_ms is not None for each in test.timeline):
            figures.append(_latency(test.timeline))
    stage = test.telling_stage
    if stage is not None and stage.latency.count:
        figures.append(_by_percentile(stage))
    by_users = _closed_stages(test)
    if len(by_users) > 1:
        marks = () if stage is None else (_where_told(stage, by_users),)
        figures += [_throughput_by_users(by_users, marks), _latency_by_users(by_users, marks)]
    return tuple(figures)


def _throughput(timeline: Sequence[Interval]) -> Figure:
    points = tuple((each.middle_s, each.per_second) for each in timeline)
    lines = [Line("succeeded", Ink.THROUGHPUT, points, filled=True)]
    if any(each.failed for each in timeline):
        failed = tuple((each.middle_s, each.failed_per_second) for each in timeline)
        lines.append(Line("failed", Ink.FAILED, failed))
    if any(each.wanted_per_s is not None for each in timeline):
        wanted = tuple((each.middle_s, each.wanted_per_s) for each in timeline)
        lines.append(Line("wanted", Ink.WANTED, wanted, stepped=True))
    highest = _highest(lines)
    return Figure(
        "throughput",
        "Throughput over time",
        f"Requests a second over {timeline[-1].at_s:.0f} seconds, at most {number_text(highest)}.",
        _time(timeline),
        linear_axis("requests/s", highest * 1.02),
        tuple(lines),
    )


def _users(timeline: Sequence[Interval]) -> Figure:
    points = [(each.at_s - each.seconds, float(each.users)) for each in timeline]
    points.append((timeline[-1].at_s, float(timeline[-1].users)))
    most = max(each.users for each in timeline)
    return Figure(
        "users",
        "Users over time",
        f"Users at work over {timeline[-1].at_s:.0f} seconds, at most {most}.",
        _time(timeline),
        linear_axis("users", float(most)),
        (Line("users", Ink.USERS, tuple(points), stepped=True, filled=True),),
    )


def _latency(timeline: Sequence[Interval]) -> Figure:
    lines = (
        Line("p50", Ink.LOW, tuple((each.middle_s, each.p50_ms) for each in timeline)),
        Line("p95", Ink.MIDDLE, tuple((each.middle_s, each.p95_ms) for each in timeline)),
        Line("p99", Ink.HIGH, tuple((each.middle_s, each.p99_ms) for each in timeline)),
    )
    return Figure(
        "latency",
        "Latency over time",
        f"Percentiles of the latency in each second; p99 is at most {number_text(_highest(lines[2:]))} ms.",
        _time(timeline),
        _latency_axis(lines),
        lines,
    )


def _by_percentile(stage: StageResult) -> Figure:
    # The client's latency is none of the containers, so it has the colour that none of them has.
    measured = [("request", stage.latency, Ink.THROUGHPUT)]
    slowest = sorted(stage.container_latency.items(), key=lambda each: -each[1].sum_us)[:_MOST_CONTAINERS]
    measured += [(name, each, ink) for (name, each), ink in zip(slowest, _PERCENTILE_INKS, strict=False)]
    lines = tuple(Line(name, ink, _percentile_points(each)) for name, each, ink in measured if each.count)
    p99_ms = stage.latency.percentile_us(99) / 1000
    return Figure(
        "percentiles",
        f"Latency by percentile {_at(stage)}",
        f"Latency of {stage.latency.count:,} requests by percentile; 99 % took at most {number_text(p99_ms)} ms.",
        percentile_axis("percentile", _last_percent(stage.latency.count)),
        _latency_axis(lines),
        lines,
    )


def _throughput_by_users(stages: Sequence[StageResult], marks: tuple[Mark, ...]) -> Figure:
    line = Line(
        "requests/s",
        Ink.THROUGHPUT,
        tuple((float(stage.users), stage.per_second) for stage in stages),
        dotted=True,
        spreads=tuple(throughput_interval(stage) for stage in stages),
    )
    return Figure(
        "throughput-by-users",
        "Throughput by users",
        "; ".join(f"{stage.users} users: {number_text(stage.per_second)} requests/s" for stage in stages) + ".",
        named_axis("users", [float(stage.users) for stage in stages]),
        linear_axis("requests/s", max(_highest([line]), *(high for _, high in filter(None, line.spreads)), 0.0) * 1.02),
        (line,),
        marks,
    )


def _latency_by_users(stages: Sequence[StageResult], marks: tuple[Mark, ...]) -> Figure:
    answered = [stage for stage in stages if stage.latency.count]
    lines = tuple(
        Line(
            f"p{percent}",
            ink,
            tuple((float(stage.users), stage.latency.percentile_us(percent) / 1000) for stage in answered),
            dotted=True,
        )
        for percent, ink in ((50, Ink.LOW), (95, Ink.MIDDLE), (99, Ink.HIGH))
    )
    return Figure(
        "latency-by-users",
        "Latency by users",
        "Percentiles of the latency at each number of users.",
        named_axis("users", [float(stage.users) for stage in stages]),
        _latency_axis(lines),
        lines,
        marks,
    )


def _where_told(stage: StageResult, stages: Sequence[StageResult]) -> Mark:
    """Where the test's figures come from. A plateau is one only when there was more load, which brought no more."""
    more_load = stage is not stages[-1] and plateau_begins(stages) is stage
    figures = f"{number_text(stage.per_second)}/s {_at(stage)}"
    return Mark(float(stage.users), f"plateau: {figures}" if more_load else figures)


def _closed_stages(test: LoadTest) -> list[StageResult]:
    """One stage for each number of users, ascending: the telling one or else the last, when several had the same."""
    by_users = {stage.users: stage for stage in test.stages if stage.succeeded}
    if (told := test.telling_stage) is not None:
        by_users[told.users] = told
    return [by_users[users] for users in sorted(by_users)]


def _percentile_points(histogram: Histogram) -> tuple[tuple[float, float], ...]:
    """One point for each bucket: how many requests took as long as that or less."""
    points: list[tuple[float, float]] = []
    seen = 0
    for middle_us, count in histogram.spread_us():
        # Drawn where the bucket begins and ends: the line must be flat over all requests that took the same.
        for rank in (seen + 1, seen + count):
            percent = 100 * (rank - 0.5) / histogram.count
            points.append((percentile_place(percent), middle_us / 1000))
        seen += count
    return tuple(points)


def _last_percent(count: int) -> float:
    """The highest percentile that so many requests say anything about."""
    return 100 * (1 - 0.5 / count) if count > 1 else 50.0


def _latency_axis(lines: Sequence[Line]) -> Axis:
    values = [y for line in lines for _, y in line.points if y is not None]
    lowest, highest = min(values, default=1.0), max(values, default=1.0)
    if highest > _LINEAR_SPREAD * max(lowest, 0.001):
        return log_axis("ms", max(lowest, highest / 1e6), highest)
    return linear_axis("ms", highest * 1.02)


def _time(timeline: Sequence[Interval]) -> Axis:
    return time_axis("time", timeline[-1].at_s)


def _highest(lines: Sequence[Line]) -> float:
    return max((y for line in lines for _, y in line.points if y is not None), default=0.0)


def _at(stage: StageResult) -> str:
    return f"with {stage.users} {'user' if stage.users == 1 else 'users'}"
