"""The numbered log of changes: what live updates tell, and what pages and caches measure time by."""

import sqlite3
from dataclasses import dataclass

from api.store.opening import Store
from api.store.times import now_ms

__all__ = ["Change", "append_change", "floor_of", "list_changes", "newest_change", "raise_floor"]


@dataclass(frozen=True, slots=True)
class Change:
    """One change.

    Args:
        number: Its number; the next change has a higher one, also after a restart.
        kind: `incident`, `camera`, `case`, or `purge` where incidents were deleted.
        subject: Id of what changed.
        document: What to tell, as JSON text; None where it has been deleted since.
    """

    number: int
    kind: str
    subject: str
    document: str | None


def append_change(  # noqa: PLR0913  the columns of one row
    connection: sqlite3.Connection,
    kind: str,
    subject: str,
    *,
    run: str = "live",
    area: str | None = None,
    category: str | None = None,
    sequence: int | None = None,
) -> int:
    """Number a change in the transaction that makes it; `sequence` is its number among its subject's."""
    at_ms = now_ms()
    number = connection.execute(
        "INSERT INTO changes (at_ms, kind, subject, run, area, category, sequence)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (at_ms, kind, subject, run, area, category, sequence),
    ).lastrowid
    return int(number or 0)


def newest_change(connection: sqlite3.Connection) -> int:
    """Number of the newest change, also where it was forgotten since; 0 before the first."""
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'changes'").fetchone()
    return int(row[0]) if row else 0


def floor_of(connection: sqlite3.Connection, name: str) -> int:
    """Up to which number `changes` or `past` states were forgotten."""
    row = connection.execute("SELECT number FROM floors WHERE name = ?", (name,)).fetchone()
    return int(row[0]) if row else 0


def raise_floor(connection: sqlite3.Connection, name: str, number: int) -> None:
    """Say that everything up to a number is forgotten."""
    connection.execute(
        "INSERT INTO floors (name, number) VALUES (?, ?)"
        " ON CONFLICT (name) DO UPDATE SET number = max(number, excluded.number)",
        (name, number),
    )


def list_changes(
    store: Store, after: int, limit: int, run: str, areas: tuple[str, ...] | None
) -> tuple[list[Change], int, bool]:
    """The changes after a number that a caller may see.

    Returns:
        At most `limit` changes in order, the number to go on after, and whether `after` names a time that
        this log does not know: forgotten, or of a database that was since replaced by an older one.
    """
    limits, values = "", [run]
    if areas is not None:
        limits = f" AND area IN ({', '.join('?' * len(areas))})"
        values += areas

    def search(connection: sqlite3.Connection) -> tuple[list[Change], int, bool]:
        newest = newest_change(connection)
        if after > newest or after < floor_of(connection, "changes"):
            return [], newest, True
        rows = connection.execute(
            "SELECT number, kind, subject, sequence FROM changes"  # noqa: S608  marks only
            f" WHERE number > ? AND number <= ? AND run = ?{limits} ORDER BY number LIMIT ?",
            [after, newest, *values, limit],
        ).fetchall()
        changes = [
            Change(number, kind, subject, _document(connection, kind, subject, sequence))
            for number, kind, subject, sequence in rows
        ]
        return changes, (changes[-1].number if len(rows) == limit else newest), False

    return store.read(search)


def _document(connection: sqlite3.Connection, kind: str, subject: str, sequence: int | None) -> str | None:
    if kind in {"incident", "camera"}:
        row = connection.execute(
            "SELECT document FROM events WHERE subject = ? AND sequence = ? ORDER BY arrival DESC LIMIT 1",
            (subject, sequence),
        ).fetchone()
    elif kind == "case":
        row = connection.execute(
            "SELECT json_object('case_id', c.case_id, 'number', c.number, 'state', c.state,"
            " 'version', c.version, 'category', c.category, 'unit', c.unit,"
            " 'action', s.action, 'at_ms', s.at_ms)"
            " FROM case_steps s JOIN cases c ON c.case_id = s.case_id WHERE s.step_key = ?",
            (sequence,),
        ).fetchone()
    else:
        return "{}"
    return None if row is None else str(row[0])
