"""`serve`: everything on one URL, until SIGTERM or Ctrl-C."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from include.sagemaker_local.cli.arguments import (
    DEFAULTS,
    above_zero,
    add_credentials,
    add_environments_dir,
    add_place,
    count,
    factor,
    seconds,
)
from include.sagemaker_local.settings import RuntimeName, Settings
from include.sagemaker_local.signing_keys import signing_keys

if TYPE_CHECKING:
    from include.sagemaker_local.server import Server


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Everything that a server can be told."""
    add_place(parser)
    for add in (_add_process, _add_containers, _add_tempo, _add_limits):
        add(parser)
    add_environments_dir(parser)
    add_credentials(parser)


def _add_limits(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--max-instances",
        type=above_zero,
        default=DEFAULTS.max_instances,
        metavar="N",
        help="the instances of one type that all endpoints of a region may have together (default: %(default)d)",
    )
    parser.add_argument(
        "--estimate-instance-types",
        action="store_true",
        help="estimate instance types that this machine cannot hold from smaller sizes, in recommendation jobs, where "
        "they are refused otherwise; an estimate says so wherever it is shown, with its bounds",
    )
    parser.add_argument(
        "--max-payload-bytes",
        type=above_zero,
        default=DEFAULTS.max_invoke_body_bytes,
        metavar="N",
        help="the largest body that InvokeEndpoint takes (default: %(default)d, which is 25 MiB)",
    )
    parser.add_argument(
        "--max-hop-bytes",
        type=above_zero,
        default=DEFAULTS.max_hop_body_bytes,
        metavar="N",
        help="the largest answer that one container of a pipeline may hand to the next (default: %(default)d)",
    )


def _add_tempo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--startup-timeout",
        type=seconds,
        default=DEFAULTS.startup_timeout_s,
        metavar="S",
        help="seconds that a container has to answer /ping (default: %(default)g)",
    )
    parser.add_argument(
        "--stage-seconds",
        type=seconds,
        default=DEFAULTS.load_stage_s,
        metavar="S",
        help="seconds that a load test measures one number of users at most, unless it gets too few answers "
        "(default: %(default)g)",
    )
    parser.add_argument(
        "--time-scale",
        type=factor,
        default=DEFAULTS.time_scale,
        metavar="F",
        help="the part of its waits that a deployment really waits: 0.01 makes 10 minutes of baking 6 s. Containers "
        "and load tests take the time they take (default: %(default)g)",
    )
    parser.add_argument(
        "--metrics-seconds",
        type=seconds,
        default=DEFAULTS.metrics_interval_s,
        metavar="S",
        help="seconds between two publications of CloudWatch metrics and evaluations of alarms (default: %(default)g)",
    )


def _add_containers(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--runtime",
        type=RuntimeName,
        choices=list(RuntimeName),
        default=DEFAULTS.runtime,
        help="what runs containers: process, docker, or auto: Docker where its engine has the image, else processes "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--docker-socket",
        type=Path,
        default=DEFAULTS.docker_socket,
        metavar="PATH",
        help="the Docker engine's Unix socket (default: %(default)s)",
    )
    parser.add_argument(
        "--images",
        type=Path,
        metavar="FILE",
        help="which commands stand in for images (default: images.yaml in the data directory, if there is one)",
    )


def _add_process(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--gateway-processes",
        type=count,
        default=_gateway_processes(),
        metavar="N",
        help="processes that answer invocations on the port; 0: the server's own does, beside everything else "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--log-level", choices=["debug", "info", "warning", "error"], default="info", help="default: %(default)s"
    )


def serve(options: argparse.Namespace) -> int:
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
        estimate_instance_types=options.estimate_instance_types,
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


def _gateway_processes() -> int:
    """Two where two can run at once: measured, see docs/decisions/0011. Elsewhere no kernel spreads connections."""
    return min(2, len(os.sched_getaffinity(0))) if sys.platform == "linux" else 0
