-- A person's work items. `number` is spoken: the day in the site's time zone and a count within the day.
CREATE TABLE cases (
    case_key      INTEGER PRIMARY KEY AUTOINCREMENT,
    case_id       TEXT    NOT NULL UNIQUE,
    number        TEXT    NOT NULL UNIQUE,
    state         TEXT    NOT NULL,
    is_suspended  INTEGER NOT NULL DEFAULT 0,
    rung          TEXT    NOT NULL DEFAULT 'service',
    is_objected   INTEGER NOT NULL DEFAULT 0,
    category      TEXT    NOT NULL,
    priority      INTEGER NOT NULL,
    lon REAL, lat REAL, semi_major_m REAL, semi_minor_m REAL, azimuth_deg REAL,
    area          TEXT,
    street        TEXT,
    grid_cell     TEXT,
    unit          TEXT,
    codes         TEXT    NOT NULL DEFAULT '{}',
    run           TEXT    NOT NULL DEFAULT 'live',
    reported_ms   INTEGER NOT NULL,
    filed_ms      INTEGER,
    dispatched_ms INTEGER,
    due_ms        INTEGER,
    handled_ms    INTEGER,
    checked_ms    INTEGER,
    closed_ms     INTEGER,
    last_seen_ms  INTEGER,
    reworks       INTEGER NOT NULL DEFAULT 0,
    returns       INTEGER NOT NULL DEFAULT 0,
    extensions    INTEGER NOT NULL DEFAULT 0,
    hold          INTEGER NOT NULL DEFAULT 0,
    version       INTEGER NOT NULL DEFAULT 1,
    title         TEXT    NOT NULL DEFAULT ''
);
CREATE INDEX cases_by_state ON cases (state, case_key);
CREATE INDEX cases_by_place ON cases (state, lat, lon);
CREATE INDEX cases_by_unit ON cases (unit, state, case_key);

-- Every step that was ever taken with a case. The purge, which proves what it deletes, drops the second
-- trigger inside its own transaction and makes it again.
CREATE TABLE case_steps (
    step_key   INTEGER PRIMARY KEY AUTOINCREMENT,
    case_id    TEXT    NOT NULL,
    at_ms      INTEGER NOT NULL,
    actor      TEXT    NOT NULL,
    action     TEXT    NOT NULL,
    from_state TEXT,
    to_state   TEXT,
    reason     TEXT    NOT NULL DEFAULT '',
    picture    TEXT,
    detail     TEXT    NOT NULL DEFAULT '{}'
);
CREATE INDEX case_steps_by_case ON case_steps (case_id, step_key);
CREATE INDEX case_steps_by_action ON case_steps (action, at_ms);
CREATE TRIGGER case_steps_are_never_changed BEFORE UPDATE ON case_steps
BEGIN
    SELECT RAISE(ABORT, 'steps of a case are append-only');
END;
CREATE TRIGGER case_steps_are_never_deleted BEFORE DELETE ON case_steps
BEGIN
    SELECT RAISE(ABORT, 'steps of a case are append-only');
END;

-- What a case is about: incidents and reports. One that was split off again keeps its row, with `left_ms`.
CREATE TABLE case_sources (
    case_id   TEXT    NOT NULL,
    kind      TEXT    NOT NULL CHECK (kind IN ('incident', 'report')),
    source_id TEXT    NOT NULL,
    joined_ms INTEGER NOT NULL,
    joined_by TEXT    NOT NULL,
    left_ms   INTEGER,
    PRIMARY KEY (case_id, kind, source_id, joined_ms)
) WITHOUT ROWID;
-- A source belongs to one case at a time.
CREATE UNIQUE INDEX case_sources_once ON case_sources (kind, source_id) WHERE left_ms IS NULL;

CREATE TABLE case_units (
    case_id TEXT    NOT NULL,
    unit    TEXT    NOT NULL,
    is_lead INTEGER NOT NULL,
    PRIMARY KEY (case_id, unit)
) WITHOUT ROWID;
CREATE INDEX case_units_by_unit ON case_units (unit, case_id);

CREATE TABLE reports (
    report_id   TEXT    NOT NULL PRIMARY KEY,
    kind        TEXT    NOT NULL CHECK (kind IN ('citizen', 'staff', 'superior')),
    category    TEXT    NOT NULL,
    lon         REAL    NOT NULL,
    lat         REAL    NOT NULL,
    error_m     REAL    NOT NULL,
    text        TEXT    NOT NULL,
    at_ms       INTEGER NOT NULL,
    received_ms INTEGER NOT NULL,
    actor       TEXT    NOT NULL,
    area        TEXT,
    picture     TEXT,
    state       TEXT    NOT NULL CHECK (state IN ('waiting', 'accepted', 'rejected'))
);
CREATE INDEX reports_by_time ON reports (received_ms, report_id);

