"""Keeps moto's S3 on disk: what moto holds after a request is written before the request is answered.

Kept: buckets with their settings; every version of every object with its bytes, ETag, date, storage class, encryption,
checksums, headers, user metadata, tags, ACL and lock; delete markers; and the parts of uploads that are not complete.
Not kept over a restart: of which parts an object was uploaded, and that it was restored from Glacier.
Of what else moto serves, service_archive and alarm_archive take care.
All objects are held in memory while the server runs, so S3 is as large as the machine's memory allows.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from include.sagemaker_local.aws.s3_memory import MotoMemory
from include.sagemaker_local.aws.s3_records import Bucket, ObjectRecord, Upload
from include.sagemaker_local.aws.s3_store import S3Store

_log = logging.getLogger(__name__)


class S3Archive:
    """Makes disk follow memory after a request, and memory follow disk at start or when the disk refused."""

    def __init__(self, memory: MotoMemory, store: S3Store) -> None:
        self._memory = memory
        self._store = store

    def load(self) -> None:
        """Puts everything on disk into moto's memory."""
        for bucket in self._store.buckets():
            self.undo(bucket.name, None)

    def keep(self, bucket: str, key: str | None) -> None:
        """Writes what moto now holds of `key`, or of the whole bucket. Raises OSError or sqlite3.Error."""
        held, stored = self._memory.bucket(bucket, key), self._store.bucket(bucket, key)
        if held is None:
            if stored is not None:
                self._store.delete_bucket(bucket)
            return
        if stored is None or stored.record != held.record:
            self._store.put_bucket(held.record)
        changed = _difference(held, stored)
        if changed:
            self._store.change(bucket, changed, self._content)
        self._keep_uploads(bucket, key)  # after the object that one of them may have become

    def keep_all(self) -> None:
        """Writes what moto now holds of every bucket. Raises OSError or sqlite3.Error."""
        for bucket in {*self._memory.buckets(), *(stored.name for stored in self._store.buckets())}:
            self.keep(bucket, None)

    def undo(self, bucket: str, key: str | None) -> None:
        """Makes moto hold what the disk has of `key`, or of the whole bucket."""
        stored, held = self._store.bucket(bucket, key), self._memory.bucket(bucket, key)
        if stored is None:
            self._memory.delete_bucket(bucket)
            return
        self._memory.put_bucket(stored.record)
        for one, records in _difference(stored, held).items():
            self._load(bucket, one, records)
        self._undo_uploads(bucket, key)

    def clear(self) -> None:
        """Forgets what is on disk; moto's memory is reset by its own means."""
        self._store.clear()

    def close(self) -> None:
        """Closes the store."""
        self._store.close()

    def _content(self, record: ObjectRecord) -> bytes:
        content = self._memory.content(record.bucket, record.key, record.version_id)
        if content is None:  # the caller holds the lock, so only a caller without it can bring this about
            raise LookupError(f"s3://{record.bucket}/{record.key} went away while it was being written")
        return content

    def _keep_uploads(self, bucket: str, key: str | None) -> None:
        held, stored = self._memory.uploads(bucket, key), self._store.uploads.uploads(bucket, key)
        for upload_id, upload in held.items():
            before = stored.get(upload_id)
            if before is None:
                self._store.uploads.put(upload.record)
            for number, etag in upload.parts.items():
                if before is None or before.parts.get(number) != etag:
                    content = self._memory.part(bucket, upload_id, number) or b""
                    self._store.uploads.put_part(upload_id, number, etag, content)
        for upload_id in stored.keys() - held.keys():
            self._store.uploads.delete(upload_id)

    def _undo_uploads(self, bucket: str, key: str | None) -> None:
        held, stored = self._memory.uploads(bucket, key), self._store.uploads.uploads(bucket, key)
        for upload_id in held.keys() - stored.keys():
            self._memory.drop_upload(bucket, upload_id)
        for upload_id, upload in stored.items():
            if upload_id not in held or held[upload_id].parts != upload.parts:
                self._load_upload(upload)

    def _load_upload(self, upload: Upload) -> None:
        upload_id = upload.record.upload_id
        try:
            parts = {number: self._store.uploads.content(upload_id, number) for number in upload.parts}
        except OSError as error:
            _log.error("upload %s cannot be read back from disk and is missing: %s", upload_id, error)
            return
        self._memory.put_upload(upload.record, parts)

    def _load(self, bucket: str, key: str, records: Sequence[ObjectRecord]) -> None:
        versions = []
        for record in records:
            try:
                versions.append((record, b"" if record.is_marker else self._store.content(record)))
            except OSError as error:
                # Somebody removed a file below the data directory: the others are still worth serving.
                _log.error("s3://%s/%s cannot be read back from disk and is missing: %s", bucket, key, error)
        if versions:
            self._memory.put_versions(bucket, key, versions)
        else:
            self._memory.delete_object(bucket, key)


def _difference(wanted: Bucket, present: Bucket | None) -> dict[str, Sequence[ObjectRecord]]:
    """By the keys in which `present` differs, the versions that make it `wanted`; none for an object that is to go."""
    have: Mapping[str, Sequence[ObjectRecord]] = {} if present is None else present.objects
    changed = {key: records for key, records in wanted.objects.items() if have.get(key) != records}
    return {**changed, **{key: () for key in have if key not in wanted.objects}}
