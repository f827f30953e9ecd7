"""Keeps moto's S3 on disk: what moto holds after a request is written before the request is answered.

Kept: buckets (name, region, creation date, versioning status) and the current version of every object (bytes, ETag,
date, storage class, encryption, checksums, Content-Type and the other settable headers, user metadata, tags), and the
parts of multipart uploads that are not complete.
Not kept over a restart: older versions, delete markers, ACLs, object locks, and the settings of buckets but for
versioning. Of what else moto serves, alarms, IAM and SNS have archives of their own; the rest lives in memory only.
All objects are held in memory while the server runs, so S3 is as large as the machine's memory allows.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

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
        put, delete = _difference(held, stored)
        if put or delete:
            self._store.change(bucket, ((record, self._content(record)) for record in put), delete)
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
        put, delete = _difference(stored, held)
        for gone in delete:
            self._memory.delete_object(bucket, gone)
        for record in put:
            self._load(record)
        self._undo_uploads(bucket, key)

    def clear(self) -> None:
        """Forgets what is on disk; moto's memory is reset by its own means."""
        self._store.clear()

    def close(self) -> None:
        """Closes the store."""
        self._store.close()

    def _content(self, record: ObjectRecord) -> bytes:
        content = self._memory.content(record.bucket, record.key)
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

    def _load(self, record: ObjectRecord) -> None:
        try:
            self._memory.put_object(record, self._store.content(record.bucket, record.key))
        except OSError as error:
            # Somebody removed a file below the data directory: the others are still worth serving.
            _log.error("s3://%s/%s cannot be read back from disk and is missing: %s", record.bucket, record.key, error)


def _difference(wanted: Bucket, present: Bucket | None) -> tuple[list[ObjectRecord], list[str]]:
    """Which objects to put and which to delete so that `present` becomes `wanted`."""
    have: Mapping[str, ObjectRecord] = {} if present is None else present.objects
    put = [record for key, record in wanted.objects.items() if have.get(key) != record]
    return put, [key for key in have if key not in wanted.objects]
