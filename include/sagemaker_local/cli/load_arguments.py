"""What `load` takes, and what that means: the target, the course, the payloads.

The forms of numbers are those that load tools have in common; see docs/load.md.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from include.sagemaker_local.cli.arguments import above_zero
from include.sagemaker_local.cli.load_results import add_reports
from include.sagemaker_local.errors import ArtifactError, HostError
from include.sagemaker_local.load.course import ConstantRate, ConstantUsers, Course, Ramp
from include.sagemaker_local.load.notation import duration_s, phases, rate_per_s, stairs
from include.sagemaker_local.load.payload import read_payloads
from include.sagemaker_local.load.ramp import MAX_USERS
from include.sagemaker_local.load.target import Target, url_target
from include.sagemaker_local.load.threshold import threshold

# As wrk has them: enough to see something, few enough to harm nobody.
_USERS = 10
_DURATION_S = 10.0
# New connections, and the caches of whoever answers.
_WARM_UP_S = 1.0
_RAMP_STAGE_S = 3.0
# As long as SageMaker gives a container, which is the longest of all that are commonly loaded.
_TIMEOUT_S = 60.0
# Those whose answers are read as any other's; a HEAD's would announce a body that does not come.
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
# What an HTTP server takes is its own business; this bounds what a mistaken archive can fill the memory with.
_MAX_BODY_BYTES = 100 * 1024 * 1024


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Target, course, requests and results."""
    _add_target(parser)
    _add_course(parser)
    _add_requests(parser)
    _add_results(parser)


