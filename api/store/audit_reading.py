"""Reads the audit log back: page by page for an auditor, and whole to see whether it is as it was written."""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from api.store.anchor import Anchor, read_anchor
from api.store.audit import GENESIS, entry_hash
from api.store.opening import DATABASE_FILE, Store

__all__ = ["AuditEntry", "AuditQuery", "Verification", "list_audit", "verify_audit"]

SHOWN_FAULTS = 20
COLUMNS = "number, at_ms, actor, action, subject, detail, hash"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One entry; `hash` binds it to the one before."""

    number: int
    at_ms: int
    actor: str
    action: str
    subject: str
    detail: dict[str, Any]
    hash: bytes


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """Which entries; None means any. Times are milliseconds, both ends included."""

    actor: str | None = None
    action: str | None = None
    subject: str | None = None
    since_ms: int | None = None
    until_ms: int | None = None


def list_audit(
    store: Store, query: AuditQuery, limit: int, before: int | None
) -> tuple[list[AuditEntry], int | None]:
    """Entries, the newest first, and the number that the next page goes on before (None: this was the last).

    An action that ends in a dot, such as `user.`, means all that begin so; it is made of letters and dots.
    """
    action = query.action
    conditions: list[tuple[str, Any]] = [
        ("actor = ?", query.actor),
        ("action GLOB ?", f"{action}*" if action and action.endswith(".") else action),
        ("subject = ?", query.subject),
        ("at_ms >= ?", query.since_ms),
        ("at_ms <= ?", query.until_ms),
        ("number < ?", before),
    ]
    given = [(clause, value) for clause, value in conditions if value is not None]
    where = " AND ".join(clause for clause, _ in given) or "1"
    sql = f"SELECT {COLUMNS} FROM audit_log WHERE {where} ORDER BY number DESC LIMIT ?"  # noqa: S608  constants
    values = [*(value for _, value in given), limit + 1]
    rows = store.read(lambda connection: connection.execute(sql, values).fetchall())
    shown = [_entry(row) for row in rows[:limit]]
    return shown, shown[-1].number if len(rows) > limit else None


def _entry(row: tuple[Any, ...]) -> AuditEntry:
    number, at_ms, actor, action, subject, detail, digest = row
    return AuditEntry(number, at_ms, actor, action, subject, json.loads(detail), digest)


@dataclass(frozen=True, slots=True)
class Verification:
    """What a walk along the chain found.

    Args:
        entries: How many there are.
        head: The newest one; None where the log is empty.
        faults: What is wrong, in words, at most 20; empty: the log is as it was written.
    """

    entries: int
    head: Anchor | None
    faults: list[str]


def verify_audit(folder: Path, noted: Anchor | None = None) -> Verification:
    """Walk the whole chain of the log in a data folder, and compare it with the head kept beside it.

    Args:
        folder: The data folder; its database is only read.
        noted: A head that somebody kept elsewhere.

    Raises:
        sqlite3.Error: The file is no database of ours.
    """
    # Before the database: entries that are added meanwhile are newer than the anchor, never older.
    anchors = {"the head file": read_anchor(folder), "the head given": noted}
    connection = sqlite3.connect(f"{(folder / DATABASE_FILE).absolute().as_uri()}?mode=ro", uri=True)
    try:
        rows = connection.execute(f"SELECT {COLUMNS} FROM audit_log ORDER BY number")  # noqa: S608  a constant
        wanted = [anchor for anchor in anchors.values() if anchor is not None]
        return _judged(_Walk(rows, {anchor.number for anchor in wanted}), anchors)
    finally:
        connection.close()


class _Walk:
    """Goes along the entries, and remembers the hashes that are asked for."""

    def __init__(self, rows: Iterator[tuple[Any, ...]], wanted: set[int]) -> None:
        self.head: Anchor | None = None
        self.entries = 0
        self.hashes: dict[int, bytes] = {}
        self.faults: list[str] = []
        previous, last = GENESIS, 0
        for number, at_ms, actor, action, subject, detail, digest in rows:
            if number != last + 1:
                self.faults.append(f"entries {last + 1} to {number - 1} are missing")
            elif entry_hash(previous, number, at_ms, (actor, action, subject, detail)) != digest:
                self.faults.append(f"entry {number} is not what was written")
            # Go on from what stands there: one change is one fault, not a fault in all that follows.
            previous, last = digest, number
            self.entries += 1
            if number in wanted:
                self.hashes[number] = digest
        if self.entries:
            self.head = Anchor(last, previous)


def _judged(walk: _Walk, anchors: dict[str, Anchor | None]) -> Verification:
    faults = walk.faults[:SHOWN_FAULTS]
    if len(walk.faults) > SHOWN_FAULTS:
        faults.append(f"and {len(walk.faults) - SHOWN_FAULTS} more")
    if walk.head is not None and anchors["the head file"] is None:
        faults.append("the head file beside the database is missing or is none")
    last = walk.head.number if walk.head else 0
    for words, anchor in anchors.items():
        if anchor is None:
            continue
        if anchor.number > last:
            faults.append(f"cut short: {words} says entry {anchor.number}, the log ends at {last}")
        elif walk.hashes.get(anchor.number) != anchor.hash:
            faults.append(f"rewritten: entry {anchor.number} is not the one that {words} says")
    return Verification(walk.entries, walk.head, faults)
