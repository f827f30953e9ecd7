"""`load`: drives a URL or a SageMaker endpoint, shows how it goes, and says what was measured."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys

from include.sagemaker_local.cli.load_arguments import (
    course_of,
    headers_of,
    method_of,
    payloads_of,
    target_of,
)
from include.sagemaker_local.cli.load_display import Display
from include.sagemaker_local.cli.load_results import check_reports, write_results
from include.sagemaker_local.clock import SystemClock
from include.sagemaker_local.errors import HostError
from include.sagemaker_local.load.course import Ramp, course_to_json, next_step
from include.sagemaker_local.load.document import LoadTest
from include.sagemaker_local.load.plan import LoadPlan, Tls
from include.sagemaker_local.load.process import drive
from include.sagemaker_local.load.report.words import course_text
from include.sagemaker_local.load.rules import StopReason, StopRules
from include.sagemaker_local.load.target import Target
from include.sagemaker_local.load.telling import reservations, telling
from include.sagemaker_local.load.threshold import judge
from include.sagemaker_local.load.watch import Watched, watch

FAILED_STATUS = 1
"""A threshold was crossed, or no request succeeded."""
INTERRUPTED_STATUS = 130
"""What shells make of SIGINT: 128 and its number."""

# A job's words for a traffic pattern do not fit what has no pattern; the others say what they mean anywhere.
_ENDS = {
    None: "it was interrupted",
    StopReason.COURSE_OVER: "its time was over",
    StopReason.FAILURES: "1 % of the requests failed, or more",
}


def load(options: argparse.Namespace) -> int:
    """Loads a URL or a SageMaker endpoint and says what was measured.

    Status 0: done; 1: a --fail-if holds, or no request succeeded; 2: it cannot be done; 130: interrupted.
    """
    target = target_of(options)
    plan = _plan(options, target)
    check_reports(options.html, options.png, options.json)
    _announce(target, plan, yes=options.yes)
    watched = asyncio.run(_watched(plan))
    test = _finished(options, target, plan, watched)
    write_results(test, options.html, options.png, options.json)
    if test.interrupted:
        return INTERRUPTED_STATUS
    failed = test.telling is None or any(judged.crossed for judged in test.thresholds)
    return FAILED_STATUS if failed else 0


def _plan(options: argparse.Namespace, target: Target) -> LoadPlan:
    payloads = payloads_of(options)
    if options.endpoint is not None and payloads == (b"",):
        raise HostError("an invocation needs a body: name one with --body or --payload")
    access, course = target.access, course_of(options)
    # The token of temporary credentials is a header like any other, and signed like them.
    token = (("x-amz-security-token", access.token),) if access and access.token else ()
    return LoadPlan(
        host=target.host,
        port=target.port,
        target=target.path,
        headers=(*headers_of(options), *token),
        payloads=payloads,
        course=course,
        rules=StopRules(stop_when_flat=isinstance(course, Ramp)),  # steps that somebody wrote down are all wanted
        timeout_s=options.timeout,
        key=access.key if access else None,
        region=access.region if access else "",
        method=method_of(options),
        tls=Tls(target.ca_file) if target.tls else None,
    )


def _announce(target: Target, plan: LoadPlan, *, yes: bool) -> None:
    """Say what will be done. Raises HostError when that is elsewhere and nobody agreed."""
    sizes = [len(payload) for payload in plan.payloads]
    bodies = f", {len(sizes)} bodies of {min(sizes)} to {max(sizes)} bytes in turn" if len(sizes) > 1 else ""
    sys.stderr.write(f"{plan.method} {target.url}: {course_text(plan.course)}{bodies}\n")
    if target.is_loopback or yes:
        return
    sys.stderr.write(
        f"{target.host} is not this machine. All of these requests are real: whoever answers them may bill them, "
        "throttle you, or have other users. Do not load what is in production.\n"
    )
    if not sys.stdin.isatty():
        raise HostError("nothing was sent; say --yes to load it")
    sys.stderr.write("Load it? [y/N] ")
    sys.stderr.flush()
    try:
        agreed = sys.stdin.readline().strip().lower() in ("y", "yes")
    except KeyboardInterrupt:
        agreed = False
    if not agreed:
        raise HostError("nothing was sent")


async def _watched(plan: LoadPlan) -> Watched:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    clock = SystemClock()
    display = Display(sys.stderr, clock)
    try:
        return await watch(plan, drive, clock, stop, display.show)
    finally:
        display.end()


def _finished(options: argparse.Namespace, target: Target, plan: LoadPlan, watched: Watched) -> LoadTest:
    step = None if watched.interrupted else next_step(plan.course, watched.stages, plan.rules)
    stopped_by = step if isinstance(step, StopReason) else None
    at = telling(plan.course, watched.stages, stopped_by)
    stage = None if at is None else watched.stages[at]
    return LoadTest(
        target={
            "name": target.name,
            "url": target.url,
            "endpoint": options.endpoint,
            "region": target.access.region if target.access else None,
            "variant": options.target_variant,
            "method": plan.method,
            "payloads": len(plan.payloads),
            "payload_bytes": sum(len(payload) for payload in plan.payloads),
            "timeout_s": plan.timeout_s,
        },
        course=course_to_json(plan.course),
        started_at_s=watched.started_at_s,
        ended_at_s=watched.ended_at_s,
        stages=watched.stages,
        telling=at,
        ended_by=_ENDS.get(stopped_by, str(stopped_by)),
        timeline=watched.timeline,
        interrupted=watched.interrupted,
        warnings=tuple(reservations(watched.stages, stage)),
        thresholds=judge(options.fail_if, stage),
    )
