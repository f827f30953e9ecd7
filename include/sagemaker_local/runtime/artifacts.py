"""Model artifacts and payload archives (`.tar.gz`): checked whole before a single file of them is written.

SageMaker refuses archives with links; the rest of the checks keep an archive inside its own directory and within the
space that a model may take.
"""

from __future__ import annotations

import gzip
import io
import os
import posixpath
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

from include.sagemaker_local.errors import ArtifactError, HostError

# A real-time instance without a local disk has a 30 GB volume for model and image together. A machine that plays
# SageMaker gets a smaller share: enough for models that fit its memory, and a few MB of packed zeros stop here.
MAX_UNPACKED_BYTES = 8 * 1024**3
# Each member costs an inode and about 1 KB of memory while it is checked; real model archives hold a few hundred.
MAX_MEMBERS = 100_000
# What Linux takes: of a path (PATH_MAX, 4096) less room for the container's directory, and of a name (NAME_MAX).
_MAX_PATH_BYTES = 3072
_MAX_NAME_BYTES = 255
# A header that carries a long name or PAX records is read into memory as a whole. Real ones have a few hundred bytes.
_MAX_HEADER_BYTES = 1024**2
_GZIP_MAGIC = b"\x1f\x8b"  # RFC 1952, 2.3.1
_SPOOL_BYTES = 64 * 1024**2  # an unpacked archive up to this size is held in memory, a larger one in an anonymous file
_CHUNK_BYTES = 1024**2


class _HeaderRefused(ValueError):
    """A header that tarfile would misread, or read for ever."""


class _Member(tarfile.TarInfo):
    """Looks at each header before tarfile acts on it."""

    def _proc_member(self, archive: tarfile.TarFile) -> Any:
        if self.size < 0:
            # tarfile would go back in the archive, and read the same members again and again.
            raise _HeaderRefused("a member has a negative size")
        if self.type in (tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, *_PAX_TYPES):
            if self.size > _MAX_HEADER_BYTES:
                raise _HeaderRefused(f"a header has more than {_MAX_HEADER_BYTES} bytes")
            self._refuse_sparse_records(archive)
        if self.type == tarfile.GNUTYPE_SPARSE:
            raise _HeaderRefused(_SPARSE)
        return super()._proc_member(archive)  # type: ignore[misc]  # tarfile's comments name it as the one to override

    def _refuse_sparse_records(self, archive: tarfile.TarFile) -> None:
        source: Any = archive.fileobj
        here = source.tell()
        records = source.read(self.size)
        source.seek(here)
        if self.type in _PAX_TYPES and b"GNU.sparse" in records:
            raise _HeaderRefused(_SPARSE)


_PAX_TYPES = (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE)
# What a sparse member says of its holes is read without an end by tarfile when it is not true.
_SPARSE = "it holds a sparse file; pack it without tar's --sparse"


def check(data: bytes, uri: str, *, max_unpacked_bytes: int = MAX_UNPACKED_BYTES) -> None:
    """Refuse an archive that could not be unpacked safely and completely.

    Raises ArtifactError, naming `uri` and the reason: not gzip, not tar, truncated, empty, too large, a link or device
    among its members, an absolute path, or a path that climbs out of the directory.
    """
    with _decompressed(data, uri, max_unpacked_bytes) as plain, _opened(plain, uri) as archive:
        _checked_members(archive, plain, uri, max_unpacked_bytes)


def unpack(data: bytes, uri: str, destination: Path, *, max_unpacked_bytes: int = MAX_UNPACKED_BYTES) -> None:
    """Check the archive as `check` does, then write its files below `destination`, which is made when missing.

    Nothing is written when a check fails. Files get mode 644, or 755 when their owner may execute them; owners, times
    and special bits of the archive are not taken over. Raises ArtifactError, or HostError when the disk refuses.
    """
    with _decompressed(data, uri, max_unpacked_bytes) as plain, _opened(plain, uri) as archive:
        members = _checked_members(archive, plain, uri, max_unpacked_bytes)
        try:
            destination.mkdir(parents=True, exist_ok=True)
            for member in members:
                _write(archive, member, destination)
        except OSError as error:
            raise HostError(f"cannot unpack {uri} to {destination}: {error.strerror or error}") from error


def _decompressed(data: bytes, uri: str, max_unpacked_bytes: int) -> IO[bytes]:
    if not data:
        raise ArtifactError(f"{uri} is empty (0 bytes); it must be a tar archive compressed with gzip")
    if not data.startswith(_GZIP_MAGIC):
        raise ArtifactError(f"{uri} is not gzip; it must be a tar archive compressed with gzip")
    plain: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES)  # noqa: SIM115 - the caller closes it
    try:
        _inflate(data, plain, uri, max_unpacked_bytes)
    except BaseException:
        plain.close()
        raise
    return plain


def _inflate(data: bytes, plain: IO[bytes], uri: str, max_unpacked_bytes: int) -> None:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                if plain.tell() + len(chunk) > max_unpacked_bytes:
                    raise _too_large(uri, max_unpacked_bytes)
                plain.write(chunk)
    except EOFError:
        raise ArtifactError(f"{uri} is truncated: its gzip data ends too early; upload it again") from None
    except gzip.BadGzipFile as error:
        raise ArtifactError(f"{uri} is damaged: {error}; upload it again") from None
    except zlib.error as error:
        raise ArtifactError(f"{uri} is damaged: its gzip data cannot be decompressed ({error})") from None
    except OSError as error:
        raise HostError(f"cannot unpack {uri} to a temporary file: {error.strerror or error}") from error
    plain.seek(0)


