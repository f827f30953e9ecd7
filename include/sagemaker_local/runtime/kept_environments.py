"""The environments that are on disk: which there are, how large, when they were last used, and taking them away.

A server says that it runs by a shared lock; nothing is taken away while anybody holds it, so that no container loses
what it imports from. An environment that is being made has a lock of its own, and is left alone too.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from include.sagemaker_local.errors import HostError
from include.sagemaker_local.runtime.environments import RECORD, lock_of

_SERVERS_LOCK = "servers.lock"


@dataclass(frozen=True, slots=True)
class KeptEnvironment:
    """One environment. `last_used_s` is the time at which a container was last prepared with it, since the epoch.

    It is None for one that was never finished.
    """

    directory: Path
    size_bytes: int
    last_used_s: float | None


def kept_environments(directory: Path) -> list[KeptEnvironment]:
    """What is below `directory`, by name; nothing when it is not there."""
    if not directory.is_dir():
        return []
    places = sorted(place for place in directory.iterdir() if place.is_dir() and not place.is_symlink())
    return [KeptEnvironment(place, _size(place), _last_used_s(place)) for place in places]


@contextmanager
def environments_in_use(directory: Path) -> Iterator[None]:
    """Keeps others from taking environments away, until the context ends or the process dies.

    Where nothing can be written nobody can be kept from it, and nothing can be taken away either.
    """
    descriptor: int | None = None
    with suppress(OSError):
        directory.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(directory / _SERVERS_LOCK, os.O_RDWR | os.O_CREAT, 0o644)
        fcntl.flock(descriptor, fcntl.LOCK_SH)
    try:
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


def prune_environments(directory: Path, *, unused_since_s: float) -> list[KeptEnvironment]:
    """Takes away what was last used before that time, and what was never finished; returns it.

    Raises HostError, and takes nothing away, while a server runs that could use them.
    """
    if not directory.is_dir():
        return []
    try:
        servers = os.open(directory / _SERVERS_LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise HostError(f"cannot write {directory}: {error.strerror or error}") from error
    try:
        fcntl.flock(servers, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return [
            one
            for one in kept_environments(directory)
            if (one.last_used_s is None or one.last_used_s < unused_since_s) and _taken_away(one.directory)
        ]
    except BlockingIOError:
        raise HostError(f"a local SageMaker runs that uses the environments in {directory}: stop it first") from None
    finally:
        os.close(servers)


def _taken_away(place: Path) -> bool:
    """False for one that somebody is making."""
    lock = os.open(lock_of(place), os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        (place / RECORD).unlink(missing_ok=True)  # first, so that a removal which is interrupted leaves nothing usable
        shutil.rmtree(place)
    except BlockingIOError:
        return False
    except OSError as error:
        raise HostError(f"cannot take {place} away: {error.strerror or error}") from error
    finally:
        os.close(lock)
    return True


def _last_used_s(place: Path) -> float | None:
    try:
        return (place / RECORD).stat().st_mtime
    except OSError:
        return None


def _size(place: Path) -> int:
    return sum(Path(path, name).lstat().st_size for path, _, names in os.walk(place) for name in names)
