"""The commands of `python -m include.sagemaker_local`, each of which has a module here."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from include.sagemaker_local.cli import doctor, load, load_arguments, load_report, prepare, running, serve
from include.sagemaker_local.cli.arguments import HOST_ERROR_STATUS
from include.sagemaker_local.errors import HostError


@dataclass(frozen=True, slots=True)
class _Command:
    """One command: its arguments, and what runs it and returns the exit status; the docstring of that describes it."""

    name: str
    help: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]


_COMMANDS = (
    _Command("serve", "serve until SIGTERM or Ctrl-C", serve.add_arguments, serve.serve),
    _Command("status", "show a running server", running.add_url, running.status),
    _Command("reset", "empty a running server", running.add_url_and_credentials, running.reset),
    _Command("doctor", "say whether this machine can serve", doctor.add_arguments, doctor.doctor),
    _Command("load", "load a URL or a SageMaker endpoint, and measure it", load_arguments.add_arguments, load.load),
    _Command("load-report", "show a load test that was kept", load_report.add_arguments, load_report.load_report),
    _Command("prepare", "make the environments of images ahead of time", prepare.add_arguments, prepare.prepare),
)


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
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in _COMMANDS:
        sub = commands.add_parser(command.name, help=command.help, description=command.run.__doc__)
        sub.set_defaults(command=command.run)
        command.add_arguments(sub)
    return parser
