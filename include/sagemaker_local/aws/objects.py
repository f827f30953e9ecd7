"""ObjectStore on moto's S3: reading looks into its memory, in this process; writing is a request like any client's."""

from __future__ import annotations

import re
from urllib.parse import quote

from include.sagemaker_local.aws.s3_memory import MotoMemory
from include.sagemaker_local.errors import ArtifactError
from include.sagemaker_local.http1.messages import Handler, Headers, Request

_SCHEME = "s3://"
_ERROR = re.compile(rb"<(?:Code|Message)>(.*?)</")
# Well formed and worth nothing: the mount takes any credentials, and reads from them that the request is S3's.
_HEADERS: Headers = [
    (b"host", b"localhost"),
    (
        b"authorization",
        b"AWS4-HMAC-SHA256 Credential=AKIALOCALSAGEMAKER/20260101/us-east-1/s3/aws4_request, "
        b"SignedHeaders=host, Signature=" + b"0" * 64,
    ),
]


class MotoObjects:
    """Reads objects by `s3://bucket/key`. Safe from any thread."""

    def __init__(self, memory: MotoMemory) -> None:
        self._memory = memory

    def read(self, uri: str) -> bytes:
        """The object's bytes. Raises ArtifactError, naming the URI, when there is no such object."""
        bucket, key = _split(uri)
        content = self._memory.content(bucket, key)
        if content is None:
            raise ArtifactError(f"there is no object at {uri}: upload it, or correct the URI")
        return content

    def exists(self, uri: str) -> bool:
        """Whether the object is there. Raises ArtifactError when `uri` is not an S3 URI."""
        bucket, key = _split(uri)
        held = self._memory.bucket(bucket, key)
        return held is not None and key in held.objects

    def find(self, prefix_uri: str) -> list[str]:
        """The URIs of all objects below a prefix, by key. Raises ArtifactError when there is no such bucket."""
        bucket, _, prefix = prefix_uri.removeprefix(_SCHEME).partition("/")
        keys = self._memory.keys(bucket) if prefix_uri.startswith(_SCHEME) else None
        if keys is None:
            raise ArtifactError(f"there is no bucket for {prefix_uri}: create it, or correct the URI")
        return [f"{_SCHEME}{bucket}/{key}" for key in sorted(keys) if key.startswith(prefix)]


class MountedObjects(MotoObjects):
    """MotoObjects that also writes, through the mount: what is acknowledged is on disk. Write from the event loop."""

    def __init__(self, memory: MotoMemory, mount: Handler) -> None:
        super().__init__(memory)
        self._mount = mount

    async def write(self, uri: str, content: bytes) -> None:
        """Store an object. Raises ArtifactError, naming the URI, when S3 refuses it or the disk cannot take it."""
        bucket, key = _split(uri)
        target = quote(f"/{bucket}/{key}").encode()
        response = await self._mount(Request(b"PUT", target, list(_HEADERS), content))
        if response.status >= 300:
            said = b": ".join(_ERROR.findall(response.body)).decode() or f"HTTP {response.status}"
            raise ArtifactError(f"{uri} could not be written: {said}")


def _split(uri: str) -> tuple[str, str]:
    bucket, slash, key = uri.removeprefix(_SCHEME).partition("/")
    if not uri.startswith(_SCHEME) or not bucket or not slash or not key:
        raise ArtifactError(f"{uri!r} is not the URI of an S3 object: it must look like s3://bucket/key")
    return bucket, key
