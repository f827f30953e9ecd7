"""ObjectReader on moto's S3, read in this process: no request is made."""

from __future__ import annotations

from include.sagemaker_local.aws.s3_memory import MotoMemory
from include.sagemaker_local.errors import ArtifactError

_SCHEME = "s3://"


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


def _split(uri: str) -> tuple[str, str]:
    bucket, slash, key = uri.removeprefix(_SCHEME).partition("/")
    if not uri.startswith(_SCHEME) or not bucket or not slash or not key:
        raise ArtifactError(f"{uri!r} is not the URI of an S3 object: it must look like s3://bucket/key")
    return bucket, key
