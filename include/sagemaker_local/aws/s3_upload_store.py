"""Multipart uploads that are not complete, on disk: rows beside those of objects, and a file for each part."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from dataclasses import asdict

from include.sagemaker_local.aws.blobs import BlobFiles
from include.sagemaker_local.aws.s3_records import Upload, UploadRecord


class UploadStore:
    """Uploads by bucket. A method that writes raises OSError or sqlite3.Error, changing nothing."""

    def __init__(self, db: sqlite3.Connection, blobs: BlobFiles, drop_unused: Callable[[list[str]], None]) -> None:
        """`drop_unused` removes those of the files that no row names any more."""
        self._db = db
        self._blobs = blobs
        self._drop_unused = drop_unused

    def uploads(self, bucket: str, key: str | None) -> dict[str, Upload]:
        """The uploads of one object, of all when `key` is None, by their id."""
        rows = self._db.execute(
            "SELECT upload_id, record FROM uploads WHERE bucket = :bucket AND (:key IS NULL OR key = :key)",
            {"bucket": bucket, "key": key},
        ).fetchall()
        return {upload_id: Upload(_record(bucket, upload_id, text), self._etags(upload_id)) for upload_id, text in rows}

    def content(self, upload_id: str, number: int) -> bytes:
        """A part's bytes. Raises FileNotFoundError when its file or its row is missing."""
        query = "SELECT sha256 FROM upload_parts WHERE upload_id = ? AND number = ?"
        row = self._db.execute(query, (upload_id, number)).fetchone()
        if row is None:
            raise FileNotFoundError(f"part {number} of upload {upload_id}")
        return self._blobs.get(row[0])

    def put(self, record: UploadRecord) -> None:
        """Keeps a new upload, or another record of one; its parts stay."""
        fields = asdict(record)
        del fields["bucket"], fields["upload_id"]
        self._db.execute(
            "INSERT INTO uploads VALUES (?, ?, ?, ?) ON CONFLICT (upload_id) DO UPDATE SET record = excluded.record",
            (record.upload_id, record.bucket, record.key, json.dumps(fields, sort_keys=True)),
        )

    def put_part(self, upload_id: str, number: int, etag: str, content: bytes) -> None:
        """Keeps a part, in place of the one with its number; its bytes are on disk before its row is."""
        sha256 = self._blobs.put(content)
        replaced = self._contents(upload_id, number)
        self._db.execute("INSERT OR REPLACE INTO upload_parts VALUES (?, ?, ?, ?)", (upload_id, number, etag, sha256))
        self._drop_unused(replaced)

    def delete(self, upload_id: str) -> None:
        """Forgets an upload and its parts."""
        contents = self._contents(upload_id, None)
        self._db.execute("DELETE FROM uploads WHERE upload_id = ?", (upload_id,))
        self._drop_unused(contents)

    def _etags(self, upload_id: str) -> dict[int, str]:
        query = "SELECT number, etag FROM upload_parts WHERE upload_id = ? ORDER BY number"
        return dict(self._db.execute(query, (upload_id,)).fetchall())

    def _contents(self, upload_id: str, number: int | None) -> list[str]:
        rows = self._db.execute(
            "SELECT sha256 FROM upload_parts WHERE upload_id = :id AND (:number IS NULL OR number = :number)",
            {"id": upload_id, "number": number},
        )
        return [row[0] for row in rows]


def _record(bucket: str, upload_id: str, text: str) -> UploadRecord:
    return UploadRecord(bucket=bucket, upload_id=upload_id, **json.loads(text))
