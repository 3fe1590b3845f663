"""Reminders and escalation: worked out once per due time, told once, whatever is restarted in between."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from api.duty.calendar import NeverWorks
from api.duty.clock import CaseClock, moment_at
from api.store.duty.clocks import OPEN_STATES, clock_of, clocked_case
from api.store.times import to_ms
from contracts.responsibility import ResponsibilityDocument

__all__ = ["YELLOW", "Told", "tell_due", "work_out_moments"]

YELLOW = ""
"""Stands for the step at which the clock turns yellow, which nobody is told of."""
CASES_AT_ONCE = 500
"""One turn holds the writer for some tenths of a second at most."""
UNIT_STATES = frozenset({"dispatched", "handling"})
"""What was handled waits for somebody else: its unit is not reminded any more."""


def work_out_moments(connection: sqlite3.Connection, document: ResponsibilityDocument) -> int:
    """Work out the moments of open cases whose due time is new; gives how many cases.

    In the writer's transaction. A case whose due time changes, by extension or after a pause, gets new ones.
    """
    marks = ", ".join("?" * len(OPEN_STATES))
    found = connection.execute(
        f"SELECT c.case_id, c.due_ms FROM cases c WHERE c.state IN ({marks}) AND c.due_ms IS NOT NULL"  # noqa: S608
        " AND c.is_suspended = 0 AND NOT EXISTS (SELECT 1 FROM case_moments m WHERE m.case_id = c.case_id"
        " AND m.due_ms = c.due_ms AND m.step = ?) LIMIT ?",
        (*OPEN_STATES, YELLOW, CASES_AT_ONCE),
    ).fetchall()
    for case_id, due_ms in found:
        # Those of earlier due times say nothing any more.
        connection.execute("DELETE FROM case_moments WHERE case_id = ? AND due_ms <> ?", (case_id, due_ms))
        connection.executemany(
            "INSERT OR IGNORE INTO case_moments (case_id, due_ms, step, at_ms, told_ms)"
            " VALUES (?, ?, ?, ?, ?)",
            [
                (case_id, due_ms, step, at_ms, at_ms if step == YELLOW else None)
                for step, at_ms in _moments(connection, case_id, due_ms, document)
            ],
        )
    return len(found)


def _moments(
    connection: sqlite3.Connection, case_id: str, due_ms: int, document: ResponsibilityDocument
) -> Iterator[tuple[str, int]]:
    case = clocked_case(connection, case_id)
    clock = clock_of(connection, case, document) if case is not None else None
    yield YELLOW, _at(clock, document.warn_at_share, document) or due_ms
    for step in document.escalation:
        # The due time of the case is what its unit was promised: it holds whatever the calendar says now.
        at_ms = due_ms if step.at_share == 1 else _at(clock, step.at_share, document)
        if at_ms is not None:
            yield step.id, at_ms


def _at(clock: CaseClock | None, share: float, document: ResponsibilityDocument) -> int | None:
    if clock is None:
        return None
    try:
        moment: datetime | None = moment_at(clock, share, document.calendar)
    except NeverWorks:
        return None
    return None if moment is None else to_ms(moment)


@dataclass(frozen=True, slots=True)
class Told:
    """What one turn did: moments that it looked at, and messages that it wrote."""

    looked_at: int
    told: int


def tell_due(connection: sqlite3.Connection, document: ResponsibilityDocument, now_ms: int) -> Told:
    """Write the messages whose moment has come, some hundreds at most. Doing it again tells nothing twice.

    In the writer's transaction: a message and the mark that it was told are kept together.
    """
    steps = {step.id: step for step in document.escalation}
    rows = connection.execute(
        # While a case is suspended nothing is told: it may go on with the same due time.
        "SELECT m.case_id, m.due_ms, m.step, c.state, c.unit, c.area, c.number, c.due_ms"
        " FROM case_moments m JOIN cases c ON c.case_id = m.case_id"
        " WHERE m.told_ms IS NULL AND m.at_ms <= ? AND c.is_suspended = 0 ORDER BY m.at_ms LIMIT ?",
        (now_ms, CASES_AT_ONCE),
    ).fetchall()
    told = 0
    for case_id, due_ms, name, state, unit, area, number, current_ms in rows:
        step = steps.get(name)
        is_wanted = step is not None and state in OPEN_STATES and current_ms == due_ms
        if step is not None and is_wanted and (step.to != "unit" or state in UNIT_STATES):
            told += connection.execute(
                "INSERT OR IGNORE INTO case_messages (case_id, due_ms, step, recipient, unit, area, text,"
                " at_ms)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (case_id, due_ms, name, step.to, unit, area, f"{number}: {step.text}", now_ms),
            ).rowcount
        connection.execute(
            "UPDATE case_moments SET told_ms = ? WHERE case_id = ? AND due_ms = ? AND step = ?",
            (now_ms, case_id, due_ms, name),
        )
    return Told(len(rows), told)
