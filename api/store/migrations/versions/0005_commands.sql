-- Every version that a document of the configuration ever had, whole. `label` is what the document calls
-- itself (of the site its `version`, which stands in events); `restored` is the version that it brings back.
CREATE TABLE config_versions (
    kind     TEXT    NOT NULL,
    version  INTEGER NOT NULL,
    text     TEXT    NOT NULL,
    digest   TEXT    NOT NULL,
    label    TEXT    NOT NULL,
    author   TEXT    NOT NULL,
    reason   TEXT    NOT NULL,
    at_ms    INTEGER NOT NULL,
    restored INTEGER,
    PRIMARY KEY (kind, version)
) WITHOUT ROWID;
CREATE INDEX config_versions_by_label ON config_versions (kind, label);
CREATE TRIGGER config_versions_are_never_changed BEFORE UPDATE ON config_versions
BEGIN
    SELECT RAISE(ABORT, 'a version of the configuration is never changed');
END;
CREATE TRIGGER config_versions_are_never_deleted BEFORE DELETE ON config_versions
BEGIN
    SELECT RAISE(ABORT, 'a version of the configuration is never deleted');
END;

-- What workers are asked to do. `token` is that of the present lease: who comes with another has lost it.
CREATE TABLE commands (
    command_key  INTEGER PRIMARY KEY AUTOINCREMENT,
    command_id   TEXT    NOT NULL UNIQUE,
    idempotency  TEXT    NOT NULL UNIQUE,
    kind         TEXT    NOT NULL,
    camera_id    TEXT,
    body         TEXT    NOT NULL,
    actor        TEXT    NOT NULL,
    state        TEXT    NOT NULL DEFAULT 'queued'
                 CHECK (state IN ('queued', 'leased', 'done', 'failed', 'expired')),
    created_ms   INTEGER NOT NULL,
    expires_ms   INTEGER NOT NULL,
    worker       TEXT,
    token        TEXT,
    leased_until_ms INTEGER,
    attempts     INTEGER NOT NULL DEFAULT 0,
    progress     REAL    NOT NULL DEFAULT 0,
    note         TEXT    NOT NULL DEFAULT '',
    result       TEXT,
    reason       TEXT    NOT NULL DEFAULT '',
    ended_ms     INTEGER
);
CREATE INDEX commands_waiting ON commands (kind, command_key) WHERE state IN ('queued', 'leased');
CREATE INDEX commands_by_camera ON commands (camera_id, command_key);

CREATE TABLE camera_leases (
    camera_id  TEXT    NOT NULL PRIMARY KEY,
    holder     TEXT    NOT NULL,
    actor      TEXT    NOT NULL,
    fence      INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL
) WITHOUT ROWID;

-- What lies in the drop folders of workers, as each told it last.
CREATE TABLE drop_folders (
    worker  TEXT    NOT NULL PRIMARY KEY,
    actor   TEXT    NOT NULL,
    files   TEXT    NOT NULL,
    told_ms INTEGER NOT NULL
) WITHOUT ROWID;

-- Pictures that no worker took. The bytes lie in a folder that no route serves; the row stays when they go.
CREATE TABLE outside_pictures (
    picture_id   TEXT    NOT NULL PRIMARY KEY,
    command_id   TEXT    NOT NULL UNIQUE,
    report_id    TEXT,
    actor        TEXT    NOT NULL,
    area         TEXT,
    received_ms  INTEGER NOT NULL,
    sha256       TEXT    NOT NULL,
    size_bytes   INTEGER NOT NULL,
    state        TEXT    NOT NULL DEFAULT 'quarantined'
                 CHECK (state IN ('quarantined', 'released', 'refused')),
    evidence     TEXT,
    reason       TEXT    NOT NULL DEFAULT '',
    ended_ms     INTEGER,
    deleted_ms   INTEGER
) WITHOUT ROWID;
CREATE INDEX outside_pictures_by_report ON outside_pictures (report_id);
CREATE INDEX outside_pictures_left_over ON outside_pictures (ended_ms)
    WHERE state <> 'quarantined' AND deleted_ms IS NULL;