def _add_target(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("url", nargs="?", metavar="URL", help="what to load, over http or https")
    group = parser.add_argument_group("a SageMaker endpoint instead of a URL")
    group.add_argument("--endpoint", metavar="NAME", help="the endpoint's name; requests are signed (version 4)")
    group.add_argument("--region", metavar="R", help="default: what the AWS configuration says")
    group.add_argument("--profile", metavar="P", help="of the AWS configuration; default: what it says")
    group.add_argument("--endpoint-url", metavar="URL", help="where SageMaker is, such as http://127.0.0.1:4566")
    group.add_argument("--target-variant", metavar="V", help="the production variant that is to answer")


def _add_course(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("course")
    one = group.add_mutually_exclusive_group()
    one.add_argument(
        "-r",
        "--rate",
        type=_as(rate_per_s),
        metavar="R",
        help="requests a second, answered or not: 500, 500/s, 30000/m",
    )
    one.add_argument("--ramp", action="store_true", help="1, 2, 4, ... users until more bring no more throughput")
    one.add_argument("--phases", type=_as(phases), metavar="P", help="DURATION:USERS[+MORE/m],... one after the other")
    one.add_argument("--stairs", type=_as(stairs), metavar="S", help="DURATION:STEPSxUSERS, so many more each step")
    group.add_argument(
        "-c", "--users", type=above_zero, metavar="N",
        help=f"users who ask, wait and ask again (default: {_USERS}); with --rate, requests under way at most "
        f"(default: {MAX_USERS})",
    )  # fmt: skip
    group.add_argument("-d", "--duration", type=_as(duration_s), metavar="T", help="how long, 30s or 2m (default: 10s)")
    group.add_argument("--warm-up", type=_as(_or_none), metavar="T", help="before that, in no figure (default: 1s)")
    group.add_argument(
        "--stage",
        type=_as(duration_s),
        metavar="T",
        help="how long --ramp measures a number of users at most (default: 3s)",
    )


def _add_requests(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("requests")
    body = group.add_mutually_exclusive_group()
    body.add_argument(
        "-b", "--body", "--data", dest="bodies", action="append", metavar="TEXT|@FILE",
        help="a request's body; several are sent in turn; @- is standard input",
    )  # fmt: skip
    body.add_argument(
        "--payload", type=Path, metavar="TAR.GZ", help="an archive of bodies, as recommendation jobs read it"
    )
    group.add_argument(
        "-X", "--method", type=_as(_method), metavar="M", help="default: GET, or POST when there is a body"
    )
    group.add_argument(
        "-H", "--header", dest="headers", type=_as(_header), action="append", default=[], metavar="'NAME: VALUE'"
    )
    group.add_argument("--content-type", metavar="TYPE")
    group.add_argument("--accept", metavar="TYPE")
    group.add_argument(
        "--timeout", type=_as(duration_s), default=_TIMEOUT_S, metavar="T", help="of a request (default: 60s)"
    )


def _add_results(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("results")
    group.add_argument("--json", metavar="FILE", help="write the result document; - is standard output")
    add_reports(group)
    group.add_argument(
        "--fail-if", type=_as(threshold), action="append", default=[], metavar="CONDITION",
        help="exit with status 1 when it holds: p95>200ms (any percentile, mean, max), errors>1%%, rps<500",
    )  # fmt: skip
    group.add_argument("-y", "--yes", action="store_true", help="load a target that is not on this machine")


def target_of(options: argparse.Namespace) -> Target:
    """What the options say is to be loaded. Raises HostError when that is nothing, or two things."""
    if (options.url is None) == (options.endpoint is None):
        raise HostError("say what to load: a URL, or the --endpoint of a SageMaker")
    if options.endpoint is not None:
        _refuse(options, "--endpoint", {"method": "an invocation is a POST"})
        from include.sagemaker_local.load.aws_target import endpoint_target  # botocore takes half a second to load

        return endpoint_target(
            options.endpoint, region=options.region, endpoint_url=options.endpoint_url, profile=options.profile
        )
    _refuse(options, "a URL", dict.fromkeys(("region", "profile", "endpoint_url", "target_variant"), "of --endpoint"))
    try:
        return url_target(options.url)
    except ValueError as error:
        raise HostError(str(error)) from error


def course_of(options: argparse.Namespace) -> Course:
    """What load runs when. Raises HostError for an option that another one leaves without a meaning."""
    laid_down = next((name for name in ("ramp", "phases", "stairs") if getattr(options, name)), None)
    if laid_down is not None:
        _refuse(options, f"--{laid_down}", dict.fromkeys(("users", "duration", "warm_up"), "it has its own"))
    if not options.ramp:
        _refuse(options, "another course", {"stage": "it is the length of --ramp's stages"})
    if options.ramp:
        return Ramp(options.stage or _RAMP_STAGE_S)
    if laid_down is not None:
        course: Course = options.phases or options.stairs
        return course
    duration = options.duration or _DURATION_S
    warm_up = _WARM_UP_S if options.warm_up is None else options.warm_up
    if options.rate is not None:
        return ConstantRate(options.rate, duration, options.users or MAX_USERS, warm_up)
    return ConstantUsers(options.users or _USERS, duration, warm_up)


def payloads_of(options: argparse.Namespace) -> tuple[bytes, ...]:
    """The bodies, one empty one when none is named. Raises HostError when a file cannot be read."""
    try:
        if options.payload is not None:
            return tuple(read_payloads(options.payload.read_bytes(), str(options.payload), _MAX_BODY_BYTES))
        return tuple(_body(text) for text in options.bodies or ()) or (b"",)
    except (OSError, ArtifactError) as error:
        raise HostError(str(error)) from error


def headers_of(options: argparse.Namespace) -> tuple[tuple[str, str], ...]:
    """Names in lower case and values."""
    headers: list[tuple[str, str]] = list(options.headers)
    for name, value in (
        ("content-type", options.content_type),
        ("accept", options.accept),
        ("x-amzn-sagemaker-target-variant", options.target_variant),
    ):
        if value is not None:
            headers.append((name, value))
    return tuple(headers)


def method_of(options: argparse.Namespace) -> str:
    """The method of all requests."""
    with_body = options.endpoint or options.bodies or options.payload
    return str(options.method or ("POST" if with_body else "GET"))


def _refuse(options: argparse.Namespace, beside: str, reasons: dict[str, str]) -> None:
    for name, reason in reasons.items():
        if getattr(options, name) is not None:
            raise HostError(f"--{name.replace('_', '-')} has no meaning beside {beside}: {reason}")


def _body(text: str) -> bytes:
    if text == "@-":
        return sys.stdin.buffer.read()
    return Path(text[1:]).read_bytes() if text.startswith("@") else text.encode()


def _method(text: str) -> str:
    if text.upper() not in _METHODS:
        raise ValueError(f"{text!r} is none of {', '.join(_METHODS)}")
    return text.upper()


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip() or any(c in text for c in "\r\n") or not (name + value).isascii():
        raise ValueError(f"{text!r} is not a header such as 'Authorization: Bearer 1234'")
    return name.strip().lower(), value.strip()


def _or_none(text: str) -> float:
    """A duration that may be 0."""
    return 0.0 if text.strip() in ("0", "0s") else duration_s(text)


def _as(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    """The same with the error that argparse shows as it is."""

    def parsed(text: str) -> Any:
        try:
            return parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return parsed
