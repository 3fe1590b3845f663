"""How many cases a unit may be sent on one day."""

import sqlite3
from dataclasses import dataclass

from api.errors import Conflict
from api.store.audit import append_audit
from api.store.cases.present import day_start_ms, present_site

__all__ = ["Budget", "check_budget", "list_budgets", "set_budget"]

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Budget:
    """A unit's budget for a day, and how much of today's is used."""

    unit: str
    per_day: int
    used: int


def list_budgets(connection: sqlite3.Connection, now_ms: int) -> list[Budget]:
    """Every unit's budget."""
    rows = connection.execute("SELECT unit, per_day FROM dispatch_budgets ORDER BY unit").fetchall()
    return [Budget(unit, per_day, _used(connection, unit, now_ms)) for unit, per_day in rows]


def set_budget(
    connection: sqlite3.Connection, unit: str, per_day: int | None, actor: str, now_ms: int
) -> None:
    """Set a unit's budget; None takes it away."""
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
    row = connection.execute("SELECT per_day FROM dispatch_budgets WHERE unit = ?", (unit,)).fetchone()
    if row is not None and _used(connection, unit, now_ms) >= row[0]:
        raise Conflict(
            f"Unit {unit} has its {row[0]} cases of today.",
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
