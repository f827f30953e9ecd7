"""The data directory: made, checked to be writable, and held by one server at a time."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from include.sagemaker_local.errors import HostError


@contextmanager
def hold_data_dir(path: Path) -> Iterator[None]:
    """Holds `path` until the context ends or the process dies. Raises HostError when it cannot be used."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path / "lock", os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise HostError(_unusable(path, error)) from error
    try:
        _lock(descriptor, path)
        try:
            os.ftruncate(descriptor, 0)
            os.write(descriptor, f"{os.getpid()}\n".encode())
        except OSError as error:
            raise HostError(_unusable(path, error)) from error
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, path: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(descriptor, 32).decode(errors="replace").strip() or "unknown"
        raise HostError(
            f"the data directory {path} is used by another local SageMaker (process {holder}): "
            "stop that one or choose another directory with --data-dir"
        ) from None


def _unusable(path: Path, error: OSError) -> str:
    return (
        f"the data directory {path} cannot be written: {error.strerror or error}; "
        "check its permissions and free space, or choose another one with --data-dir"
    )
