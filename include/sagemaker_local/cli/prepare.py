"""`prepare`: the environments of images, made ahead of time."""

from __future__ import annotations

import argparse
import asyncio
import sys

from include.sagemaker_local.cli.arguments import add_environments_dir
from include.sagemaker_local.runtime.image_environments import prepare_environments


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which images, and where their environments are kept."""
    parser.add_argument("images", nargs="+", metavar="IMAGE", help="an image's URI, as a model names it")
    add_environments_dir(parser)


def prepare(options: argparse.Namespace) -> int:
    """Makes the Python environments of framework images, unless they are there, and prints each one's interpreter.

    Models that are trained with it are made by the versions that will serve them.
    """
    for python in asyncio.run(prepare_environments(options.images, options.environments_dir.absolute(), _tell)):
        sys.stdout.write(f"{python}\n")
    return 0


def _tell(text: str) -> None:
    sys.stderr.write(f"{text}\n")
