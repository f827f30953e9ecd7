"""`doctor`: whether this machine can serve, and which environments of images it has."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from include.sagemaker_local.cli.arguments import (
    HOST_ERROR_STATUS,
    add_credentials,
    add_environments_dir,
    add_place,
    days,
)
from include.sagemaker_local.clock import SystemClock
from include.sagemaker_local.doctor import examine, examine_environments
from include.sagemaker_local.runtime.kept_environments import prune_environments
from include.sagemaker_local.signing_keys import signing_keys

_DAY_S = 24 * 3600


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where the server would be, its access keys, and what is to be done with old environments."""
    add_place(parser)
    add_credentials(parser)
    add_environments_dir(parser)
    parser.add_argument(
        "--prune-environments",
        type=days,
        metavar="DAYS",
        help="take away the environments that no container was prepared with for so many days, and half-made ones; "
        "refused while a server runs (default: none is taken away)",
    )


def doctor(options: argparse.Namespace) -> int:
    """One line for each thing that a server needs of this machine."""
    environments = options.environments_dir.absolute()
    if options.prune_environments is not None:
        _prune(environments, options.prune_environments)
    verifies = bool(signing_keys(options.credentials, os.environ))
    findings = examine(options.host, options.port, options.data_dir, verifies=verifies)
    findings += examine_environments(environments, SystemClock().now_s())
    for finding in findings:
        sys.stdout.write(f"{'ok  ' if finding.good else 'FAIL'}  {finding.text}\n")
    return 0 if all(finding.good for finding in findings) else HOST_ERROR_STATUS


def _prune(environments: Path, unused_days: float) -> None:
    for one in prune_environments(environments, unused_since_s=SystemClock().now_s() - unused_days * _DAY_S):
        sys.stdout.write(f"gone  environment {one.directory.name}, {one.size_bytes / 1e6:.0f} MB\n")
