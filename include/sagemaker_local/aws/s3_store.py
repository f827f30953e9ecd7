"""S3 on disk: rows in SQLite, contents in content-addressed files. A change is there completely or not at all.

One connection; callers serialise (aws/mount.py holds one lock around moto's answer and the write that follows it).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from include.sagemaker_local.aws.blobs import BlobFiles
from include.sagemaker_local.aws.s3_records import Bucket, BucketRecord, ObjectRecord
from include.sagemaker_local.aws.s3_upload_store import UploadStore

_SCHEMA = Path(__file__).with_name("s3_schema.sql")


class S3Store:
    """Buckets and objects below `directory`. A method that writes raises OSError or sqlite3.Error, changing nothing."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._blobs = BlobFiles(directory / "blobs")
        # Requests are answered on a pool of threads, one at a time under the caller's lock.
        self._db = sqlite3.connect(directory / "s3.sqlite3", check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")  # an acknowledged write survives a power cut
        self._db.execute("PRAGMA foreign_keys = ON")
        self._db.executescript(_SCHEMA.read_text())
        named = self._db.execute("SELECT sha256 FROM objects UNION SELECT sha256 FROM upload_parts")
        self._blobs.delete_all_but({row[0] for row in named})
        self.uploads = UploadStore(self._db, self._blobs, self._drop_unused)

    def buckets(self) -> list[BucketRecord]:
        """All buckets by name."""
        rows = self._db.execute("SELECT name, region, created_at_s, versioning FROM buckets ORDER BY name")
        return [BucketRecord(*row) for row in rows]

    def bucket(self, name: str, key: str | None = None) -> Bucket | None:
        """The bucket with the records of its objects, or of the one object `key`; None when there is no such bucket."""
        row = self._db.execute(
            "SELECT name, region, created_at_s, versioning FROM buckets WHERE name = ?", (name,)
        ).fetchone()
        if row is None:
            return None
        records = self._db.execute(
            "SELECT key, record FROM objects WHERE bucket = :bucket AND (:key IS NULL OR key = :key)",
            {"bucket": name, "key": key},
        )
        return Bucket(BucketRecord(*row), {found: _record(name, found, text) for found, text in records})

    def content(self, bucket: str, key: str) -> bytes:
        """The object's bytes. Raises FileNotFoundError when its file or its row is missing."""
        row = self._db.execute("SELECT sha256 FROM objects WHERE bucket = ? AND key = ?", (bucket, key)).fetchone()
        if row is None:
            raise FileNotFoundError(f"s3://{bucket}/{key}")
        return self._blobs.get(row[0])

    def put_bucket(self, record: BucketRecord) -> None:
        """Creates or replaces the bucket's row; its objects stay."""
        self._db.execute(
            "INSERT INTO buckets VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET region = excluded.region,"
            " created_at_s = excluded.created_at_s, versioning = excluded.versioning",
            (record.name, record.region, record.created_at_s, record.versioning),
        )

    def delete_bucket(self, name: str) -> None:
        """Removes the bucket and what is in it."""
        named = self._db.execute(
            "SELECT sha256 FROM objects WHERE bucket = :name"
            " UNION SELECT sha256 FROM upload_parts JOIN uploads USING (upload_id) WHERE bucket = :name",
            {"name": name},
        )
        contents = [row[0] for row in named]
        self._db.execute("DELETE FROM buckets WHERE name = ?", (name,))
        self._drop_unused(contents)

    def change(self, bucket: str, put: Iterator[tuple[ObjectRecord, bytes]], delete: list[str]) -> None:
        """Stores and removes objects of one bucket in one transaction; the contents are on disk before it begins."""
        stored = [(record, self._blobs.put(content), len(content)) for record, content in put]
        touched = [record.key for record, _, _ in stored] + delete
        replaced = [sha for key in touched for sha in self._contents_of(bucket, key)]
        try:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany("DELETE FROM objects WHERE bucket = ? AND key = ?", [(bucket, key) for key in touched])
            self._db.executemany(
                "INSERT INTO objects VALUES (?, ?, ?, ?, ?)",
                [(bucket, record.key, sha256, size, _text(record)) for record, sha256, size in stored],
            )
            self._db.execute("COMMIT")
        except sqlite3.Error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise
        self._drop_unused(replaced)

    def clear(self) -> None:
        """Forgets everything."""
        self._db.execute("DELETE FROM buckets")
        self._blobs.delete_all_but(set())

    def close(self) -> None:
        """Closes the database; the store must not be used afterwards."""
        self._db.close()

    def _contents_of(self, bucket: str, key: str) -> list[str]:
        rows = self._db.execute("SELECT sha256 FROM objects WHERE bucket = ? AND key = ?", (bucket, key))
        return [row[0] for row in rows]

    def _drop_unused(self, contents: list[str]) -> None:
        named = (
            "SELECT 1 FROM objects WHERE sha256 = :sha256 UNION ALL SELECT 1 FROM upload_parts WHERE sha256 = :sha256"
            " LIMIT 1"
        )
        for sha256 in contents:
            if self._db.execute(named, {"sha256": sha256}).fetchone() is None:
                self._blobs.delete(sha256)


def _text(record: ObjectRecord) -> str:
    fields = asdict(record)
    del fields["bucket"], fields["key"]
    return json.dumps(fields, sort_keys=True)


def _record(bucket: str, key: str, text: str) -> ObjectRecord:
    return ObjectRecord(bucket=bucket, key=key, **json.loads(text))
