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
