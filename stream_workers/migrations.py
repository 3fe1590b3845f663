"""The forms that the worker's store has had; a new form is a new entry, and none is ever changed."""

from typing import Final

__all__ = ["APPLICATION_ID", "MIGRATIONS"]

APPLICATION_ID: Final = 0x534B5750
"""Written into the file (`SKWP`), so that another program's database is not taken for ours."""

_FIRST: Final = """
CREATE TABLE view_state (
    view_id TEXT NOT NULL, run TEXT NOT NULL, look INTEGER NOT NULL,
    memory BLOB NOT NULL, tracks TEXT NOT NULL,
    PRIMARY KEY (view_id, run)
);
CREATE TABLE look_log (
    view_id TEXT NOT NULL, run TEXT NOT NULL, look INTEGER NOT NULL,
    media_s REAL NOT NULL, captured_at TEXT NOT NULL,
    PRIMARY KEY (view_id, run, look)
) WITHOUT ROWID;
CREATE TABLE spool (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, source TEXT NOT NULL, event_id TEXT NOT NULL,
    run TEXT NOT NULL, subject TEXT NOT NULL, body TEXT NOT NULL, kept_at REAL NOT NULL,
    state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'sent', 'rejected')),
    attempts INTEGER NOT NULL DEFAULT 0, next_try_at REAL NOT NULL DEFAULT 0,
    reason TEXT NOT NULL DEFAULT '', ended_at REAL,
    UNIQUE (source, event_id)
);
CREATE INDEX spool_by_state ON spool (state, seq);
CREATE INDEX spool_by_run ON spool (run, seq);
CREATE INDEX spool_postponed ON spool (subject, seq) WHERE state = 'pending' AND next_try_at > 0;
CREATE TABLE evidence (
    number INTEGER PRIMARY KEY AUTOINCREMENT, sha256 TEXT NOT NULL UNIQUE, path TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'sent', 'rejected', 'lost')),
    attempts INTEGER NOT NULL DEFAULT 0, next_try_at REAL NOT NULL DEFAULT 0,
    reason TEXT NOT NULL DEFAULT '', ended_at REAL
);
CREATE INDEX evidence_by_state ON evidence (state, number);
CREATE TABLE lease (
    camera_id TEXT PRIMARY KEY, holder TEXT NOT NULL, expires_at REAL NOT NULL, fence INTEGER NOT NULL
);
CREATE TABLE health (
    view_id TEXT PRIMARY KEY, subject TEXT NOT NULL, state TEXT NOT NULL, detail TEXT NOT NULL,
    sequence INTEGER NOT NULL, told_at REAL NOT NULL
);
"""

_RESULTS: Final = """
CREATE TABLE command_result (
    command_id TEXT PRIMARY KEY, body TEXT NOT NULL, kept_at REAL NOT NULL
);
"""

MIGRATIONS: Final = (_FIRST, _RESULTS)
