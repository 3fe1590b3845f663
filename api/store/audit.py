"""The audit log: who did what when; append-only, each entry bound to the one before by a hash."""

import hashlib
import json
import sqlite3
from collections.abc import Mapping

from api.store.times import now_ms

__all__ = ["GENESIS", "append_audit", "append_if_other", "entry_hash"]

GENESIS = bytes(32)
"""Stands before the first entry."""


def entry_hash(previous: bytes, number: int, at_ms: int, said: tuple[str, str, str, str]) -> bytes:
    """SHA-256 of an entry's place in the chain.

    Args:
        previous: Hash of the entry before it.
        number: Its number, from 1 without gaps.
        at_ms: When, in milliseconds since 1970.
        said: Actor, action, subject, and the detail as it is kept.
    """
    entry = json.dumps([number, at_ms, *said], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(previous + entry.encode()).digest()


def append_audit(
    connection: sqlite3.Connection,
    *,
    actor: str,
    action: str,
    subject: str,
    detail: Mapping[str, object],
    at_ms: int,
) -> int:
    """Add an entry in the caller's own transaction: a change and its entry are kept together or not at all.

    Args:
        connection: The writer's, inside its transaction.
        actor: `user:NAME` or `key:ID`; `command` for the command line.
        action: Dotted: `evidence.read`, `export.csv`, `config.change`, `case.dispatch`, `user.create`, ...
        subject: What it was done to, such as an id.
        detail: What else must be known of it; JSON values, and nothing secret.
        at_ms: When, in milliseconds since 1970.

    Returns:
        The entry's number.
    """
    row = connection.execute("SELECT number, hash FROM audit_log ORDER BY number DESC LIMIT 1").fetchone()
    number, previous = (row[0] + 1, row[1]) if row else (1, GENESIS)
    text = json.dumps(detail, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    digest = entry_hash(previous, number, at_ms, (actor, action, subject, text))
    connection.execute(
        "INSERT INTO audit_log (number, at_ms, actor, action, subject, detail, hash)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (number, at_ms, actor, action, subject, text, digest),
    )
    return number


def append_if_other(
    connection: sqlite3.Connection, action: str, subject: str, detail: Mapping[str, object]
) -> bool:
    """Add an entry of the machine itself, unless the last of that action says the same; whether it did."""
    row = connection.execute(
        "SELECT detail FROM audit_log WHERE action = ? ORDER BY number DESC LIMIT 1", (action,)
    ).fetchone()
    if row is not None and json.loads(row[0]) == json.loads(json.dumps(detail)):
        return False
    append_audit(connection, actor="command", action=action, subject=subject, detail=detail, at_ms=now_ms())
    return True
