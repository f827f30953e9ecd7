"""Reading objects out of S3, as a seam: the server gives it moto's S3, tests give it a dict."""

from __future__ import annotations

from typing import Protocol


class ObjectReader(Protocol):
    """Reads whole objects by `s3://bucket/key`."""

    def read(self, uri: str) -> bytes:
        """The object's bytes. Raises ArtifactError, naming the URI, when there is no such object."""

    def exists(self, uri: str) -> bool:
        """Whether the object is there."""
