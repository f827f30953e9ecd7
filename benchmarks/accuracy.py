"""How far a Default job's figures are from the truth, on endpoints whose truth is known.

    python -m benchmarks.accuracy [--seeds 20] [--scatter 0] [--most-workers 8]

Each seed draws a number of workers and a service time (20 to 60 ms, whole) for an endpoint in a process of its own
(benchmarks.known_endpoint), and the load engine measures it as a Default job does: a Ramp, with the generator in a
process of its own, over loopback. Truth is MaxInvocations = 60 workers / service time, which is the endpoint's capacity
however many users there are, and ModelLatency = service time, which is that of every request where the plateau begins:
with as many users as workers every worker has a request and no request waits. Measured are the two scalars as the API
tells them. Ends with 1 when one of them is off by more than 5 %.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import sys
import time
from dataclasses import dataclass

from benchmarks.known_endpoint import known_endpoint
from include.sagemaker_local.load.course import Ramp
from include.sagemaker_local.load.plan import LoadPlan
from include.sagemaker_local.load.process import drive
from include.sagemaker_local.load.rules import StopRules
from include.sagemaker_local.load.summary import LoadSummary, summarise

ALLOWED = 0.05
RULES = StopRules()
COURSE = Ramp()
SERVICE_MS = (20, 60)


@dataclass(frozen=True)
class Trial:
    """What one seed gave; errors are shares of the truth."""

    workers: int
    service_ms: int
    users: int
    invocations_error: float
    latency_error: float
    seconds: float


def main() -> None:
    """Measure and print the table."""
    arguments = _arguments()
    trials = []
    print(
        f"{'seed':>4} {'workers':>7} {'ms':>4} {'users':>5} {'MaxInvocations':>15} {'ModelLatency':>13} {'seconds':>8}"
    )
    for seed in range(arguments.seeds):
        trial = run(seed, arguments.most_workers, arguments.scatter)
        figures = f"{trial.invocations_error:+15.1%} {trial.latency_error:+13.1%} {trial.seconds:8.1f}"
        print(f"{seed:4} {trial.workers:7} {trial.service_ms:4} {trial.users:5} {figures}", flush=True)
        trials.append(trial)
    invocations = [abs(trial.invocations_error) for trial in trials]
    latencies = [abs(trial.latency_error) for trial in trials]
    print(f"MaxInvocations is off by {statistics.median(invocations):.1%}, at most {max(invocations):.1%}")
    print(f"ModelLatency is off by {statistics.median(latencies):.1%}, at most {max(latencies):.1%}")
    print(f"a test took {statistics.median(trial.seconds for trial in trials):.1f} s")
    if max(*invocations, *latencies) > ALLOWED:
        sys.exit(f"more than {ALLOWED:.0%} is too much")


def run(seed: int, most_workers: int, scatter: float) -> Trial:
    """One endpoint, measured."""
    draw = random.Random(seed)
    workers, service_ms = draw.randint(1, most_workers), draw.randint(*SERVICE_MS)
    began_s = time.monotonic()
    with known_endpoint(workers, service_ms, scatter, seed) as port:
        summary = asyncio.run(_measure(port))
    return Trial(
        workers,
        service_ms,
        summary.stage.users,
        summary.max_invocations / (60_000 * workers / service_ms) - 1,
        summary.model_latency_ms / service_ms - 1,
        time.monotonic() - began_s,
    )


async def _measure(port: int) -> LoadSummary:
    plan = LoadPlan(
        host="127.0.0.1",
        port=port,
        target="/endpoints/known/invocations",
        headers=(("content-type", "text/csv"),),
        payloads=(b"1,2,3\n",),
        course=COURSE,
        rules=RULES,
        timeout_s=30.0,
    )
    summary = summarise(COURSE, [stage async for stage in drive(plan)], RULES)
    if not isinstance(summary, LoadSummary):
        sys.exit(f"the endpoint was not measured: {summary.reason}")
    return summary


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--scatter", type=float, default=0.0)
    parser.add_argument("--most-workers", type=int, default=8)
    return parser.parse_args()


if __name__ == "__main__":
    main()
