"""Which files a transform job reads.

PURE: no third-party imports; the objects are handed in.
"""

from __future__ import annotations

import gzip
import json
import zlib
from dataclasses import dataclass
from typing import Any

from include.sagemaker_local.errors import ArtifactError
from include.sagemaker_local.jobs.transform_request import TransformRequest
from include.sagemaker_local.objects import ObjectLister


@dataclass(frozen=True, slots=True)
class Source:
    """The files in order, and the URI that the names of their results are relative to."""

    base_uri: str
    uris: tuple[str, ...]


def find_source(request: TransformRequest, objects: ObjectLister) -> Source:
    """The files of a prefix, or those that a manifest lists, which need not be there.

    Raises ArtifactError when there are none, or the manifest is missing or no manifest.
    """
    uri = request.source_uri
    if request.manifest:
        return _listed(uri, objects.read(uri))
    files = tuple(found for found in objects.find(uri) if not found.endswith("/"))  # those are folders of a console
    if not files:
        raise ArtifactError(f"there are no objects under {uri}: upload them, or correct the URI")
    return Source(uri, files)


def read_file(uri: str, objects: ObjectLister, *, unpack: bool) -> bytes:
    """A file's content, unpacked when the job says that its files are gzip. Raises ArtifactError, naming it."""
    content = objects.read(uri)
    if not unpack:
        return content
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise ArtifactError(f"{uri} is not gzip, which CompressionType says it is: {error}") from error


def _listed(uri: str, manifest: bytes) -> Source:
    """`[{"prefix": "s3://bucket/path/"}, "relative/1", "relative/2"]`."""
    try:
        entries: Any = json.loads(manifest)
    except ValueError as error:
        raise _no_manifest(uri, str(error)) from None
    if not isinstance(entries, list) or not entries or not isinstance(entries[0], dict):
        raise _no_manifest(uri, "it does not begin with a prefix")
    prefix, names = entries[0].get("prefix"), entries[1:]
    if not isinstance(prefix, str) or not prefix.startswith("s3://"):
        raise _no_manifest(uri, f"the prefix {prefix!r} is no S3 URI")
    if not names or not all(isinstance(name, str) and name for name in names):
        raise _no_manifest(uri, "after the prefix it must list one or more names, as strings")
    return Source(prefix, tuple(dict.fromkeys(prefix + name for name in names)))


def _no_manifest(uri: str, reason: str) -> ArtifactError:
    return ArtifactError(
        f'{uri} is no manifest: {reason}; it must look like [{{"prefix": "s3://bucket/path/"}}, "a.csv"]'
    )
