"""moto's S3 as it is held in memory, read and written as records. It and s3_upload_memory.py know moto's S3 classes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from moto.s3.models import FakeBucket, FakeDeleteMarker, FakeKey, S3Backend, s3_backends
from moto.utilities.utils import get_partition

from include.sagemaker_local.aws.s3_records import Bucket, BucketRecord, ObjectRecord, Upload, UploadRecord
from include.sagemaker_local.aws.s3_upload_memory import drop_upload, part_content, put_upload, uploads_in


class MotoMemory:
    """One account's S3 inside moto. moto keeps it in module globals: there is one per process."""

    def __init__(self, account_id: str) -> None:
        self._account_id = account_id

    def buckets(self) -> list[str]:
        """The names of all buckets."""
        return [name for backend in list(s3_backends[self._account_id].values()) for name in list(backend.buckets)]

    def bucket(self, name: str, key: str | None = None) -> Bucket | None:
        """The bucket with the records of its objects, or of the one object `key`; None when there is no such bucket."""
        bucket = self._find(name)
        if bucket is None:
            return None
        names = list(bucket.keys) if key is None else [key]
        found = {one: self._current(bucket, one) for one in names}
        tagger = self._backend(bucket.region_name).tagger
        return Bucket(
            BucketRecord(name, bucket.region_name, bucket.creation_date.timestamp(), bucket.versioning_status),
            {
                one: _record(name, held, _strings(tagger.get_tag_dict_for_resource(held.arn)))
                for one, held in found.items()
                if held is not None
            },
        )

    def keys(self, name: str) -> list[str] | None:
        """The keys of the bucket's objects, in no particular order; None when there is no such bucket."""
        bucket = self._find(name)
        return None if bucket is None else [key for key in list(bucket.keys) if self._current(bucket, key) is not None]

    def content(self, bucket: str, key: str) -> bytes | None:
        """The current version's bytes, or None when there is no such object."""
        found = self._find(bucket)
        held = None if found is None else self._current(found, key)
        return None if held is None else bytes(held.value)

    def put_bucket(self, record: BucketRecord) -> None:
        """Makes the bucket as the record says; objects that it holds stay."""
        bucket = self._find(record.name)
        if bucket is None:
            bucket = self._backend(record.region).create_bucket(record.name, record.region)
        bucket.creation_date = datetime.fromtimestamp(record.created_at_s, UTC)
        bucket.versioning_status = record.versioning

    def delete_bucket(self, name: str) -> None:
        """Removes the bucket and what is in it; it may be absent."""
        bucket = self._find(name)
        if bucket is None:
            return
        for key in list(bucket.keys):
            bucket.keys.pop(key)
        s3_backends.bucket_accounts.pop(name, None)
        self._backend(bucket.region_name).buckets.pop(name, None)

    def put_object(self, record: ObjectRecord, content: bytes) -> None:
        """Makes the object as the record says, in place of every version of it that moto holds; its bucket exists."""
        self.delete_object(record.bucket, record.key)
        partition, account_id = s3_backends.bucket_accounts[record.bucket]
        held = s3_backends[account_id][partition].put_object(
            record.bucket,
            record.key,
            content,
            storage=record.storage_class,
            etag=record.etag,
            encryption=record.encryption,
            kms_key_id=record.kms_key_id,
            checksum_value=record.checksum_value,
            disable_notification=True,
        )
        held.set_metadata(dict(record.metadata))
        # moto's own clock is naive UTC.
        held.last_modified = datetime.fromtimestamp(record.modified_at_s, UTC).replace(tzinfo=None)
        held.checksum_algorithm = record.checksum_algorithm
        held.checksum_type = record.checksum_type
        held.checksum_parts = record.checksum_parts
        held._version_id = record.version_id
        tagger = s3_backends[account_id][partition].tagger
        tagger.delete_all_tags_for_resource(held.arn)
        tagger.tag_resource(held.arn, tagger.convert_dict_to_tags_input(dict(record.tags)))

    def delete_object(self, bucket: str, key: str) -> None:
        """Removes every version of the object; it may be absent."""
        found = self._find(bucket)
        if found is not None and key in found.keys:
            found.keys.pop(key)

    def uploads(self, name: str, key: str | None) -> dict[str, Upload]:
        """The bucket's uploads that are not complete, or those of the one object `key`, by their id."""
        bucket = self._find(name)
        return {} if bucket is None else uploads_in(bucket, key)

    def part(self, name: str, upload_id: str, number: int) -> bytes | None:
        """A part's bytes, or None when there is no such upload."""
        bucket = self._find(name)
        return None if bucket is None else part_content(bucket, upload_id, number)

    def put_upload(self, record: UploadRecord, parts: Mapping[int, bytes]) -> None:
        """Makes the upload as the record and its parts say; its bucket exists."""
        bucket = self._find(record.bucket)
        if bucket is not None:
            put_upload(bucket, record, parts)

    def drop_upload(self, name: str, upload_id: str) -> None:
        """Removes the upload; it may be absent."""
        bucket = self._find(name)
        if bucket is not None:
            drop_upload(bucket, upload_id)

    def _find(self, name: str) -> FakeBucket | None:
        partition, account_id = s3_backends.bucket_accounts.get(name, ("aws", self._account_id))
        found: FakeBucket | None = s3_backends[account_id][partition].buckets.get(name)
        return found

    def _backend(self, region: str) -> S3Backend:
        return s3_backends[self._account_id][get_partition(region)]

    @staticmethod
    def _current(bucket: FakeBucket, key: str) -> FakeKey | None:
        held = bucket.keys.get(key)
        return None if held is None or isinstance(held, FakeDeleteMarker) else held


def _record(bucket: str, held: FakeKey, tags: Mapping[str, str]) -> ObjectRecord:
    return ObjectRecord(
        bucket=bucket,
        key=held.name,
        etag=held.etag.strip('"'),
        modified_at_s=held.last_modified.replace(tzinfo=UTC).timestamp(),
        storage_class=held.storage_class or "STANDARD",
        version_id=held.version_id,
        metadata=_strings(held.metadata),
        encryption=held.encryption,
        kms_key_id=held.kms_key_id,
        checksum_algorithm=held.checksum_algorithm,
        checksum_type=held.checksum_type,
        checksum_value=held.checksum_value,
        checksum_parts=held.checksum_parts,
        tags=tags,
    )


def _strings(metadata: Mapping[str, object]) -> dict[str, str]:
    return {str(name): str(value) for name, value in metadata.items()}
