"""The clocks of cases, read from their steps."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from api.duty.clock import CaseClock
from api.store.times import from_ms
from contracts.incident import Category
from contracts.responsibility import Limit, ResponsibilityDocument
from contracts.routing import limit_of

__all__ = ["ClockPlace", "ClockQuery", "ClockedCase", "clock_of", "clocked_case", "list_clocks"]

OPEN_STATES = ("dispatched", "handling", "handled", "checking")
_COLUMNS = (
    "c.case_id, c.number, c.state, c.category, c.priority, c.area, c.street, c.unit, c.is_suspended,"
    " c.dispatched_ms, c.due_ms, c.handled_ms, c.closed_ms, m.at_ms"
)
_FROM = (
    " FROM cases c LEFT JOIN case_moments m ON m.case_id = c.case_id AND m.due_ms = c.due_ms AND m.step = ''"
)


@dataclass(frozen=True, slots=True)
class ClockedCase:
    """What a case's clock is judged by; times are milliseconds.

    Args:
        warn_ms: When it turns yellow; None where that was not worked out yet.
    """

    case_id: str
    number: str
    state: str
    category: str
    priority: int
    area: str | None
    street: str | None
    unit: str | None
    is_suspended: bool
    dispatched_ms: int | None
    due_ms: int | None
    handled_ms: int | None
    closed_ms: int | None
    warn_ms: int | None

    def colour(self, at_ms: int) -> str | None:
        """What the clock shows: none before dispatch, `suspended` while it stands still.

        A closed case keeps the colour that it had when it was closed.
        """
        if self.is_suspended:
            return "suspended"
        if self.due_ms is None or self.dispatched_ms is None:
            return None
        judged_ms = at_ms if self.closed_ms is None else self.closed_ms
        if judged_ms > self.due_ms:
            return "red"
        return "yellow" if self.warn_ms is not None and judged_ms >= self.warn_ms else "green"


@dataclass(frozen=True, slots=True)
class ClockPlace:
    """Where a page of clocks ended: due time and row of the last case shown."""

    due_ms: int
    case_key: int


@dataclass(frozen=True, slots=True)
class ClockQuery:
    """Which clocks; None means any.

    Args:
        areas: Only cases in these areas.
        unit: Only cases in which this unit leads or joins.
        until_ms: Only cases that are due before this moment.
    """

    areas: frozenset[str] | None = None
    unit: str | None = None
    street: str | None = None
    category: str | None = None
    until_ms: int | None = None


def clocked_case(connection: sqlite3.Connection, case_id: str) -> ClockedCase | None:
    """The case of that id; None where there is none."""
    row = connection.execute(f"SELECT {_COLUMNS}{_FROM} WHERE c.case_id = ?", (case_id,)).fetchone()
    return None if row is None else _clocked(row)


def clock_of(
    connection: sqlite3.Connection, case: ClockedCase, document: ResponsibilityDocument
) -> CaseClock | None:
    """What a case's clock runs by since its last dispatch; None before dispatch or without a limit.

    A step says in its detail how much time it gives (`limit`: value and unit); a dispatch that says nothing
    gives what the document orders.
    """
    clock: CaseClock | None = None
    rows = connection.execute(
        "SELECT action, at_ms, detail FROM case_steps WHERE case_id = ?"
        " AND action IN ('dispatch', 'extend', 'suspend', 'resume', 'handle') ORDER BY step_key",
        (case.case_id,),
    )
    for action, at_ms, detail in rows:
        told = json.loads(detail).get("limit")
        limit = Limit.model_validate(told) if isinstance(told, dict) else None
        if action == "dispatch":
            limit = limit or limit_of(document, Category(case.category), case.priority)
            clock = None if limit is None else CaseClock(from_ms(at_ms), limit)
        elif clock is not None:
            clock = _after(clock, action, at_ms, limit)
    return clock


def _after(clock: CaseClock, action: str, at_ms: int, limit: Limit | None) -> CaseClock:
    if action == "extend":
        return clock if limit is None else clock.extended(limit)
    if action == "suspend":
        return clock.suspended(from_ms(at_ms))
    return clock.resumed(from_ms(at_ms))


def list_clocks(
    connection: sqlite3.Connection, query: ClockQuery, limit: int, after: ClockPlace | None
) -> tuple[list[ClockedCase], ClockPlace | None]:
    """Open cases with a running clock, the first due first, and where the next page goes on."""
    clauses, values = _where(query)
    if after is not None:
        clauses.append("(c.due_ms, c.case_key) > (?, ?)")
        values += [after.due_ms, after.case_key]
    rows = connection.execute(
        f"SELECT {_COLUMNS}, c.case_key{_FROM} WHERE {' AND '.join(clauses)}"
        " ORDER BY c.due_ms, c.case_key LIMIT ?",
        [*values, limit + 1],
    ).fetchall()
    shown = rows[:limit]
    ended = ClockPlace(shown[-1][10], shown[-1][14]) if len(rows) > limit else None
    return [_clocked(row[:14]) for row in shown], ended


def _where(query: ClockQuery) -> tuple[list[str], list[Any]]:
    marks = ", ".join("?" * len(OPEN_STATES))
    clauses = [f"c.state IN ({marks})", "c.due_ms IS NOT NULL", "c.is_suspended = 0"]
    values: list[Any] = list(OPEN_STATES)
    conditions: list[tuple[str, Any]] = [
        ("c.street = ?", query.street),
        ("c.category = ?", query.category),
        ("c.due_ms < ?", query.until_ms),
    ]
    for clause, value in conditions:
        if value is not None:
            clauses.append(clause)
            values.append(value)
    if query.unit is not None:
        clauses.append("(c.unit = ? OR c.case_id IN (SELECT case_id FROM case_units WHERE unit = ?))")
        values += [query.unit, query.unit]
    if query.areas is not None:
        clauses.append(f"c.area IN ({', '.join('?' * len(query.areas))})")
        values += sorted(query.areas)
    return clauses, values


def _clocked(row: Sequence[Any]) -> ClockedCase:
    columns = list(row)
    columns[8] = bool(columns[8])
    return ClockedCase(*columns)
