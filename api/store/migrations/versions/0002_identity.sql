-- Lists are JSON. No areas: everywhere. No scopes: all that the role may.
ALTER TABLE api_keys ADD COLUMN areas TEXT;
ALTER TABLE api_keys ADD COLUMN unit TEXT;
ALTER TABLE api_keys ADD COLUMN scopes TEXT;
ALTER TABLE api_keys ADD COLUMN expires_ms INTEGER;
ALTER TABLE api_keys ADD COLUMN used_ms INTEGER;

-- `password` is an argon2id hash, or nothing for people who sign in through an identity provider.
CREATE TABLE users (
    user_id     TEXT    NOT NULL PRIMARY KEY,
    name        TEXT    NOT NULL UNIQUE COLLATE NOCASE,
    role        TEXT    NOT NULL,
    areas       TEXT,
    unit        TEXT,
    password    TEXT,
    issuer      TEXT,
    subject     TEXT,
    created_ms  INTEGER NOT NULL,
    password_ms INTEGER,
    signed_in_ms INTEGER,
    disabled_ms INTEGER,
    UNIQUE (issuer, subject)
) WITHOUT ROWID;

-- Sign-ins of browsers. The secret itself stands only in the browser's cookie.
CREATE TABLE sessions (
    digest      BLOB    NOT NULL PRIMARY KEY,
    session_id  TEXT    NOT NULL UNIQUE,
    holder_kind TEXT    NOT NULL CHECK (holder_kind IN ('user', 'key')),
    holder_id   TEXT    NOT NULL,
    made_ms     INTEGER NOT NULL,
    used_ms     INTEGER NOT NULL,
    ends_ms     INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX sessions_by_holder ON sessions (holder_kind, holder_id);

-- `hash` is the SHA-256 of the hash before it and this entry as canonical JSON.
CREATE TABLE audit_log (
    number  INTEGER PRIMARY KEY,
    at_ms   INTEGER NOT NULL,
    actor   TEXT    NOT NULL,
    action  TEXT    NOT NULL,
    subject TEXT    NOT NULL,
    detail  TEXT    NOT NULL,
    hash    BLOB    NOT NULL
);
CREATE INDEX audit_log_by_action ON audit_log (action, number);
CREATE INDEX audit_log_by_actor ON audit_log (actor, number);
CREATE INDEX audit_log_by_subject ON audit_log (subject, number);
CREATE TRIGGER audit_log_is_never_changed BEFORE UPDATE ON audit_log
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
CREATE TRIGGER audit_log_is_never_shortened BEFORE DELETE ON audit_log
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;

-- Which incidents name which file.
CREATE TABLE evidence_links (
    sha256      TEXT NOT NULL,
    incident_id TEXT NOT NULL,
    PRIMARY KEY (sha256, incident_id)
) WITHOUT ROWID;
CREATE INDEX evidence_links_by_incident ON evidence_links (incident_id);
INSERT OR IGNORE INTO evidence_links (sha256, incident_id)
SELECT json_extract(item.value, '$.sha256'), json_extract(events.document, '$.data.incident_id')
FROM events, json_each(events.document, '$.data.evidence') AS item;
