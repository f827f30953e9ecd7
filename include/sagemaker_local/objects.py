"""Objects in S3, as a seam: the server gives it moto's S3, tests give it a dict."""

from __future__ import annotations

from typing import Protocol


class ObjectReader(Protocol):
    """Reads whole objects by `s3://bucket/key`."""

    def read(self, uri: str) -> bytes:
        """The object's bytes. Raises ArtifactError, naming the URI, when there is no such object."""

    def exists(self, uri: str) -> bool:
        """Whether the object is there."""


class ObjectLister(ObjectReader, Protocol):
    """Reads objects, and finds them by the beginning of their keys."""

    def find(self, prefix_uri: str) -> list[str]:
        """The URIs of all objects whose URI begins with `s3://bucket/prefix`, in the order of their keys.

        The prefix may be empty. Raises ArtifactError when there is no such bucket.
        """


class ObjectStore(ObjectLister, Protocol):
    """Reads, finds and writes objects."""

    async def write(self, uri: str, content: bytes) -> None:
        """Store an object, in place of one that is there. When this returns it is as durable as any other upload.

        Raises ArtifactError, naming the URI and the reason, when it could not be stored.
        """
