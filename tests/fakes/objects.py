"""S3 as a dict: what the control plane and the containers read objects from, without a server."""

from __future__ import annotations

from include.sagemaker_local.errors import ArtifactError


class DictObjects:
    """An ObjectReader on a dict of bytes by `s3://bucket/key`. Change the dict to change what there is."""

    def __init__(self, objects: dict[str, bytes] | None = None) -> None:
        self.objects: dict[str, bytes] = {} if objects is None else objects

    def read(self, uri: str) -> bytes:
        try:
            return self.objects[uri]
        except KeyError:
            raise ArtifactError(f"there is no object at {uri}") from None

    def exists(self, uri: str) -> bool:
        return uri in self.objects
