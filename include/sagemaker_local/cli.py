"""The command line: serve, status, reset, doctor, prepare."""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import logging
import math
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from include.sagemaker_local.clock import SystemClock
from include.sagemaker_local.doctor import examine
from include.sagemaker_local.errors import HostError
from include.sagemaker_local.http1.messages import Request
from include.sagemaker_local.runtime.image_environments import prepare_environments
from include.sagemaker_local.settings import RuntimeName, Settings
from include.sagemaker_local.signing_keys import ACCESS_KEY_VARIABLE, SECRET_VARIABLE, signing_keys
from include.sagemaker_local.wire.sigv4 import Key, signed

if TYPE_CHECKING:
    from include.sagemaker_local.server import Server

# The machine cannot do it, or the arguments are wrong: argparse's own status.
HOST_ERROR_STATUS = 2
# `reset` waits for containers to end, which have half a minute for it.
_ADMIN_TIMEOUT_S = 60.0
_DEFAULTS = Settings(data_dir=Path(".sluice/local"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command and returns the exit status: 0, or 2 with one line on stderr that says what to change."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.command(options))
    except HostError as error:
        sys.stderr.write(f"sagemaker-local: {error}\n")
        return HOST_ERROR_STATUS


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="sagemaker-local", description="A SageMaker on this machine.")
    commands = parser.add_subparsers(required=True, metavar="{serve,status,reset,doctor,prepare}")
    serve = commands.add_parser("serve", help="serve until SIGTERM or Ctrl-C", description=_serve.__doc__)
    serve.set_defaults(command=_serve)
    serve.add_argument(
        "--gateway-processes",
        type=_count,
        default=_gateway_processes(),
        metavar="N",
        help="processes that answer invocations on the port; 0: the server's own does, beside everything else "
        "(default: %(default)s)",
    )
    serve.add_argument(
        "--startup-timeout",
        type=_seconds,
        default=_DEFAULTS.startup_timeout_s,
        metavar="S",
        help="seconds that a container has to answer /ping (default: %(default)g)",
    )
    serve.add_argument(
        "--stage-seconds",
        type=_seconds,
        default=_DEFAULTS.load_stage_s,
        metavar="S",
        help="seconds that a load test holds one number of users before it adds more (default: %(default)g)",
    )
    serve.add_argument(
        "--max-instances",
        type=_size,
        default=_DEFAULTS.max_instances,
        metavar="N",
        help="the instances of one type that all endpoints of a region may have together (default: %(default)d)",
    )
    serve.add_argument(
        "--time-scale",
        type=_factor,
        default=_DEFAULTS.time_scale,
        metavar="F",
        help="the part of its waits that a deployment really waits: 0.01 makes 10 minutes of baking 6 s. Containers "
        "and load tests take the time they take (default: %(default)g)",
    )
    serve.add_argument(
        "--max-payload-bytes",
        type=_size,
        default=_DEFAULTS.max_invoke_body_bytes,
        metavar="N",
        help="the largest body that InvokeEndpoint takes (default: %(default)d, which is 25 MiB)",
    )
    serve.add_argument(
        "--max-hop-bytes",
        type=_size,
        default=_DEFAULTS.max_hop_body_bytes,
        metavar="N",
        help="the largest answer that one container of a pipeline may hand to the next (default: %(default)d)",
    )
    serve.add_argument(
        "--metrics-seconds",
        type=_seconds,
        default=_DEFAULTS.metrics_interval_s,
        metavar="S",
        help="seconds between two publications of CloudWatch metrics and evaluations of alarms (default: %(default)g)",
    )
    serve.add_argument(
        "--runtime",
        type=RuntimeName,
        choices=list(RuntimeName),
        default=_DEFAULTS.runtime,
        help="what runs containers: process, docker, or auto: Docker where its engine has the image, else processes "
        "(default: %(default)s)",
    )
    serve.add_argument(
        "--docker-socket",
        type=Path,
        default=_DEFAULTS.docker_socket,
        metavar="PATH",
        help="the Docker engine's Unix socket (default: %(default)s)",
    )
    serve.add_argument(
        "--log-level", choices=["debug", "info", "warning", "error"], default="info", help="default: %(default)s"
    )
    doctor = commands.add_parser("doctor", help="say whether this machine can serve", description=_doctor.__doc__)
    doctor.set_defaults(command=_doctor)
    serve.add_argument(
        "--images",
        type=Path,
        metavar="FILE",
        help="which commands stand in for images (default: images.yaml in the data directory, if there is one)",
    )
    prepare = commands.add_parser(
        "prepare", help="make the environments of images ahead of time", description=_prepare.__doc__
    )
    prepare.set_defaults(command=_prepare)
    prepare.add_argument("images", nargs="+", metavar="IMAGE", help="an image's URI, as a model names it")
    for place in (serve, prepare):
        place.add_argument(
            "--environments-dir",
            type=Path,
            default=_DEFAULTS.environments_dir,
            metavar="DIR",
            help="where the Python environments of framework images are kept, for any number of servers "
            "(default: %(default)s)",
        )
    for place in (serve, doctor):
        _add_place(place)
        _add_credentials(place)
    for name, command, text in (("status", _status, "show a running server"), ("reset", _reset, "empty one")):
        admin = commands.add_parser(name, help=text, description=command.__doc__)
        admin.set_defaults(command=command)
        admin.add_argument("--url", default=f"http://{_DEFAULTS.host}:{_DEFAULTS.port}", help="default: %(default)s")
        if command is _reset:
            _add_credentials(admin)
    return parser


def _add_credentials(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--credentials",
        type=Path,
        metavar="FILE",
        help="access keys in the form of ~/.aws/credentials; requests must be signed with one of them "
        f"(default: the one in {ACCESS_KEY_VARIABLE} and {SECRET_VARIABLE}, if they are set)",
    )


def _add_place(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default=_DEFAULTS.host, help="address to listen on (default: %(default)s)")
    parser.add_argument(
        "--port",
        type=_port,
        default=_DEFAULTS.port,
        help="port to listen on; 0 takes a free one (default: %(default)s)",
    )
    parser.add_argument(
        "--data-dir", type=Path, default=_DEFAULTS.data_dir, help="where everything is kept (default: %(default)s)"
    )


def _serve(options: argparse.Namespace) -> int:
    """Serves everything on one URL, and says on stdout when it is ready."""
    import uvloop  # these take a second to load, which the other commands need not wait for

    from include.sagemaker_local.server import Server

    logging.basicConfig(
        stream=sys.stderr, level=options.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    settings = Settings(
        data_dir=options.data_dir.absolute(),
        host=options.host,
        port=options.port,
        gateway_processes=options.gateway_processes,
        startup_timeout_s=options.startup_timeout,
        load_stage_s=options.stage_seconds,
        time_scale=options.time_scale,
        max_instances=options.max_instances,
        max_invoke_body_bytes=options.max_payload_bytes,
        max_hop_body_bytes=options.max_hop_bytes,
        metrics_interval_s=options.metrics_seconds,
        runtime=options.runtime,
        docker_socket=options.docker_socket,
        signing_keys=signing_keys(options.credentials, os.environ),
        images_file=options.images.absolute() if options.images else None,
        environments_dir=options.environments_dir.absolute(),
    )
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve_until_told(Server.start, settings))
    return 0


async def _serve_until_told(start: Callable[[Settings], Awaitable[Server]], settings: Settings) -> None:
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    server = await start(settings)
    try:
        if not told.is_set():
            sys.stdout.write(f"sagemaker-local ready {server.url}\n")
            sys.stdout.flush()
        await told.wait()
    finally:
        await server.close()


def _status(options: argparse.Namespace) -> int:
    """Shows what a running server holds."""
    health = json.loads(_call(options.url, "GET", "/_local/health"))
    endpoints = ", ".join(f"{count} {status}" for status, count in health["endpoints"].items()) or "none"
    sys.stdout.write(f"running at {options.url}\ndata directory: {health['data_dir']}\nendpoints: {endpoints}\n")
    return 0


def _reset(options: argparse.Namespace) -> int:
    """Empties a running server: endpoints, models, jobs, S3, everything."""
    _call(options.url, "POST", "/_local/reset", signing_keys(options.credentials, os.environ))
    sys.stdout.write(f"{options.url} is empty now\n")
    return 0


def _doctor(options: argparse.Namespace) -> int:
    """One line for each thing that a server needs of this machine."""
    verifies = bool(signing_keys(options.credentials, os.environ))
    findings = examine(options.host, options.port, options.data_dir, verifies=verifies)
    for finding in findings:
        sys.stdout.write(f"{'ok  ' if finding.good else 'FAIL'}  {finding.text}\n")
    return 0 if all(finding.good for finding in findings) else HOST_ERROR_STATUS


def _prepare(options: argparse.Namespace) -> int:
    """Makes the Python environments of framework images, unless they are there, and prints each one's interpreter.

    Models that are trained with it are made by the versions that will serve them.
    """
    for python in asyncio.run(prepare_environments(options.images, options.environments_dir.absolute(), _tell)):
        sys.stdout.write(f"{python}\n")
    return 0


def _tell(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def _call(url: str, method: str, path: str, keys: Mapping[str, str] | None = None) -> bytes:
    """The body of a 200, asked for with a signature when there are `keys`. Raises HostError."""
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname:
        raise HostError(f"{url!r} is not the URL of a local SageMaker: it looks like http://127.0.0.1:4566")
    connection = http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=_ADMIN_TIMEOUT_S)
    try:
        connection.request(method, path, headers=_signature(method, path, parts.netloc, keys or {}))
        response = connection.getresponse()
        body = response.read()
    except (OSError, http.client.HTTPException) as error:
        raise HostError(f"no local SageMaker answers at {url}: {error}; start one with `serve`") from error
    finally:
        connection.close()
    if response.status == 403:
        raise HostError(f"{url} verifies signatures and refused this one: {body.decode(errors='replace')}")
    if response.status != 200:
        raise HostError(f"what answers at {url} is not a local SageMaker, or it failed: status {response.status}")
    return body


def _signature(method: str, path: str, host: str, keys: Mapping[str, str]) -> dict[str, str]:
    for access_key, secret in keys.items():
        plain = Request(method.encode(), path.encode(), [(b"host", host.encode())])
        request = signed(plain, Key(access_key, secret), "us-east-1", "sagemaker", SystemClock().now_s())
        return {name.decode(): value.decode() for name, value in request.headers}
    return {}


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"{text} is not a port: 0 to 65535")
    return port


def _size(text: str) -> int:
    size = int(text)
    if size < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a number of bytes above 0")
    return size


def _gateway_processes() -> int:
    """Two where two can run at once: measured, see docs/decisions/0011. Elsewhere no kernel spreads connections."""
    return min(2, len(os.sched_getaffinity(0))) if sys.platform == "linux" else 0


def _count(text: str) -> int:
    count = int(text)
    if count < 0:
        raise argparse.ArgumentTypeError(f"{text} is not a number of processes")
    return count


def _factor(text: str) -> float:
    factor = float(text)
    if not 0 < factor <= 1:  # nan is in no range
        raise argparse.ArgumentTypeError(f"{text} is not a factor above 0 and at most 1")
    return factor


def _seconds(text: str) -> float:
    seconds = float(text)
    if not (seconds > 0 and math.isfinite(seconds)):
        raise argparse.ArgumentTypeError(f"{text} is not a number of seconds above 0")
    return seconds
