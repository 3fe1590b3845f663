"""Messages about cases: what was told to whom, and whether somebody has seen it."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["CaseMessage", "MessageQuery", "find_message", "list_messages", "mark_seen"]

_COLUMNS = "message_key, case_id, step, recipient, unit, area, text, due_ms, at_ms, seen_ms, seen_by"


@dataclass(frozen=True, slots=True)
class CaseMessage:
    """One message; times are milliseconds."""

    message_key: int
    case_id: str
    step: str
    recipient: str
    unit: str | None
    area: str | None
    text: str
    due_ms: int
    at_ms: int
    seen_ms: int | None
    seen_by: str | None


@dataclass(frozen=True, slots=True)
class MessageQuery:
    """Which messages; None means any."""

    recipients: tuple[str, ...]
    unit: str | None = None
    areas: frozenset[str] | None = None
    unseen: bool = False


def list_messages(
    connection: sqlite3.Connection, query: MessageQuery, limit: int, before: int | None
) -> tuple[list[CaseMessage], int | None]:
    """Messages, the newest first, and where the next page goes on."""
    clauses = [f"recipient IN ({', '.join('?' * len(query.recipients))})"]
    values: list[Any] = list(query.recipients)
    if query.unit is not None:
        clauses.append("unit = ?")
        values.append(query.unit)
    if query.areas is not None:
        clauses.append(f"area IN ({', '.join('?' * len(query.areas))})")
        values += sorted(query.areas)
    if query.unseen:
        clauses.append("seen_ms IS NULL")
    if before is not None:
        clauses.append("message_key < ?")
        values.append(before)
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM case_messages WHERE {' AND '.join(clauses)}"  # noqa: S608
        " ORDER BY message_key DESC LIMIT ?",
        [*values, limit + 1],
    ).fetchall()
    shown = rows[:limit]
    return [_message(row) for row in shown], shown[-1][0] if len(rows) > limit else None


def find_message(connection: sqlite3.Connection, message_key: int) -> CaseMessage | None:
    """The message of that number; None where there is none."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM case_messages WHERE message_key = ?",  # noqa: S608
        (message_key,),
    ).fetchone()
    return None if row is None else _message(row)


def mark_seen(connection: sqlite3.Connection, message_key: int, actor: str, now_ms: int) -> None:
    """Note who saw a message first; doing it again changes nothing."""
    connection.execute(
        "UPDATE case_messages SET seen_ms = ?, seen_by = ? WHERE message_key = ? AND seen_ms IS NULL",
        (now_ms, actor, message_key),
    )


def _message(row: Sequence[Any]) -> CaseMessage:
    return CaseMessage(*row)
