"""moto's S3 as it is held in memory, read and written as records; s3_object_memory and s3_upload_memory help."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from moto.s3.models import FakeBucket, FakeDeleteMarker, FakeKey, S3Backend, s3_backends
from moto.utilities.utils import get_partition

from include.sagemaker_local.aws.moto_values import from_json, to_json
from include.sagemaker_local.aws.s3_object_memory import record_of, versions_of
from include.sagemaker_local.aws.s3_records import Bucket, BucketRecord, ObjectRecord, Upload, UploadRecord
from include.sagemaker_local.aws.s3_upload_memory import drop_upload, part_content, put_upload, uploads_in

# What of a bucket is in its record by name, or beside it.
_APART = frozenset(
    ("keys", "multiparts", "name", "account_id", "region_name", "partition", "creation_date", "versioning_status")
)


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
        found = {one: self._versions(bucket, one) for one in names}
        return Bucket(self._bucket_record(bucket), {one: versions for one, versions in found.items() if versions})

    def keys(self, name: str) -> list[str] | None:
        """The keys of the bucket's objects, in no particular order; None when there is no such bucket."""
        bucket = self._find(name)
        return None if bucket is None else [key for key in list(bucket.keys) if self._current(bucket, key) is not None]

    def content(self, bucket: str, key: str, version_id: str | None = None) -> bytes | None:
        """A version's bytes, by default the current one's, or None when there is no such object."""
        found = self._find(bucket)
        if found is None:
            return None
        if version_id is None:
            held = self._current(found, key)
        else:
            held = next((one for one in found.keys.getlist(key, []) if one.version_id == version_id), None)
        return bytes(held.value) if isinstance(held, FakeKey) else None

    def put_bucket(self, record: BucketRecord) -> None:
        """Makes the bucket as the record says; objects that it holds stay."""
        bucket = self._find(record.name)
        if bucket is None:
            bucket = self._backend(record.region).create_bucket(record.name, record.region)
        bucket.creation_date = datetime.fromtimestamp(record.created_at_s, UTC)
        bucket.versioning_status = record.versioning
        settings = json.loads(record.settings)
        vars(bucket).update(from_json(settings.get("attributes", [])))
        self._tag(self._backend(record.region), bucket.arn, settings.get("tags", {}))

    def delete_bucket(self, name: str) -> None:
        """Removes the bucket and what is in it; it may be absent."""
        bucket = self._find(name)
        if bucket is None:
            return
        for key in list(bucket.keys):
            bucket.keys.pop(key)
        s3_backends.bucket_accounts.pop(name, None)
        self._backend(bucket.region_name).buckets.pop(name, None)

    def put_versions(self, bucket: str, key: str, versions: Sequence[tuple[ObjectRecord, bytes]]) -> None:
        """Makes the object as the records say, in place of every version that moto holds; its bucket exists."""
        self.delete_object(bucket, key)
        partition, account_id = s3_backends.bucket_accounts[bucket]
        backend = s3_backends[account_id][partition]
        held = versions_of(backend, versions)
        backend.buckets[bucket].keys.setlist(key, held)
        for one, (record, _) in zip(held, versions, strict=True):
            if isinstance(one, FakeKey):
                self._tag(backend, one.arn, record.tags)

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

    def _bucket_record(self, bucket: FakeBucket) -> BucketRecord:
        attributes = {name: one for name, one in vars(bucket).items() if name not in _APART}
        tags = self._backend(bucket.region_name).tagger.get_tag_dict_for_resource(bucket.arn)
        settings = json.dumps({"attributes": to_json(attributes), "tags": tags})
        created_at_s = bucket.creation_date.timestamp()
        return BucketRecord(bucket.name, bucket.region_name, created_at_s, bucket.versioning_status, settings)

    def _versions(self, bucket: FakeBucket, key: str) -> tuple[ObjectRecord, ...]:
        tagger = self._backend(bucket.region_name).tagger
        return tuple(
            record_of(bucket.name, one, tagger.get_tag_dict_for_resource(one.arn) if isinstance(one, FakeKey) else {})
            for one in list(bucket.keys.getlist(key, []))
        )

    @staticmethod
    def _tag(backend: S3Backend, arn: str, tags: Mapping[str, str]) -> None:
        backend.tagger.delete_all_tags_for_resource(arn)
        backend.tagger.tag_resource(arn, backend.tagger.convert_dict_to_tags_input(dict(tags)))

    @staticmethod
    def _current(bucket: FakeBucket, key: str) -> FakeKey | None:
        held = bucket.keys.get(key)
        return None if held is None or isinstance(held, FakeDeleteMarker) else held
