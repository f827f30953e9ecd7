"""What several commands take: where a server is, its access keys, and numbers with their bounds."""

from __future__ import annotations

import argparse
import math
from pathlib import Path

from include.sagemaker_local.settings import Settings
from include.sagemaker_local.signing_keys import ACCESS_KEY_VARIABLE, SECRET_VARIABLE

# The machine cannot do it, or the arguments are wrong: argparse's own status.
HOST_ERROR_STATUS = 2
DEFAULTS = Settings(data_dir=Path(".sluice/local"))


def add_credentials(parser: argparse.ArgumentParser) -> None:
    """Adds --credentials."""
    parser.add_argument(
        "--credentials",
        type=Path,
        metavar="FILE",
        help="access keys in the form of ~/.aws/credentials; requests must be signed with one of them "
        f"(default: the one in {ACCESS_KEY_VARIABLE} and {SECRET_VARIABLE}, if they are set)",
    )


def add_place(parser: argparse.ArgumentParser) -> None:
    """Adds where a server listens and keeps everything: --host, --port, --data-dir."""
    parser.add_argument("--host", default=DEFAULTS.host, help="address to listen on (default: %(default)s)")
    parser.add_argument(
        "--port",
        type=_port,
        default=DEFAULTS.port,
        help="port to listen on; 0 takes a free one (default: %(default)s)",
    )
    parser.add_argument(
        "--data-dir", type=Path, default=DEFAULTS.data_dir, help="where everything is kept (default: %(default)s)"
    )


def add_environments_dir(parser: argparse.ArgumentParser) -> None:
    """Adds --environments-dir."""
    parser.add_argument(
        "--environments-dir",
        type=Path,
        default=DEFAULTS.environments_dir,
        metavar="DIR",
        help="where the Python environments of framework images are kept, for any number of servers "
        "(default: %(default)s)",
    )


def above_zero(text: str) -> int:
    """A whole number from 1. Raises ArgumentTypeError, or ValueError for what is no number, as all of these do."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a number above 0")
    return number


def count(text: str) -> int:
    """A whole number from 0."""
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"{text} is below 0")
    return number


def factor(text: str) -> float:
    """A part of a whole: above 0, at most 1."""
    number = float(text)
    if not 0 < number <= 1:  # nan is in no range
        raise argparse.ArgumentTypeError(f"{text} is not a factor above 0 and at most 1")
    return number


def seconds(text: str) -> float:
    """A time in seconds, above 0."""
    number = float(text)
    if not (number > 0 and math.isfinite(number)):
        raise argparse.ArgumentTypeError(f"{text} is not a number of seconds above 0")
    return number


def days(text: str) -> float:
    """A time in days, from 0."""
    number = float(text)
    if not (number >= 0 and math.isfinite(number)):
        raise argparse.ArgumentTypeError(f"{text} is not a number of days from 0")
    return number


def _port(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 65535:
        raise argparse.ArgumentTypeError(f"{text} is not a port: 0 to 65535")
    return number
