-- What moto holds of its services besides S3's objects, as it was when the last request was acknowledged.
CREATE TABLE IF NOT EXISTS pieces (
    number  INTEGER PRIMARY KEY,            -- the order in which pieces came, which a queue's messages keep
    service TEXT NOT NULL,
    name    TEXT NOT NULL,
    value   TEXT NOT NULL CHECK (json_valid(value)),
    UNIQUE (service, name)
) STRICT;

-- What only grows at its end and is too much to be compared each time: log events and datapoints.
CREATE TABLE IF NOT EXISTS entries (
    number  INTEGER PRIMARY KEY,
    service TEXT NOT NULL,
    journal TEXT NOT NULL,
    value   TEXT NOT NULL CHECK (json_valid(value)),
    times   INTEGER NOT NULL CHECK (times > 0) -- how often it follows upon itself
) STRICT;

CREATE INDEX IF NOT EXISTS entries_by_journal ON entries (service, journal, number);
