"""Objects in S3."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

from sluice.calls.aws import AwsCalls
from sluice.errors import UnexpectedAnswer
from sluice.refusals.meaning import refusals_as_ours
from sluice.requests.batch import StoredObject

READ_BYTES = 1 << 20  # at a time: large enough to be quick, small enough for any worker


class S3Calls(AwsCalls):
    """Read, write and list objects by their s3 URIs."""

    def open_object(self, uri: str) -> IO[bytes] | None:
        """An object's bytes as a stream, or None when there is no such object or bucket."""
        bucket, key = split_s3_uri(uri)
        answer = self._find("get_object", {"Bucket": bucket, "Key": key}, client=self._client_of("s3"), resource=uri)
        return None if answer is None else answer["Body"]

    def read_object(self, uri: str) -> bytes | None:
        """A small object's bytes, or None when it is not there."""
        stream = self.open_object(uri)
        return None if stream is None else stream.read()

    def write_object(self, uri: str, body: bytes, content_type: str) -> None:
        """Write an object; the bucket has to be there."""
        bucket, key = split_s3_uri(uri)
        with refusals_as_ours("put_object", uri):
            self._client_of("s3").put_object(Bucket=bucket, Key=key, Body=body, ContentType=content_type)

    def list_objects(self, uri: str) -> Iterator[StoredObject]:
        """All objects whose URIs begin with `uri`, in S3's order. Raises ServiceRefused (`NoSuchBucket`)."""
        bucket, prefix = split_s3_uri(uri)
        pages = self._client_of("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        with refusals_as_ours("list_objects_v2", uri):
            for page in pages:
                for each in page.get("Contents", ()):
                    yield StoredObject(f"s3://{bucket}/{each['Key']}", each["ETag"], each["Size"])

    def count_lines(self, uri: str) -> int | None:
        """How many lines an object has that are not empty, or None when it is not there. Reads it in pieces."""
        stream = self.open_object(uri)
        if stream is None:
            return None
        lines, in_line = 0, False
        while piece := stream.read(READ_BYTES):
            for position, part in enumerate(piece.split(b"\n")):
                in_line = in_line if position == 0 else False
                if not in_line and part.strip(b"\r"):
                    lines, in_line = lines + 1, True
        return lines


def split_s3_uri(uri: str) -> tuple[str, str]:
    """`s3://bucket/some/key` -> `("bucket", "some/key")`. Raises UnexpectedAnswer for anything else."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    if not uri.startswith("s3://") or not bucket or not key:
        raise UnexpectedAnswer("GetObject", f"{uri!r} is not of the form s3://bucket/key")
    return bucket, key
