"""Rows of cases as the case store keeps them, written without its checks: any time, any order."""

import hashlib
import json
import sqlite3
import uuid
from dataclasses import dataclass
from typing import Any

from api.store import Store

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


def keep_config(store: Store, kind: str, text: str, at_ms: int = 0) -> None:
    """A new version of a configuration document."""

    def keep(connection: sqlite3.Connection) -> None:
        (version,) = connection.execute(
            "SELECT coalesce(max(version), 0) + 1 FROM config_versions WHERE kind = ?", (kind,)
        ).fetchone()
        connection.execute(
            "INSERT INTO config_versions (kind, version, text, digest, label, author, reason, at_ms)"
            " VALUES (?, ?, ?, ?, '', 'user:test', 'a test', ?)",
            (kind, version, text, hashlib.sha256(text.encode()).hexdigest(), at_ms),
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