-- What waits for a person. `document` is what the screen shows before the verdict; it says of no item
-- whether a machine told it or a random look drew it.
CREATE TABLE review_items (
    item_key         INTEGER PRIMARY KEY AUTOINCREMENT,
    item_id          TEXT    NOT NULL UNIQUE,
    kind             TEXT    NOT NULL CHECK (kind IN ('incident', 'report', 'audit', 'recheck', 'outside')),
    state            TEXT    NOT NULL CHECK (state IN ('waiting', 'done', 'withdrawn')),
    category         TEXT    NOT NULL,
    priority         INTEGER NOT NULL,
    area             TEXT,
    camera_id        TEXT,
    run              TEXT    NOT NULL,
    created_ms       INTEGER NOT NULL,
    claimed_by       TEXT,
    claimed_until_ms INTEGER,
    done_ms          INTEGER,
    gone_ms          INTEGER,
    lon              REAL,
    lat              REAL,
    document         TEXT    NOT NULL
);
CREATE INDEX review_queue ON review_items (state, priority, created_ms, item_key);
CREATE INDEX review_items_by_place ON review_items (kind, state, lat, lon);
CREATE INDEX review_items_by_claim ON review_items (claimed_by, state);

CREATE TABLE review_sources (
    item_id   TEXT NOT NULL,
    kind      TEXT NOT NULL,
    source_id TEXT NOT NULL,
    PRIMARY KEY (item_id, kind, source_id)
) WITHOUT ROWID;
CREATE INDEX review_sources_by_source ON review_sources (kind, source_id);

CREATE TABLE review_seen (
    item_id TEXT    NOT NULL,
    actor   TEXT    NOT NULL,
    seen_ms INTEGER NOT NULL,
    PRIMARY KEY (item_id, actor)
) WITHOUT ROWID;

-- Labels: one row per source of the item that was judged. `before` is what undoing puts back.
CREATE TABLE verdicts (
    verdict_key    INTEGER PRIMARY KEY AUTOINCREMENT,
    verdict_id     TEXT    NOT NULL,
    item_id        TEXT    NOT NULL,
    incident_id    TEXT,
    verdict        TEXT    NOT NULL,
    reason         TEXT,
    actor          TEXT    NOT NULL,
    at_ms          INTEGER NOT NULL,
    undone_ms      INTEGER,
    camera_id      TEXT,
    view_id        TEXT,
    category       TEXT    NOT NULL,
    right_category TEXT,
    rule_id        TEXT,
    hour           INTEGER,
    case_id        TEXT,
    kind           TEXT    NOT NULL,
    before         TEXT    NOT NULL
);
CREATE INDEX verdicts_by_id ON verdicts (verdict_id);
CREATE INDEX verdicts_by_item ON verdicts (item_id);
CREATE INDEX verdicts_by_time ON verdicts (at_ms);
CREATE INDEX verdicts_by_incident ON verdicts (incident_id);

-- Random looks at quiet stills: drawn per operator and day from the 24 hours that begin at `frame_ms`.
CREATE TABLE audit_looks (
    look_id    TEXT    NOT NULL PRIMARY KEY,
    day        TEXT    NOT NULL,
    operator   TEXT    NOT NULL,
    camera_id  TEXT    NOT NULL,
    view_id    TEXT    NOT NULL,
    hour       INTEGER NOT NULL,
    frame_ms   INTEGER NOT NULL,
    category   TEXT    NOT NULL,
    state      TEXT    NOT NULL CHECK (state IN ('asked', 'shown', 'failed')),
    command_id TEXT,
    item_id    TEXT,
    still_ms   INTEGER,
    opened_ms  INTEGER,
    UNIQUE (day, operator, camera_id, view_id, hour, category)
) WITHOUT ROWID;
CREATE INDEX audit_looks_by_command ON audit_looks (command_id);
CREATE INDEX audit_looks_by_item ON audit_looks (item_id);
CREATE INDEX audit_looks_by_day ON audit_looks (day, operator);

CREATE TABLE dispatch_budgets (
    unit    TEXT    NOT NULL PRIMARY KEY,
    per_day INTEGER NOT NULL,
    set_by  TEXT    NOT NULL,
    set_ms  INTEGER NOT NULL
) WITHOUT ROWID;

-- Objections by case number. Their text belongs to the case; no name of who objects is kept.
CREATE TABLE objections (
    objection_key INTEGER PRIMARY KEY AUTOINCREMENT,
    case_id       TEXT    NOT NULL,
    text          TEXT    NOT NULL,
    opened_ms     INTEGER NOT NULL,
    opened_by     TEXT    NOT NULL,
    decided_ms    INTEGER,
    decided_by    TEXT,
    is_upheld     INTEGER,
    decision      TEXT
);
CREATE INDEX objections_by_case ON objections (case_id, objection_key);

-- Which case a camera was asked to look at again for.
CREATE TABLE case_rechecks (
    command_id TEXT    NOT NULL PRIMARY KEY,
    case_id    TEXT    NOT NULL,
    asked_ms   INTEGER NOT NULL
) WITHOUT ROWID;
