"""Multipart uploads that are not complete, as moto's S3 holds them. With s3_memory.py what knows its classes."""

from __future__ import annotations

from collections.abc import Mapping

from moto.s3.models import FakeBucket, FakeMultipart
from requests.structures import CaseInsensitiveDict  # what moto holds headers in

from include.sagemaker_local.aws.s3_object_memory import acl_from_text, acl_to_text, strings
from include.sagemaker_local.aws.s3_records import Upload, UploadRecord


def uploads_in(bucket: FakeBucket, key: str | None) -> dict[str, Upload]:
    """The uploads of one object, of all when `key` is None, by their id."""
    held = [one for one in list(bucket.multiparts.values()) if key in (None, one.key_name)]
    return {one.id: Upload(_record(bucket.name, one), _etags(one)) for one in held}


def part_content(bucket: FakeBucket, upload_id: str, number: int) -> bytes:
    """A part's bytes. Raises KeyError when it is not there."""
    return bytes(bucket.multiparts[upload_id].parts[number].value)


def put_upload(bucket: FakeBucket, record: UploadRecord, parts: Mapping[int, bytes]) -> None:
    """Makes the upload as the record and its parts say."""
    made = FakeMultipart(
        record.key,
        CaseInsensitiveDict(record.metadata),
        account_id=bucket.account_id,
        region_name=bucket.region_name,
        storage=record.storage_class,
        tags=None if record.tags is None else dict(record.tags),
        acl=acl_from_text(record.acl),
        sse_encryption=record.encryption,
        kms_key_id=record.kms_key_id,
    )
    made.id = record.upload_id
    for number, content in parts.items():
        made.set_part(number, content)
    drop_upload(bucket, record.upload_id)
    bucket.multiparts[made.id] = made


def drop_upload(bucket: FakeBucket, upload_id: str) -> None:
    """Removes the upload; it may be absent."""
    if upload_id in bucket.multiparts:
        del bucket.multiparts[upload_id]


def _record(bucket: str, held: FakeMultipart) -> UploadRecord:
    return UploadRecord(
        bucket=bucket,
        upload_id=held.id,
        key=held.key_name,
        storage_class=held.storage,
        metadata=strings(held.metadata),
        tags=None if held.tags is None else dict(held.tags),
        encryption=held.sse_encryption,
        kms_key_id=held.kms_key_id,
        acl=acl_to_text(held.acl),
    )


def _etags(held: FakeMultipart) -> dict[int, str]:
    return {number: part.etag.strip('"') for number, part in list(held.parts.items())}
