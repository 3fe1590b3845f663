"""How many cases a unit may be sent on one day."""

import sqlite3
from dataclasses import dataclass

from api.errors import Conflict
from api.store.audit import append_audit
from api.store.cases.present import day_start_ms, present_responsibility, present_site

__all__ = ["Budget", "check_budget", "list_budgets", "set_budget"]

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Budget:
    """A unit's budget for a day, and how much of today's is used."""

    unit: str
    per_day: int
    used: int


def list_budgets(connection: sqlite3.Connection, now_ms: int) -> list[Budget]:
    """Every unit's budget: that of the responsibility document, unless a supervisor set another."""
    document = present_responsibility(connection)
    given = {unit.id: unit.daily_budget for unit in document.units} if document else {}
    given |= dict(connection.execute("SELECT unit, per_day FROM dispatch_budgets"))
    return [
        Budget(unit, per_day, _used(connection, unit, now_ms))
        for unit, per_day in sorted(given.items())
        if per_day is not None
    ]


def set_budget(
    connection: sqlite3.Connection, unit: str, per_day: int | None, actor: str, now_ms: int
) -> None:
    """Set a unit's budget; None gives that of the responsibility document back."""
    if per_day is None:
        connection.execute("DELETE FROM dispatch_budgets WHERE unit = ?", (unit,))
    else:
        connection.execute(
            "INSERT INTO dispatch_budgets (unit, per_day, set_by, set_ms) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (unit) DO UPDATE SET per_day = excluded.per_day, set_by = excluded.set_by,"
            " set_ms = excluded.set_ms",
            (unit, per_day, actor, now_ms),
        )
    append_audit(
        connection, actor=actor, action="budget.set", subject=unit, detail={"per_day": per_day}, at_ms=now_ms
    )


def check_budget(connection: sqlite3.Connection, unit: str, now_ms: int) -> None:
    """Let a dispatch pass.

    Raises:
        Conflict: The unit's budget of the day is used up.
    """
    budget = next((each for each in list_budgets(connection, now_ms) if each.unit == unit), None)
    if budget is not None and budget.used >= budget.per_day:
        raise Conflict(
            f"Unit {unit} has its {budget.per_day} cases of today.",
            "Dispatch it tomorrow; a supervisor may pass the budget with `over_budget` and a reason.",
        )


def _used(connection: sqlite3.Connection, unit: str, now_ms: int) -> int:
    start_ms = day_start_ms(present_site(connection), now_ms)
    (used,) = connection.execute(
        "SELECT count(*) FROM case_steps WHERE action = 'dispatch' AND at_ms >= ? AND at_ms < ?"
        " AND json_extract(detail, '$.unit') = ?",
        (start_ms, start_ms + DAY_MS, unit),
    ).fetchone()
    return int(used)
