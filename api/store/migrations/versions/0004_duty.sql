-- Clocks, messages, guiding points and evaluation. Times are milliseconds since 1970-01-01T00:00Z.

-- When a case's clock turns yellow and when each step of escalation is due, for one due time. A case that
-- is extended or resumed has another due time and so rows of its own; old ones say nothing any more.
CREATE TABLE case_moments (
    case_id TEXT    NOT NULL,
    due_ms  INTEGER NOT NULL,
    step    TEXT    NOT NULL,
    at_ms   INTEGER NOT NULL,
    told_ms INTEGER,
    PRIMARY KEY (case_id, due_ms, step)
) WITHOUT ROWID;
CREATE INDEX case_moments_waiting ON case_moments (at_ms) WHERE told_ms IS NULL;

CREATE TABLE case_messages (
    message_key INTEGER PRIMARY KEY AUTOINCREMENT,
    case_id     TEXT    NOT NULL,
    due_ms      INTEGER NOT NULL,
    step        TEXT    NOT NULL,
    recipient   TEXT    NOT NULL CHECK (recipient IN ('unit', 'dispatcher', 'supervisor')),
    unit        TEXT,
    area        TEXT,
    text        TEXT    NOT NULL,
    at_ms       INTEGER NOT NULL,
    seen_ms     INTEGER,
    seen_by     TEXT,
    UNIQUE (case_id, due_ms, step)
);
CREATE INDEX case_messages_by_recipient ON case_messages (recipient, unit, message_key);

-- How many things of its categories a view saw standing in a permitted zone, as told at changes.
CREATE TABLE zone_occupancy (
    zone     TEXT    NOT NULL,
    run      TEXT    NOT NULL,
    view_id  TEXT    NOT NULL,
    at_ms    INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    standing INTEGER,
    seen_share REAL  NOT NULL,
    PRIMARY KEY (zone, run, view_id, at_ms, sequence)
) WITHOUT ROWID;

-- A month's evaluation once its time for late entries is over: from then on the figures are these.
CREATE TABLE evaluation_months (
    month     TEXT    NOT NULL PRIMARY KEY,
    cutoff_ms INTEGER NOT NULL,
    frozen_ms INTEGER NOT NULL,
    coverage  TEXT    NOT NULL
) WITHOUT ROWID;
CREATE TABLE evaluation_facts (
    month       TEXT    NOT NULL,
    case_id     TEXT    NOT NULL,
    number      TEXT    NOT NULL,
    category    TEXT    NOT NULL,
    street      TEXT,
    unit        TEXT,
    area        TEXT,
    figures     INTEGER NOT NULL,
    handling_ms INTEGER,
    PRIMARY KEY (month, case_id)
) WITHOUT ROWID;

-- When live views began and ceased to watch, as their health told: the events themselves are not kept so long.
CREATE TABLE view_watching (
    camera_id   TEXT    NOT NULL,
    view_id     TEXT    NOT NULL,
    at_ms       INTEGER NOT NULL,
    sequence    INTEGER NOT NULL,
    is_watching INTEGER NOT NULL,
    PRIMARY KEY (camera_id, view_id, at_ms, sequence)
) WITHOUT ROWID;
INSERT OR IGNORE INTO view_watching (camera_id, view_id, at_ms, sequence, is_watching)
    SELECT camera_id, view_id, time_ms, sequence,
        json_extract(document, '$.data.state') IN ('ok', 'keyframes_too_rare', 'overloaded', 'no_detector')
    FROM events WHERE type = 'org.streetkeeper.camera.health' AND run = 'live';

CREATE INDEX occupancy_events_by_time ON events (time_ms) WHERE type = 'org.streetkeeper.zone.occupancy';
CREATE INDEX zone_occupancy_by_time ON zone_occupancy (at_ms);
-- A month's figures: the cases that were alive in it or due in it.
CREATE INDEX cases_by_report ON cases (reported_ms, closed_ms, due_ms);
CREATE INDEX cases_by_due ON cases (due_ms, case_key) WHERE due_ms IS NOT NULL;
