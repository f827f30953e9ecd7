"""S3 on disk: rows in SQLite, contents in content-addressed files. A change is there completely or not at all.

One connection; callers serialise (aws/mount.py holds one lock around moto's answer and the write that follows it).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

from include.sagemaker_local.aws.blobs import BlobFiles
from include.sagemaker_local.aws.s3_records import Bucket, BucketRecord, ObjectRecord
from include.sagemaker_local.aws.s3_upload_store import UploadStore

_SCHEMA = Path(__file__).with_name("s3_schema.sql")
_BUCKETS = "SELECT name, region, created_at_s, versioning, settings FROM buckets"


class _Row(NamedTuple):
    sha256: str | None
    record: ObjectRecord


@dataclass(frozen=True, slots=True)
class _Versions:
    """What happens to one object's rows."""

    key: str
    before: Sequence[_Row]
    after: Sequence[_Row]

    @property
    def same(self) -> int:
        """How many of the oldest rows stay as they are: a new version costs one row, however many there are."""
        pairs = enumerate(zip(self.before, self.after, strict=False))
        shared = min(len(self.before), len(self.after))
        return next((position for position, (old, new) in pairs if old != new), shared)


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
        self._take_on()
        named = self._db.execute("SELECT sha256 FROM versions UNION SELECT sha256 FROM upload_parts")
        self._blobs.delete_all_but({row[0] for row in named})
        self.uploads = UploadStore(self._db, self._blobs, self._drop_unused)

    def buckets(self) -> list[BucketRecord]:
        """All buckets by name."""
        rows = self._db.execute(_BUCKETS + " ORDER BY name")
        return [BucketRecord(*row) for row in rows]

    def bucket(self, name: str, key: str | None = None) -> Bucket | None:
        """The bucket with the records of its objects, or of the one object `key`; None when there is no such bucket."""
        row = self._db.execute(_BUCKETS + " WHERE name = ?", (name,)).fetchone()
        if row is None:
            return None
        records = self._db.execute(
            "SELECT key, record FROM versions WHERE bucket = :bucket AND (:key IS NULL OR key = :key)"
            " ORDER BY key, position",
            {"bucket": name, "key": key},
        )
        objects = {
            one: tuple(_record(name, one, text) for _, text in versions)
            for one, versions in groupby(records, itemgetter(0))
        }
        return Bucket(BucketRecord(*row), objects)

    def content(self, record: ObjectRecord) -> bytes:
        """The version's bytes. Raises FileNotFoundError when its file or its row is missing."""
        for row in self._rows(record.bucket, record.key):
            if row.record == record and row.sha256 is not None:
                return self._blobs.get(row.sha256)
        raise FileNotFoundError(f"s3://{record.bucket}/{record.key} of {record.version_id}")

    def put_bucket(self, record: BucketRecord) -> None:
        """Creates or replaces the bucket's row; its objects stay."""
        self._db.execute(
            "INSERT INTO buckets (name, region, created_at_s, versioning, settings) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (name) DO UPDATE SET region = excluded.region, created_at_s = excluded.created_at_s,"
            " versioning = excluded.versioning, settings = excluded.settings",
            (record.name, record.region, record.created_at_s, record.versioning, record.settings),
        )

    def delete_bucket(self, name: str) -> None:
        """Removes the bucket and what is in it."""
        named = self._db.execute(
            "SELECT sha256 FROM versions WHERE bucket = :name AND sha256 IS NOT NULL"
            " UNION SELECT sha256 FROM upload_parts JOIN uploads USING (upload_id) WHERE bucket = :name",
            {"name": name},
        )
        contents = [row[0] for row in named]
        self._db.execute("DELETE FROM buckets WHERE name = ?", (name,))
        self._drop_unused(contents)

    def change(
        self, bucket: str, wanted: Mapping[str, Sequence[ObjectRecord]], content: Callable[[ObjectRecord], bytes]
    ) -> None:
        """Makes the objects' versions as `wanted` has them, in one transaction; none of an object removes it.

        `content` gives the bytes of a version that is not there with the same record; they come first onto the disk.
        """
        before = {key: self._rows(bucket, key) for key in wanted}
        after = {key: [self._row(record, before[key], content) for record in wanted[key]] for key in wanted}
        changes = [_Versions(key, before[key], after[key]) for key in wanted]
        try:
            self._db.execute("BEGIN IMMEDIATE")
            for change in changes:
                self._db.execute(
                    "DELETE FROM versions WHERE bucket = ? AND key = ? AND position >= ?",
                    (bucket, change.key, change.same),
                )
                self._db.executemany(
                    "INSERT INTO versions (bucket, key, position, sha256, record) VALUES (?, ?, ?, ?, ?)",
                    [
                        (bucket, change.key, position, row.sha256, _text(row.record))
                        for position, row in enumerate(change.after)
                        if position >= change.same
                    ],
                )
            self._db.execute("COMMIT")
        except sqlite3.Error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise
        self._drop_unused([row.sha256 for rows in before.values() for row in rows if row.sha256 is not None])

    def clear(self) -> None:
        """Forgets everything."""
        self._db.execute("DELETE FROM buckets")
        self._blobs.delete_all_but(set())

    def close(self) -> None:
        """Closes the database; the store must not be used afterwards."""
        self._db.close()

    def _rows(self, bucket: str, key: str) -> list[_Row]:
        query = "SELECT sha256, record FROM versions WHERE bucket = ? AND key = ? ORDER BY position"
        return [_Row(sha256, _record(bucket, key, text)) for sha256, text in self._db.execute(query, (bucket, key))]

    def _row(self, record: ObjectRecord, before: list[_Row], content: Callable[[ObjectRecord], bytes]) -> _Row:
        for row in before:
            if row.record == record:
                return row
        return _Row(None if record.is_marker else self._blobs.put(content(record)), record)

    def _take_on(self) -> None:
        """Goes on with a file that an earlier version wrote, which knew one version of an object and no settings."""
        if "settings" not in {row[1] for row in self._db.execute("PRAGMA table_info(buckets)")}:
            self._db.execute("ALTER TABLE buckets ADD COLUMN settings TEXT NOT NULL DEFAULT '{}'")
        if self._db.execute("SELECT 1 FROM sqlite_master WHERE name = 'objects'").fetchone() is not None:
            with self._db:
                self._db.execute("BEGIN IMMEDIATE")
                self._db.execute("INSERT INTO versions SELECT bucket, key, 0, sha256, record FROM objects")
                self._db.execute("DROP TABLE objects")

    def _drop_unused(self, contents: list[str]) -> None:
        named = (
            "SELECT 1 FROM versions WHERE sha256 = :sha256 UNION ALL SELECT 1 FROM upload_parts WHERE sha256 = :sha256"
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
    fields = json.loads(text)
    fields.setdefault("is_versioned", fields["version_id"] != "null")  # earlier versions of this program did not say
    return ObjectRecord(bucket=bucket, key=key, **fields)
