"""S3 as a dict: what the control plane and the containers read objects from, without a server."""

from __future__ import annotations

from include.sagemaker_local.errors import ArtifactError
from include.sagemaker_local.objects import ObjectStore


class DictObjects:
    """An ObjectStore on a dict of bytes by `s3://bucket/key`. Change the dict to change what there is.

    Buckets exist when something is in them, or when `buckets` names them.
    """

    def __init__(self, objects: dict[str, bytes] | None = None) -> None:
        self.objects: dict[str, bytes] = {} if objects is None else objects
        self.buckets: set[str] = set()

    def read(self, uri: str) -> bytes:
        try:
            return self.objects[uri]
        except KeyError:
            raise ArtifactError(f"there is no object at {uri}") from None

    def exists(self, uri: str) -> bool:
        return uri in self.objects

    def find(self, prefix_uri: str) -> list[str]:
        bucket = prefix_uri.split("/")[2]
        if not any(uri.startswith(f"s3://{bucket}/") for uri in self.objects) and bucket not in self.buckets:
            raise ArtifactError(f"there is no bucket for {prefix_uri}")
        return sorted(uri for uri in self.objects if uri.startswith(prefix_uri))

    async def write(self, uri: str, content: bytes) -> None:
        self.objects[uri] = content


_store: type[ObjectStore] = DictObjects
