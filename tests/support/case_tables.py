"""The tables of cases as the case store makes them, and rows in them."""

import json
import sqlite3
import uuid
from dataclasses import dataclass
from typing import Any

from api.store import Store

CASE_TABLES = """
CREATE TABLE IF NOT EXISTS cases (
  case_key INTEGER PRIMARY KEY AUTOINCREMENT, case_id TEXT NOT NULL UNIQUE, number TEXT NOT NULL UNIQUE,
  state TEXT NOT NULL, is_suspended INTEGER NOT NULL DEFAULT 0, rung TEXT NOT NULL DEFAULT 'service',
  is_objected INTEGER NOT NULL DEFAULT 0, category TEXT NOT NULL, priority INTEGER NOT NULL,
  lon REAL, lat REAL, semi_major_m REAL, semi_minor_m REAL, azimuth_deg REAL,
  area TEXT, street TEXT, grid_cell TEXT, unit TEXT, codes TEXT NOT NULL DEFAULT '{}',
  run TEXT NOT NULL DEFAULT 'live', reported_ms INTEGER NOT NULL, filed_ms INTEGER, dispatched_ms INTEGER,
  due_ms INTEGER, handled_ms INTEGER, checked_ms INTEGER, closed_ms INTEGER, last_seen_ms INTEGER,
  reworks INTEGER NOT NULL DEFAULT 0, returns INTEGER NOT NULL DEFAULT 0,
  extensions INTEGER NOT NULL DEFAULT 0, hold INTEGER NOT NULL DEFAULT 0,
  version INTEGER NOT NULL DEFAULT 1, title TEXT NOT NULL DEFAULT ''
);
CREATE TABLE IF NOT EXISTS case_steps (
  step_key INTEGER PRIMARY KEY AUTOINCREMENT, case_id TEXT NOT NULL, at_ms INTEGER NOT NULL,
  actor TEXT NOT NULL, action TEXT NOT NULL, from_state TEXT, to_state TEXT,
  reason TEXT NOT NULL DEFAULT '', picture TEXT, detail TEXT NOT NULL DEFAULT '{}'
);
CREATE INDEX IF NOT EXISTS case_steps_by_case ON case_steps (case_id, step_key);
CREATE TABLE IF NOT EXISTS case_units (case_id TEXT, unit TEXT, is_lead INTEGER, PRIMARY KEY (case_id, unit));
CREATE TABLE IF NOT EXISTS config_versions (
  kind TEXT NOT NULL, version INTEGER NOT NULL, text TEXT NOT NULL, digest TEXT NOT NULL,
  author TEXT NOT NULL, reason TEXT NOT NULL, at_ms INTEGER NOT NULL, PRIMARY KEY (kind, version)
);
"""
STATE_AFTER = {
    "file": "filed",
    "reject": "rejected",
    "dispatch": "dispatched",
    "return": "filed",
    "accept": "handling",
    "handle": "handled",
    "check": "checking",
    "close": "closed",
    "rework": "handling",
    "void": "voided",
}


def make_case_tables(store: Store) -> None:
    """The tables, where the store has none of its own yet."""

    def make(connection: sqlite3.Connection) -> None:
        for statement in CASE_TABLES.split(";\n"):
            if statement.strip():
                connection.execute(statement)

    store.write(make).result()


def keep_config(store: Store, kind: str, text: str, at_ms: int = 0) -> None:
    """A new version of a configuration document."""

    def keep(connection: sqlite3.Connection) -> None:
        (version,) = connection.execute(
            "SELECT coalesce(max(version), 0) + 1 FROM config_versions WHERE kind = ?", (kind,)
        ).fetchone()
        connection.execute(
            "INSERT INTO config_versions VALUES (?, ?, ?, ?, 'user:test', 'a test', ?)",
            (kind, version, text, f"{kind}-{version}", at_ms),
        )

    store.write(keep).result()


@dataclass(frozen=True)
class Step:
    """One step of a case: what, when, and what else is kept of it."""

    action: str
    at_ms: int
    detail: dict[str, Any] | None = None


def add_case(store: Store, number: int, reported_ms: int, steps: list[Step], **columns: Any) -> str:
    """A case with its steps; the columns that steps imply are set as the lifecycle would."""
    case_id = str(uuid.uuid5(uuid.NAMESPACE_OID, f"case {number}"))
    row: dict[str, Any] = {
        "case_id": case_id,
        "number": f"N-{number:06d}",
        "state": "reported",
        "category": "garbage_pile",
        "priority": 3,
        "area": "district",
        "street": "market",
        "unit": "sanitation",
        "lon": 118.917,
        "lat": 31.938,
        "reported_ms": reported_ms,
    }

    def add(connection: sqlite3.Connection) -> None:
        names = {**row, **columns}
        connection.execute(
            f"INSERT INTO cases ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})",  # noqa: S608
            list(names.values()),
        )
        for step in steps:
            take_step(connection, case_id, step)

    store.write(add).result()
    return case_id


def take_step(connection: sqlite3.Connection, case_id: str, step: Step) -> None:
    """Append a step and set the columns that follow from it."""
    (state,) = connection.execute("SELECT state FROM cases WHERE case_id = ?", (case_id,)).fetchone()
    after = STATE_AFTER.get(step.action)
    detail = step.detail or {}
    connection.execute(
        "INSERT INTO case_steps (case_id, at_ms, actor, action, from_state, to_state, detail)"
        " VALUES (?, ?, 'user:test', ?, ?, ?, ?)",
        (case_id, step.at_ms, step.action, state, after, json.dumps(detail)),
    )
    changed: dict[str, Any] = {"state": after} if after else {}
    changed |= {name: detail[name] for name in ("due_ms", "unit") if name in detail}
    moment = {"file": "filed", "dispatch": "dispatched", "handle": "handled", "close": "closed"}.get(
        step.action
    )
    if moment:
        changed[f"{moment}_ms"] = step.at_ms
    if step.action in {"suspend", "resume"}:
        changed["is_suspended"] = int(step.action == "suspend")
    if changed:
        connection.execute(
            f"UPDATE cases SET {', '.join(f'{name} = ?' for name in changed)} WHERE case_id = ?",  # noqa: S608
            [*changed.values(), case_id],
        )
