"""Keeps moto's S3 on disk: what moto holds after a request is written before the request is answered.

Kept: buckets (name, region, creation date, versioning status) and the current version of every object (bytes, ETag,
date, storage class, encryption, checksums, Content-Type and the other settable headers, user metadata).
Not kept over a restart: older versions, delete markers, tags, ACLs, policies, lifecycle and other bucket settings,
object locks, multipart uploads that are not complete. Everything else that moto serves (IAM roles, log events, metrics)
lives in memory only.
All objects are held in memory while the server runs, so S3 is as large as the machine's memory allows.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from include.sagemaker_local.aws.s3_memory import MotoMemory
from include.sagemaker_local.aws.s3_records import Bucket, ObjectRecord
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
