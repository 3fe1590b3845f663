"""Objections (申诉) by case number: kept with the case, without any name, until a person decides."""

import sqlite3
from dataclasses import dataclass

from api.store.cases.rows import StoredCase
from api.store.cases.steps import Step

__all__ = ["Objection", "decide_objection", "list_objections", "open_objection"]


@dataclass(frozen=True, slots=True)
class Objection:
    """One objection; not decided as long as `decided_ms` is None."""

    text: str
    opened_ms: int
    decided_ms: int | None
    is_upheld: bool | None
    decision: str | None


def open_objection(connection: sqlite3.Connection, case: StoredCase, step: Step) -> None:
    """Keep what an objection says; it comes with the step that froze the ladder."""
    connection.execute(
        "INSERT INTO objections (case_id, text, opened_ms, opened_by) VALUES (?, ?, ?, ?)",
        (case.case_id, step.reason, step.at_ms, step.actor),
    )


def decide_objection(connection: sqlite3.Connection, case: StoredCase, step: Step) -> None:
    """Keep what was decided of the open objection, and why."""
    connection.execute(
        "UPDATE objections SET decided_ms = ?, decided_by = ?, is_upheld = ?, decision = ?"
        " WHERE case_id = ? AND decided_ms IS NULL",
        (step.at_ms, step.actor, int(step.is_upheld), step.reason, case.case_id),
    )


def list_objections(connection: sqlite3.Connection, case_id: str) -> list[Objection]:
    """A case's objections, in order."""
    rows = connection.execute(
        "SELECT text, opened_ms, decided_ms, is_upheld, decision FROM objections WHERE case_id = ?"
        " ORDER BY objection_key",
        (case_id,),
    )
    return [
        Objection(text, opened_ms, decided_ms, None if is_upheld is None else bool(is_upheld), decision)
        for text, opened_ms, decided_ms, is_upheld, decision in rows
    ]
