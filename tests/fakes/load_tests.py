"""Load tests that have ended: one that ramped up to a plateau, one at a constant rate."""

from __future__ import annotations

from collections.abc import Sequence

from include.sagemaker_local.load.document import LoadTest
from include.sagemaker_local.load.histogram import Histogram
from include.sagemaker_local.load.stage import Failure, StageResult
from include.sagemaker_local.load.timeline import Interval

STARTED_AT_S = 1_700_000_000.25


def latencies(*milliseconds: float, times: int = 1) -> Histogram:
    """Each of them, `times` over."""
    histogram = Histogram()
    for latency_ms in milliseconds:
        histogram.record(round(latency_ms * 1000), times)
    return histogram


def stage(users: int, per_second: int, latency_ms: float, *, failed: int = 0) -> StageResult:
    """Two seconds in which nine of ten requests took `latency_ms` and the others three times as long."""
    latency = latencies(latency_ms, times=per_second * 18 // 10)
    return StageResult(
        users=users,
        span_s=2.0,
        succeeded=per_second * 2,
        failures={Failure.SERVER_ERROR: failed} if failed else {},
        failed_statuses={424: failed} if failed else {},
        first_failure="HTTP 424 <it broke>" if failed else None,
        latency=latency.merge(latencies(3 * latency_ms, times=per_second * 2 - latency.count)),
        model_latency=latencies(latency_ms * 0.9, times=per_second * 2),
        container_latency={
            "featurize": latencies(latency_ms * 0.3, times=per_second * 2),
            "predict": latencies(latency_ms * 0.6, times=per_second * 2),
        },
    )


def timeline(stages: Sequence[StageResult]) -> tuple[Interval, ...]:
    """Two intervals for each stage."""
    return tuple(
        Interval(
            at_s=float(second + 1),
            seconds=1.0,
            users=stages[second // 2].users,
            succeeded=round(stages[second // 2].per_second),
            failed=stages[second // 2].failed // 2,
            p50_ms=stages[second // 2].latency.percentile_us(50) / 1000,
            p95_ms=stages[second // 2].latency.percentile_us(95) / 1000,
            p99_ms=stages[second // 2].latency.percentile_us(99) / 1000,
        )
        for second in range(2 * len(stages))
    )


def ramp() -> LoadTest:
    """Four workers of 10 ms each: the plateau begins at 4 users."""
    stages = (stage(1, 100, 10), stage(2, 200, 10), stage(4, 400, 10), stage(8, 400, 20), stage(16, 400, 40, failed=6))
    return LoadTest(
        target={"name": "churn", "endpoint": "churn", "region": "us-east-1", "payloads": 2},
        course={"kind": "ramp", "stage_s": 3.0},
        started_at_s=STARTED_AT_S,
        ended_at_s=STARTED_AT_S + 10,
        stages=stages,
        telling=2,
        ended_by="more users bring no more throughput",
        timeline=timeline(stages),
        warnings=("it was <loud>",),
    )


def steady() -> LoadTest:
    """One stage in which nothing failed."""
    stages = (stage(10, 500, 20),)
    return LoadTest(
        target={"name": "http://127.0.0.1:1/"},
        course={"kind": "constant-users", "users": 10, "duration_s": 2.0},
        started_at_s=STARTED_AT_S,
        ended_at_s=STARTED_AT_S + 2,
        stages=stages,
        telling=0,
        ended_by="the course is over",
        timeline=timeline(stages),
    )


def nothing_answered() -> LoadTest:
    """Every request failed, and no stage gave figures."""
    failed = StageResult(1, 0.0, 0, {Failure.CONNECTION: 12}, "cannot connect to 127.0.0.1:1")
    return LoadTest(
        target={"name": "http://127.0.0.1:1/"},
        course={"kind": "constant-users", "users": 1, "duration_s": 2.0},
        started_at_s=STARTED_AT_S,
        ended_at_s=STARTED_AT_S + 2,
        stages=(failed,),
        telling=None,
        ended_by="1 % of the requests failed",
        timeline=(Interval(1.0, 1.0, 1, 0, 12),),
    )
