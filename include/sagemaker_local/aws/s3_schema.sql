-- S3 as it was when the last request was acknowledged. The bytes of an object lie in a file named by their SHA-256.
CREATE TABLE IF NOT EXISTS buckets (
    name         TEXT PRIMARY KEY,
    region       TEXT NOT NULL,
    created_at_s REAL NOT NULL,
    versioning   TEXT,                      -- Enabled, Suspended or NULL
    settings     TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(settings)) -- see BucketRecord
) STRICT;

CREATE TABLE IF NOT EXISTS versions (
    bucket   TEXT NOT NULL REFERENCES buckets (name) ON DELETE CASCADE,
    key      TEXT NOT NULL,
    position INTEGER NOT NULL,              -- 0 is the oldest
    sha256   TEXT CHECK (length(sha256) = 64), -- NULL for a delete marker
    record   TEXT NOT NULL CHECK (json_valid(record)), -- the other fields of ObjectRecord
    PRIMARY KEY (bucket, key, position)
) STRICT, WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS versions_by_content ON versions (sha256);

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
