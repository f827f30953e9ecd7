"""What the process runtime tells a container process on its command line, and what the environment tells it."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

# gunicorn's default in AWS's containers: a worker that is busy for longer is replaced.
_DEFAULT_TIMEOUT_S = 60.0


class LaunchError(Exception):
    """A variable of the container's environment that cannot be served; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Confinement:
    """What every container process is told: whose it is, and what of the machine it may use."""

    lifeline_fd: int  # reads end-of-file when the server is gone
    server_pid: int
    cpus: frozenset[int]
    memory_bytes: int


@dataclass(frozen=True, slots=True)
class Launch:
    """One framework container, as it was started."""

    framework: str  # a name of framework.py's table
    image_version: str  # what the image's tag names, for the log; may be empty
    listen_fd: int  # a bound, listening socket
    max_body_bytes: int
    confinement: Confinement


@dataclass(frozen=True, slots=True)
class ServingEnvironment:
    """The variables that AWS's framework containers read. A snapshot: later changes by user code do not count."""

    model_dir: Path
    code_dir: Path
    program: str | None
    workers: int
    timeout_s: float
    default_accept: str | None
    batch: bool
    max_content_length: str | None
    inference_output: str | None
    spark_schema: str | None = None


def parse(arguments: Sequence[str]) -> Launch:
    """The command line as the process runtime writes it."""
    parser = argparse.ArgumentParser(prog="python -m include.sagemaker_local.serving")
    parser.add_argument("--framework", required=True)
    parser.add_argument("--image-version", required=True)
    for name in ("--listen-fd", "--max-body-bytes"):
        parser.add_argument(name, required=True, type=int)
    add_confinement(parser)
    options = parser.parse_args(arguments)
    return Launch(
        options.framework, options.image_version, options.listen_fd, options.max_body_bytes, confinement_of(options)
    )


def add_confinement(parser: argparse.ArgumentParser) -> None:
    """The options that every container process has."""
    for name in ("--lifeline-fd", "--server-pid", "--memory-bytes"):
        parser.add_argument(name, required=True, type=int)
    parser.add_argument("--cpus", required=True, type=lambda text: frozenset(map(int, text.split(","))))


def confinement_of(options: argparse.Namespace) -> Confinement:
    """What they say."""
    return Confinement(options.lifeline_fd, options.server_pid, options.cpus, options.memory_bytes)


def read_environment() -> ServingEnvironment:
    """The container's variables. Raises LaunchError for a value that AWS's containers could not use either."""
    return ServingEnvironment(
        model_dir=Path(os.environ["SAGEMAKER_BASE_DIR"]) / "model",
        code_dir=Path(os.environ["SAGEMAKER_SUBMIT_DIRECTORY"]),
        program=os.environ.get("SAGEMAKER_PROGRAM") or None,
        workers=int(_positive("SAGEMAKER_MODEL_SERVER_WORKERS", os.cpu_count() or 1)),
        timeout_s=_positive("SAGEMAKER_MODEL_SERVER_TIMEOUT", _DEFAULT_TIMEOUT_S),
        default_accept=os.environ.get("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT") or None,
        batch=bool(os.environ.get("SAGEMAKER_BATCH")),
        max_content_length=os.environ.get("MAX_CONTENT_LENGTH"),
        inference_output=os.environ.get("SAGEMAKER_INFERENCE_OUTPUT"),
        spark_schema=os.environ.get("SAGEMAKER_SPARKML_SCHEMA"),
    )


def _positive(name: str, default: float) -> float:
    text = os.environ.get(name) or str(default)
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 1 <= value < float("inf"):
        raise LaunchError(f"the container's environment sets {name}={text!r}; it has to be a number of at least 1")
    return value