def _opened(plain: IO[bytes], uri: str) -> tarfile.TarFile:
    try:
        return tarfile.open(fileobj=plain, mode="r:", tarinfo=_Member)
    except _HeaderRefused as error:
        raise ArtifactError(f"{uri} cannot be used: {error}") from None
    except (tarfile.TarError, ValueError) as error:
        if _size(plain) == 0:
            raise ArtifactError(f"{uri} is empty: it holds no files") from None
        raise ArtifactError(f"{uri} is gzip, but what it holds is not a tar archive ({error})") from None


def _checked_members(
    archive: tarfile.TarFile, plain: IO[bytes], uri: str, max_unpacked_bytes: int
) -> list[tarfile.TarInfo]:
    size = _size(plain)
    members: list[tarfile.TarInfo] = []
    total = 0
    try:
        for member in archive:
            _check_kind(member, uri)
            _check_path(member, uri)
            total += member.size
            if total > max_unpacked_bytes or len(members) >= MAX_MEMBERS:
                raise _too_large(uri, max_unpacked_bytes)
            if member.size < 0:  # a PAX record may say so as well
                raise _HeaderRefused("a member has a negative size")
            if member.offset_data + member.size > size:
                raise ArtifactError(f"{uri} is truncated within its member {member.name!r}; pack and upload it again")
            members.append(member)
    except _HeaderRefused as error:
        raise ArtifactError(f"{uri} cannot be used: {error}") from None
    except (tarfile.TarError, EOFError, ValueError) as error:
        raise ArtifactError(f"{uri} is a damaged tar archive: {error}") from None
    _check_tail(plain, archive.offset, uri)
    _check_tree(members, uri, max_unpacked_bytes)
    return members


def _check_kind(member: tarfile.TarInfo, uri: str) -> None:
    if member.isreg() or member.isdir():
        return
    kind = (
        "a symbolic link"
        if member.issym()
        else "a hard link"
        if member.islnk()
        else "a device, pipe or other special file"
    )
    raise ArtifactError(f"{uri} holds {kind}, {member.name!r}; only regular files and directories are allowed")


def _check_path(member: tarfile.TarInfo, uri: str) -> None:
    if member.name.startswith("/"):
        raise ArtifactError(f"{uri} holds the absolute path {member.name!r}; pack with relative paths (tar -C DIR .)")
    if _relative(member).split("/")[0] == "..":
        raise ArtifactError(f"{uri} holds {member.name!r}, which climbs out of its directory with '..'")
    try:
        name = os.fsencode(member.name)
    except UnicodeEncodeError:
        raise ArtifactError(f"{uri} holds a name that cannot be written: {member.name!r}") from None
    if b"\0" in name:
        raise ArtifactError(f"{uri} holds a name with a NUL byte, {member.name!r}")
    if len(name) > _MAX_PATH_BYTES or any(len(part) > _MAX_NAME_BYTES for part in name.split(b"/")):
        raise ArtifactError(f"{uri} holds a path that is too long for a file system: {member.name[:60]!r}...")


def _check_tail(plain: IO[bytes], offset: int, uri: str) -> None:
    """tarfile stops without a word at a damaged header; what follows the last good member must be the NUL padding."""
    plain.seek(offset)
    while chunk := plain.read(_CHUNK_BYTES):
        if chunk.count(0) != len(chunk):
            raise ArtifactError(f"{uri} is a damaged tar archive: unreadable data at byte {offset}; pack it again")


def _check_tree(members: Iterable[tarfile.TarInfo], uri: str, max_unpacked_bytes: int) -> None:
    """A name that is a file here and a directory there could only be unpacked by half.

    Directories that are only named in paths cost an inode and memory too, so they count as members.
    """
    files: set[str] = set()
    directories: set[str] = set()
    for member in members:
        path = _relative(member)
        (directories if member.isdir() else files).add(path)
        while (path := posixpath.dirname(path)) and path not in directories:
            directories.add(path)
        if len(directories) > MAX_MEMBERS:
            raise _too_large(uri, max_unpacked_bytes)
    if both := files & directories | files & {"."}:
        raise ArtifactError(f"{uri} holds {min(both)!r} both as a file and as a directory")
    if not files:
        raise ArtifactError(f"{uri} is empty: it holds no files")


def _write(archive: tarfile.TarFile, member: tarfile.TarInfo, destination: Path) -> None:
    path = destination / _relative(member)
    if member.isdir():
        path.mkdir(parents=True, exist_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    source = archive.extractfile(member)
    if source is None:
        raise OSError(f"{member.name!r} cannot be read")
    with source, path.open("wb") as target:
        shutil.copyfileobj(source, target)
    path.chmod(0o755 if member.mode & 0o100 else 0o644)


def _relative(member: tarfile.TarInfo) -> str:
    return posixpath.normpath(member.name)


def _size(plain: IO[bytes]) -> int:
    here = plain.tell()
    size = plain.seek(0, io.SEEK_END)
    plain.seek(here)
    return size


def _too_large(uri: str, max_unpacked_bytes: int) -> ArtifactError:
    return ArtifactError(
        f"{uri} is too large: it unpacks to more than {max_unpacked_bytes} bytes or {MAX_MEMBERS} members"
    )
