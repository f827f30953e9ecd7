"""A file that is there completely or as it was before, also after a power cut."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


def replace_file(path: Path, content: bytes) -> None:
    """Raises OSError, leaving the file as it was."""
    partial = path.with_suffix(".partial")
    try:
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """What was created or renamed in the directory is there after a power cut. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def kept_or_undone(keep: Callable[[], None], restore: Callable[[], None]) -> Iterator[None]:
    """What is done inside is written by `keep` at the end, or, when the disk refuses, undone. Raises OSError."""
    yield
    try:
        keep()
    except OSError:
        restore()
        raise
