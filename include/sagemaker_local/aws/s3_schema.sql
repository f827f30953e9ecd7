-- S3 as it was when the last request was acknowledged. The bytes of an object lie in a file named by their SHA-256.
CREATE TABLE IF NOT EXISTS buckets (
    name         TEXT PRIMARY KEY,
    region       TEXT NOT NULL,
    created_at_s REAL NOT NULL,
    versioning   TEXT                       -- Enabled, Suspended or NULL; the history itself is not kept
) STRICT;

CREATE TABLE IF NOT EXISTS objects (
    bucket  TEXT NOT NULL REFERENCES buckets (name) ON DELETE CASCADE,
    key     TEXT NOT NULL,
    sha256  TEXT NOT NULL CHECK (length(sha256) = 64),
    size    INTEGER NOT NULL CHECK (size >= 0),
    record  TEXT NOT NULL CHECK (json_valid(record)), -- the other fields of ObjectRecord
    PRIMARY KEY (bucket, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS objects_by_content ON objects (sha256);

-- Multipart uploads that are not complete. A file that an earlier version wrote gets these tables when it is opened.
CREATE TABLE IF NOT EXISTS uploads (
    upload_id TEXT PRIMARY KEY,
    bucket    TEXT NOT NULL REFERENCES buckets (name) ON DELETE CASCADE,
    key       TEXT NOT NULL,
    record    TEXT NOT NULL CHECK (json_valid(record)) -- the other fields of UploadRecord
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS upload_parts (
    upload_id TEXT NOT NULL REFERENCES uploads (upload_id) ON DELETE CASCADE,
    number    INTEGER NOT NULL,
    etag      TEXT NOT NULL,
    sha256    TEXT NOT NULL CHECK (length(sha256) = 64),
    PRIMARY KEY (upload_id, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS uploads_by_object ON uploads (bucket, key);
CREATE INDEX IF NOT EXISTS upload_parts_by_content ON upload_parts (sha256);
