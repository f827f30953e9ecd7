"""The sample payload archive: one `.tar.gz`, each file in it the body of one request.

PURE: works on bytes in memory and never writes a member to disk.
"""

from __future__ import annotations

import io
import tarfile
import zlib
from pathlib import PurePosixPath

from include.sagemaker_local.errors import ArtifactError

# All bodies are held in memory, here and in the load generator. Sample payloads are a handful of small files; an
# archive that unpacks to more than this is a mistake or a bomb.
MAX_TOTAL_BYTES = 256 * 1024 * 1024


def read_payloads(archive: bytes, uri: str, max_body_bytes: int) -> list[bytes]:
    """The request bodies in archive order.

    Raises ArtifactError, in the form of the service's `PayloadError when calling InvokeEndpoint`, when `archive` is not
    a gzip-compressed tar, holds no file, an empty file, a link, a device, a path that climbs out, or a file larger than
    `max_body_bytes`.
    """
    try:
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
            bodies = _bodies(tar, uri, max_body_bytes)
    except (tarfile.TarError, zlib.error, EOFError, OSError) as error:
        raise _refusal(uri, f"invalid file type, it is not a gzip-compressed tar archive ({error})") from error
    if not bodies:
        raise _refusal(uri, "empty payload, the archive holds no files")
    return bodies


def _bodies(tar: tarfile.TarFile, uri: str, max_body_bytes: int) -> list[bytes]:
    bodies: list[bytes] = []
    total = 0
    for member in tar:
        if member.isdir():
            continue
        _check(member, uri, max_body_bytes)
        total += member.size
        if total > MAX_TOTAL_BYTES:
            raise _refusal(uri, f"its files hold more than {MAX_TOTAL_BYTES} bytes together")
        content = tar.extractfile(member)
        if content is None:  # pragma: no cover - _check lets only regular files through
            raise _refusal(uri, f"payload not a file object: {member.name!r}")
        bodies.append(content.read())
    return bodies


def _check(member: tarfile.TarInfo, uri: str, max_body_bytes: int) -> None:
    path = PurePosixPath(member.name)
    if path.is_absolute() or ".." in path.parts:
        raise _refusal(uri, f"{member.name!r} lies outside the archive")
    if not member.isfile():
        raise _refusal(uri, f"payload not a file object, {member.name!r} is a link or a device")
    if member.size == 0:
        raise _refusal(uri, f"empty payload, {member.name!r} has no bytes")
    if member.size > max_body_bytes:
        raise _refusal(uri, f"{member.name!r} has {member.size} bytes, InvokeEndpoint takes at most {max_body_bytes}")


def _refusal(uri: str, reason: str) -> ArtifactError:
    return ArtifactError(f"PayloadError when calling InvokeEndpoint: {uri}: {reason}.")
