"""`doctor`: whether this machine can serve."""

from __future__ import annotations

import argparse
import os
import sys

from include.sagemaker_local.cli.arguments import HOST_ERROR_STATUS, add_credentials, add_place
from include.sagemaker_local.doctor import examine
from include.sagemaker_local.signing_keys import signing_keys


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where the server would be, and its access keys."""
    add_place(parser)
    add_credentials(parser)


def doctor(options: argparse.Namespace) -> int:
    """One line for each thing that a server needs of this machine."""
    verifies = bool(signing_keys(options.credentials, os.environ))
    findings = examine(options.host, options.port, options.data_dir, verifies=verifies)
    for finding in findings:
        sys.stdout.write(f"{'ok  ' if finding.good else 'FAIL'}  {finding.text}\n")
    return 0 if all(finding.good for finding in findings) else HOST_ERROR_STATUS
