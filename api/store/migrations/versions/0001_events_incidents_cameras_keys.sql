-- Times are whole milliseconds since 1970-01-01T00:00Z. `document` is JSON as it goes out.

CREATE TABLE events (
    arrival   INTEGER PRIMARY KEY AUTOINCREMENT,
    source    TEXT    NOT NULL,
    id        TEXT    NOT NULL,
    type      TEXT    NOT NULL,
    subject   TEXT    NOT NULL,
    sequence  INTEGER NOT NULL,
    time_ms   INTEGER NOT NULL,
    camera_id TEXT    NOT NULL,
    view_id   TEXT    NOT NULL,
    run       TEXT    NOT NULL,
    digest    BLOB    NOT NULL,
    document  TEXT    NOT NULL,
    UNIQUE (source, id)
);
CREATE INDEX events_by_run ON events (run, arrival);
CREATE INDEX events_by_camera ON events (camera_id, arrival);
CREATE INDEX events_by_subject ON events (subject, sequence);

-- The current state of each incident. `place_key` is also the order of first arrival;
-- `sort_ms` is the opening time as first heard and never changes, so that paging stays stable.
CREATE TABLE incidents (
    place_key     INTEGER PRIMARY KEY AUTOINCREMENT,
    incident_id   TEXT    NOT NULL UNIQUE,
    sort_ms       INTEGER NOT NULL,
    sequence      INTEGER NOT NULL,
    status        TEXT    NOT NULL CHECK (status IN ('open', 'closed')),
    category      TEXT    NOT NULL,
    camera_id     TEXT    NOT NULL,
    view_id       TEXT    NOT NULL,
    run           TEXT    NOT NULL,
    first_seen_ms INTEGER NOT NULL,
    last_seen_ms  INTEGER NOT NULL,
    confidence    REAL    NOT NULL,
    lon           REAL,
    lat           REAL,
    document      TEXT    NOT NULL
);
CREATE INDEX incidents_by_run ON incidents (run, sort_ms, place_key);
CREATE INDEX incidents_by_status ON incidents (run, status, sort_ms, place_key);
CREATE INDEX incidents_by_view ON incidents (run, view_id, status);
CREATE INDEX incidents_by_camera ON incidents (camera_id, run, sort_ms, place_key);

CREATE TABLE incident_zones (
    zone      TEXT    NOT NULL,
    place_key INTEGER NOT NULL,
    PRIMARY KEY (zone, place_key)
) WITHOUT ROWID;
CREATE INDEX incident_zones_by_incident ON incident_zones (place_key);

CREATE VIRTUAL TABLE incident_places USING rtree (place_key, west, east, south, north);

-- Every view that was heard of; time, sequence and document are those of its latest health, if any.
CREATE TABLE views (
    view_id   TEXT    NOT NULL,
    run       TEXT    NOT NULL,
    camera_id TEXT    NOT NULL,
    time_ms   INTEGER,
    sequence  INTEGER,
    document  TEXT,
    PRIMARY KEY (run, view_id)
) WITHOUT ROWID;

-- The key itself is never kept: only a salted digest of its secret.
CREATE TABLE api_keys (
    key_id     TEXT    NOT NULL PRIMARY KEY,
    name       TEXT    NOT NULL,
    role       TEXT    NOT NULL,
    salt       BLOB    NOT NULL,
    digest     BLOB    NOT NULL,
    created_ms INTEGER NOT NULL,
    revoked_ms INTEGER
) WITHOUT ROWID;
