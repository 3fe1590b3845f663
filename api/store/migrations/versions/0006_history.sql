-- What history is asked by. `began` is the number of the change that made the present state.
ALTER TABLE incidents ADD COLUMN area TEXT;
ALTER TABLE incidents ADD COLUMN unit TEXT;
ALTER TABLE incidents ADD COLUMN grid_cell TEXT;
ALTER TABLE incidents ADD COLUMN semi_major_m REAL;
ALTER TABLE incidents ADD COLUMN began INTEGER NOT NULL DEFAULT 0;
UPDATE incidents SET unit = json_extract(document, '$.unit'),
    semi_major_m = json_extract(document, '$.ellipse.semi_major_m');

-- Every change that live updates tell, in the order of its commit. Numbers are never used twice.
CREATE TABLE changes (
    number   INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms    INTEGER NOT NULL,
    kind     TEXT    NOT NULL,
    subject  TEXT    NOT NULL,
    run      TEXT    NOT NULL,
    area     TEXT,
    category TEXT,
    sequence INTEGER
);
CREATE INDEX changes_by_time ON changes (at_ms);

CREATE TRIGGER case_steps_are_told AFTER INSERT ON case_steps
BEGIN
    INSERT INTO changes (at_ms, kind, subject, run, area, category, sequence)
        SELECT NEW.at_ms, 'case', NEW.case_id, run, area, category, NEW.step_key
        FROM cases WHERE case_id = NEW.case_id;
END;

-- Former states of incidents, so that pages put together are the list as it was at the first page.
-- A state held for the changes from `began` to just before `ended`.
CREATE TABLE incident_past (
    ended         INTEGER NOT NULL,
    place_key     INTEGER NOT NULL,
    began         INTEGER NOT NULL,
    ended_ms      INTEGER NOT NULL,
    sort_ms       INTEGER NOT NULL,
    status        TEXT    NOT NULL,
    category      TEXT    NOT NULL,
    camera_id     TEXT    NOT NULL,
    view_id       TEXT    NOT NULL,
    run           TEXT    NOT NULL,
    first_seen_ms INTEGER NOT NULL,
    last_seen_ms  INTEGER NOT NULL,
    confidence    REAL    NOT NULL,
    lon           REAL,
    lat           REAL,
    area          TEXT,
    unit          TEXT,
    grid_cell     TEXT,
    semi_major_m  REAL,
    PRIMARY KEY (ended, place_key)
) WITHOUT ROWID;
CREATE INDEX incident_past_by_time ON incident_past (ended_ms);

-- Up to which number something was forgotten: `past` states, `changes`.
CREATE TABLE floors (name TEXT NOT NULL PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;

-- Reason, zones, unit, area, camera and view; characters of Chinese stand apart so that each is a word.
CREATE VIRTUAL TABLE incident_words USING fts5 (words, tokenize = 'unicode61');
INSERT INTO incident_words (rowid, words)
    SELECT place_key, spaced_words(coalesce(json_extract(document, '$.rule.reason'), '') || ' '
        || coalesce((SELECT group_concat(value, ' ') FROM json_each(document, '$.zones')), '') || ' '
        || coalesce(unit, '') || ' ' || camera_id || ' ' || view_id)
    FROM incidents;

-- The lists: run and one exact filter, then opening time. The columns behind it let a scan judge time and
-- place without reading the row.
DROP INDEX incidents_by_run;
DROP INDEX incidents_by_status;
CREATE INDEX incidents_by_time ON incidents
    (run, sort_ms, place_key, began, first_seen_ms, last_seen_ms, lon, lat);
CREATE INDEX incidents_by_category ON incidents
    (run, category, sort_ms, place_key, began, first_seen_ms, last_seen_ms, lon, lat, status);
CREATE INDEX incidents_by_status ON incidents
    (run, status, sort_ms, place_key, began, first_seen_ms, last_seen_ms, lon, lat);
CREATE INDEX incidents_by_area ON incidents (run, area, sort_ms, place_key) WHERE area IS NOT NULL;
CREATE INDEX incidents_by_unit ON incidents (run, unit, sort_ms, place_key) WHERE unit IS NOT NULL;
CREATE INDEX incidents_by_cell ON incidents (run, grid_cell, sort_ms, place_key) WHERE grid_cell IS NOT NULL;
-- What stood longer than a day, or waited longer than a day to be opened: few, and asked apart, so that all
-- others are found between a day before and a day after the time that is asked for.
CREATE INDEX incidents_long ON incidents (run, sort_ms, place_key, category)
    WHERE last_seen_ms - sort_ms > 86400000 OR sort_ms - first_seen_ms > 86400000;
CREATE INDEX incidents_by_last_seen ON incidents (run, last_seen_ms, place_key);
CREATE INDEX incidents_by_confidence ON incidents (run, confidence, place_key);
CREATE INDEX incidents_by_ellipse ON incidents (run, coalesce(semi_major_m, 1000000000.0), place_key);
CREATE INDEX incidents_by_change ON incidents (began);

-- Every run that has incidents or was announced: how far an analysis is, and whether a person let it into
-- queue and statistics. `state` is empty where nobody tells progress.
CREATE TABLE runs (
    run         TEXT    NOT NULL PRIMARY KEY,
    incidents   INTEGER NOT NULL DEFAULT 0,
    newest_key  INTEGER NOT NULL DEFAULT 0,
    heard_ms    INTEGER NOT NULL DEFAULT 0,
    state       TEXT    CHECK (state IN ('waiting', 'running', 'done', 'failed')),
    progress    REAL,
    detail      TEXT    NOT NULL DEFAULT '',
    inputs      TEXT    NOT NULL DEFAULT '[]',
    told_ms     INTEGER,
    ended_ms    INTEGER,
    admitted_ms INTEGER,
    admitted_by TEXT,
    admitted_reason TEXT
) WITHOUT ROWID;
INSERT INTO runs (run, incidents, newest_key, heard_ms)
    SELECT run, count(*), max(place_key), CAST(strftime('%s', 'now') AS INTEGER) * 1000
    FROM incidents GROUP BY run;

-- A legal hold: what must not be forgotten, whatever its age.
CREATE TABLE holds (
    hold_id     TEXT    NOT NULL PRIMARY KEY,
    kind        TEXT    NOT NULL CHECK (kind IN ('incident', 'case', 'camera', 'area')),
    subject     TEXT    NOT NULL,
    reason      TEXT    NOT NULL,
    placed_ms   INTEGER NOT NULL,
    placed_by   TEXT    NOT NULL,
    lifted_ms   INTEGER,
    lifted_by   TEXT,
    lift_reason TEXT
) WITHOUT ROWID;
CREATE INDEX holds_by_subject ON holds (kind, subject) WHERE lifted_ms IS NULL;

-- Files that a purge has let go of in its transaction and not yet deleted; a killed purge goes on from here.
CREATE TABLE purge_files (name TEXT NOT NULL PRIMARY KEY, purge_id TEXT NOT NULL) WITHOUT ROWID;

CREATE INDEX health_events_by_time ON events (time_ms) WHERE type = 'org.streetkeeper.camera.health';
