"""Uploads of which one side dies half-way: what was there before stays, and nothing of the half is left."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.fakes.aws_server import client
from tests.fakes.server_process import server_process

pytestmark = pytest.mark.never_lost

BUCKET = "models"
PART = b"p" * (5 * 1024 * 1024)  # the least that a part may be which is not the last


def send_half(url: str, target: str, body: bytes) -> socket.socket:
    """A PUT of which the first half is sent. The caller closes the connection, or lets the server die first."""
    address = urlsplit(url)
    connection = socket.create_connection((address.hostname, address.port), timeout=30)
    head = f"PUT {target} HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Length: {len(body)}\r\n\r\n"
    connection.sendall(head.encode() + body[: len(body) // 2])
    return connection


def content(url: str, key: str) -> bytes | None:
    try:
        return bytes(client("s3", url).get_object(Bucket=BUCKET, Key=key)["Body"].read())
    except client("s3", url).exceptions.NoSuchKey:
        return None


def blobs(data_dir: Path) -> list[str]:
    """The files that hold objects, and whatever else lies beside them."""
    return sorted(path.name for path in (data_dir / "s3" / "blobs").glob("*/*"))


def kept(url: str) -> Any:
    s3 = client("s3", url)
    s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key="kept", Body=b"before")
    return s3


def test_a_client_that_dies_in_the_middle_of_an_upload(tmp_path: Path) -> None:
    with server_process(tmp_path / "data") as server:
        s3 = kept(server.url)
        before = blobs(tmp_path / "data")
        for key in ("kept", "new"):
            send_half(server.url, f"/{BUCKET}/{key}", b"x" * 1_000_000).close()
        assert (content(server.url, "kept"), content(server.url, "new")) == (b"before", None)

        upload = s3.create_multipart_upload(Bucket=BUCKET, Key="big")["UploadId"]
        parts = [part(s3, upload, 1)]
        send_half(server.url, f"/{BUCKET}/big?partNumber=2&uploadId={upload}", PART).close()
        listed = s3.list_parts(Bucket=BUCKET, Key="big", UploadId=upload)["Parts"]
        assert [one["PartNumber"] for one in listed] == [1]
        assert content(server.url, "big") is None
        parts.append(part(s3, upload, 2))
        s3.complete_multipart_upload(Bucket=BUCKET, Key="big", UploadId=upload, MultipartUpload={"Parts": parts})
        assert content(server.url, "big") == PART * 2
        s3.delete_object(Bucket=BUCKET, Key="big")
        assert blobs(tmp_path / "data") == before


def test_a_server_that_dies_in_the_middle_of_an_upload(tmp_path: Path) -> None:
    with server_process(tmp_path / "data") as server:
        s3 = kept(server.url)
        before = blobs(tmp_path / "data")
        upload = s3.create_multipart_upload(Bucket=BUCKET, Key="big")["UploadId"]
        first = part(s3, upload, 1)
        halves = [
            send_half(server.url, target, PART)
            for target in (f"/{BUCKET}/kept", f"/{BUCKET}/new", f"/{BUCKET}/big?partNumber=2&uploadId={upload}")
        ]
        server.end(kill=True)
        for half in halves:
            half.close()
    (tmp_path / "data" / "s3" / "blobs" / "ab").mkdir(exist_ok=True)
    (tmp_path / "data" / "s3" / "blobs" / "ab" / "abc.partial").write_bytes(b"as a kill between two writes leaves it")
    with server_process(tmp_path / "data") as server:
        s3 = client("s3", server.url)
        assert [content(server.url, key) for key in ("kept", "new", "big")] == [b"before", None, None]
        assert len(blobs(tmp_path / "data")) == len(before) + 1  # the part that was acknowledged
        parts = [first, part(s3, upload, 2)]
        s3.complete_multipart_upload(Bucket=BUCKET, Key="big", UploadId=upload, MultipartUpload={"Parts": parts})
        assert content(server.url, "big") == PART * 2
        s3.put_object(Bucket=BUCKET, Key="kept", Body=b"after")
        assert content(server.url, "kept") == b"after"


def part(s3: Any, upload: str, number: int) -> dict[str, Any]:
    made = s3.upload_part(Bucket=BUCKET, Key="big", UploadId=upload, PartNumber=number, Body=PART)
    return {"PartNumber": number, "ETag": made["ETag"]}
