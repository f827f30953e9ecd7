"""Model artifacts and payload archives, read as streams: nothing is unpacked, and memory holds one block at a time."""

from __future__ import annotations

import gzip
import hashlib
import tarfile
import zlib
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO

BLOCK_BYTES = 1024 * 1024
MAX_NAMED = 5  # offending members named per archive; the first few show what went wrong in the build


@dataclass(frozen=True, slots=True)
class Inspection:
    """What an archive holds: `digest` is the sha256 (hex) of its bytes; without problems it can be used."""

    digest: str
    files: int
    problems: tuple[str, ...] = ()


class _Hashing:
    """A stream that hashes what is read from it, and remembers when reading itself failed."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._sha256 = hashlib.sha256()
        self.failure: Exception | None = None

    def read(self, size: int = -1) -> bytes:
        try:
            block = self._stream.read(size)
        except Exception as error:
            self.failure = error
            raise
        self._sha256.update(block)
        return block

    def digest(self) -> str:
        while self.read(BLOCK_BYTES):
            pass
        return self._sha256.hexdigest()


def inspect(stream: IO[bytes]) -> Inspection:
    """Read a `.tar.gz` to its end. Raises what reading the stream raises; what is wrong inside is told."""
    source = _Hashing(stream)
    files, problems = 0, []
    try:
        with gzip.GzipFile(fileobj=source) as plain, tarfile.open(fileobj=plain, mode="r|") as archive:  # type: ignore[call-overload]
            for member in archive:
                files += member.isfile()
                problem = _problem_of(member)
                if problem:
                    problems.append(problem)
            while plain.read(BLOCK_BYTES):  # to the checksum at the end: a truncated upload shows there
                pass
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        if source.failure is not None:
            raise source.failure from None
        problems.append(_unreadable(error))
    return Inspection(source.digest(), files, _shortened(problems))


def first_file(stream: IO[bytes]) -> tuple[str, bytes] | None:
    """Name and content of the archive's first regular file, or None when it has none."""
    with tarfile.open(fileobj=stream, mode="r|gz") as archive:
        for member in archive:
            content = archive.extractfile(member) if member.isfile() else None
            if content is not None:
                return member.name, content.read()
    return None


def _problem_of(member: tarfile.TarInfo) -> str | None:
    path = PurePosixPath(member.name)
    if path.is_absolute() or ".." in path.parts:
        return f"the member {member.name!r} climbs out of the directory it is unpacked in"
    if member.issym() or member.islnk():
        return f"the member {member.name!r} is a link to {member.linkname!r}; pack the file itself"
    if not (member.isfile() or member.isdir()):
        return f"the member {member.name!r} is neither a file nor a directory"
    return None


def _unreadable(error: Exception) -> str:
    if isinstance(error, gzip.BadGzipFile):
        return f"is not gzip ({error})"
    if isinstance(error, EOFError):
        return "is truncated: it ends in the middle of its gzip stream"
    return f"is not a tar archive inside gzip ({error})"


def _shortened(problems: list[str]) -> tuple[str, ...]:
    if len(problems) <= MAX_NAMED:
        return tuple(problems)
    return (*problems[:MAX_NAMED], f"and {len(problems) - MAX_NAMED} more of the kind")
